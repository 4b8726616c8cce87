/* claims.c: see claims.h. */
#include "domain/oidc/claims.h"

#include "core/text.h"
#include "domain/oauth/scope.h"

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
    if (text_empty(subject->claims))
        return;
    const char *error;
    const struct json *claims = json_parse(context->arena, subject->claims, strlen(subject->claims), &error);
    if (claims)
        write_stored(writer, claims, scope);
}

void claims_write_names(struct json_writer *writer, const char *name)
{
    static const char *const plain[] = { "sub",       "iss", "aud", "exp",  "iat",   "auth_time",
                                         "nonce",     "sid", "amr", "name", "email", "email_verified",
                                         "updated_at" };
    json_open_array(writer, name);
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        json_write_text(writer, NULL, plain[i]);
    for (size_t i = 0; i < ARRAY_SIZE(stored); i++)
        json_write_text(writer, NULL, stored[i].name);
    json_close_array(writer);
}
