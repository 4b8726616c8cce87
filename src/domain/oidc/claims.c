/* claims.c: see claims.h. */
#include "domain/oidc/claims.h"

#include "core/text.h"
#include "domain/oauth/scope.h"
#include "domain/permissions/permission.h"

/* Claims kept in the user's JSON object, with the kind that each must have. */
static const struct {
    const char *name, *scope;
    enum json_kind kind;
} stored[] = {
    { "given_name", "profile", JSON_TEXT },
    { "family_name", "profile", JSON_TEXT },
    { "middle_name", "profile", JSON_TEXT },
    { "nickname", "profile", JSON_TEXT },
    { "preferred_username", "profile", JSON_TEXT },
    { "profile", "profile", JSON_TEXT },
    { "picture", "profile", JSON_TEXT },
    { "website", "profile", JSON_TEXT },
    { "gender", "profile", JSON_TEXT },
    { "birthdate", "profile", JSON_TEXT },
    { "zoneinfo", "profile", JSON_TEXT },
    { "locale", "profile", JSON_TEXT },
    { "address", "address", JSON_OBJECT },
    { "phone_number", "phone", JSON_TEXT },
    { "phone_number_verified", "phone", JSON_BOOLEAN },
};

static void write_stored(struct json_writer *writer, const struct json *claims, const char *scope)
{
    for (size_t i = 0; i < ARRAY_SIZE(stored); i++) {
        const struct json *value = json_member(claims, stored[i].name);
        if (value && json_kind(value) == stored[i].kind && scope_has(scope, stored[i].scope))
            json_write_value(writer, stored[i].name, value);
    }
}

enum outcome claims_read(struct context *context, const struct client *client,
                         const unsigned char user_id[16], const char *scope, struct claims_subject *subject)
{
    if (!scope_has(scope, "subscription"))
        return OUTCOME_OK;
    struct subscription_claim *claim = arena_alloc(context->arena, sizeof(*claim));
    enum store_result found = subscription_claims_find(context->db, context->arena, client->service->id,
                                                       user_id, context->now, claim);
    if (found == STORE_NOT_FOUND)
        return OUTCOME_OK;
    subject->subscription = claim;
    return store_outcome(context, found, OUTCOME_NOT_FOUND, "there is no subscription");
}

static bool is_granted(const struct permission_state *state)
{
    return permission_grants(state->role, state->status, state->denied);
}

/* The role that counts, and the record as the permission endpoints tell it. */
static void write_permission(struct json_writer *writer, const struct permission_state *state)
{
    bool granted = is_granted(state);
    json_write_text(writer, "role", granted ? state->role : "none");
    json_open_object(writer, "permissions");
    json_write_text(writer, "role", state->role ? state->role : "none");
    json_write_text(writer, "status", state->status ? state->status : "none");
    json_write_boolean(writer, "hasAccess", granted);
    json_close_object(writer);
}

static void write_subscription(struct json_writer *writer, const struct subscription_claim *subscription)
{
    json_open_object(writer, "subscription");
    json_write_text(writer, "plan", subscription->plan);
    json_write_text(writer, "status", subscription->status);
    json_write_time(writer, "current_period_end", subscription->current_period_end);
    json_write_boolean(writer, "cancel_at_period_end", subscription->cancel_at_period_end);
    json_close_object(writer);
}

void claims_write_access(struct json_writer *writer, const struct claims_subject *subject, const char *scope)
{
    if (scope_has(scope, "roles")) {
        json_open_array(writer, "roles");
        if (is_granted(&subject->permission))
            json_write_text(writer, NULL, subject->permission.role);
        json_close_array(writer);
    }
    if (subject->subscription)
        write_subscription(writer, subject->subscription);
}

void claims_write(struct context *context, struct json_writer *writer, const struct claims_subject *subject,
                  const char *scope)
{
    if (scope_has(scope, "profile")) {
        json_write_text(writer, "name", subject->name);
        json_write_integer(writer, "updated_at", subject->updated_at);
    }
    if (scope_has(scope, "email")) {
        json_write_text(writer, "email", subject->email);
        json_write_boolean(writer, "email_verified", subject->email_verified);
    }
    if (scope_has(scope, "roles"))
        write_permission(writer, &subject->permission);
    if (subject->subscription)
        write_subscription(writer, subject->subscription);
    if (text_empty(subject->claims))
        return;
    const char *error;
    const struct json *claims = json_parse(context->arena, subject->claims, strlen(subject->claims), &error);
    if (claims)
        write_stored(writer, claims, scope);
}

void claims_write_names(struct json_writer *writer, const char *name)
{
    static const char *const plain[] = { "sub",        "iss",       "aud",         "exp",
                                         "iat",        "auth_time", "nonce",       "sid",
                                         "amr",        "name",      "email",       "email_verified",
                                         "updated_at", "role",      "permissions", "subscription" };
    json_open_array(writer, name);
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        json_write_text(writer, NULL, plain[i]);
    for (size_t i = 0; i < ARRAY_SIZE(stored); i++)
        json_write_text(writer, NULL, stored[i].name);
    json_close_array(writer);
}
