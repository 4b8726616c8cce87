/*
 * user_api.c: a person's account, and subscription, for applications with the person's access token
 * (contract: service API 1.5). What an application may do with the account, the token's scope says, to which
 * the person has agreed: profile reads who they are, account changes it.
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "app/browser_side.h"
#include "core/encode.h"
#include "domain/account/account.h"
#include "domain/oauth/scope.h"
#include "domain/subscriptions/subscription.h"

/* --- who asks --- */

static bool may(const struct call *call, const char *scope)
{
    return scope_has(call->access.scope, scope);
}

/* A token of a person, with one of two scopes; they may be the same. */
static enum outcome check_token(struct call *call, const char *scope, const char *other)
{
    if (!call->access.has_user)
        return refuse(&call->context, OUTCOME_FORBIDDEN, "the access token is of no user");
    if (!may(call, scope) && !may(call, other))
        return refuse(&call->context, OUTCOME_INSUFFICIENT_SCOPE,
                      arena_printf(call->arena, "the scope %s is required", scope));
    return OUTCOME_OK;
}

static enum outcome check_writing(struct call *call, struct session *session_out)
{
    enum outcome outcome = check_token(call, "account", "account");
    if (outcome == OUTCOME_OK)
        account_session_of_token(&call->access, session_out);
    return outcome;
}

/* --- the account --- */

/* The address also needs its own scope, as in UserInfo; how the account is signed in to is the account's. */
static enum outcome answer_user(struct call *call)
{
    struct account account;
    enum outcome outcome = account_find(&call->context, call->access.user_id, &account);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "id", call->access.sub);
    if (may(call, "email") || may(call, "account")) {
        json_write_text(&writer, "email", account.user.email);
        json_write_boolean(&writer, "email_verified", account.user.email_verified);
    }
    json_write_text(&writer, "name", account.user.name);
    if (may(call, "account"))
        json_write_boolean(&writer, "has_password", account.user.password_hash != NULL);
    json_write_time(&writer, "created_at", account.user.created_at);
    json_write_time(&writer, "updated_at", account.user.updated_at);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, account_tag(call->arena, &account.user));
}

static enum outcome get_user(struct call *call)
{
    enum outcome outcome = check_token(call, "profile", "account");
    return outcome == OUTCOME_OK ? answer_user(call) : outcome;
}

/* The name is all of it that applications change; what else is sent has no effect (T-109), but for an
 * address, which a program would otherwise believe to be changed. */
static enum outcome patch_user(struct call *call)
{
    struct session session;
    const char *name;
    enum outcome outcome = check_writing(call, &session);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "name", &name);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (json_has_member(call->json, "email"))
        return refuse(&call->context, OUTCOME_FORBIDDEN,
                      "the address is changed by the person alone, on the account's own pages");
    outcome = account_change_name_if(&call->context, session.user_id, name, service_if_match(call));
    return outcome == OUTCOME_OK ? answer_user(call) : outcome;
}

/* --- its password --- */

static enum outcome answer_message(struct call *call, const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "message", message);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome required_text(struct call *call, const char *name, const char **text_out)
{
    enum outcome outcome = service_body_text(call, name, text_out);
    if (outcome == OUTCOME_OK && !*text_out)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      arena_printf(call->arena, "%s is required", name));
    return outcome;
}

static enum outcome post_set_password(struct call *call)
{
    struct session session;
    const char *password;
    enum password_problem problem;
    enum outcome outcome = check_writing(call, &session);
    if (outcome == OUTCOME_OK)
        outcome = required_text(call, "password", &password);
    if (outcome == OUTCOME_OK)
        outcome = account_set_password(&call->context, &session, password, &problem);
    return outcome == OUTCOME_OK ? answer_message(call, "the password is set") : outcome;
}

/* 400 for what only the log tells apart: the token is fine. */
static enum outcome refuse_current(struct call *call, enum outcome outcome)
{
    (void)service_refuse(call, OUTCOME_INVALID_REQUEST, "BAD_REQUEST", NULL);
    return outcome;
}

static enum outcome post_change_password(struct call *call)
{
    struct session session;
    const char *current, *password;
    enum password_problem problem;
    enum outcome outcome = check_writing(call, &session);
    if (outcome == OUTCOME_OK)
        outcome = required_text(call, "current_password", &current);
    if (outcome == OUTCOME_OK)
        outcome = required_text(call, "new_password", &password);
    if (outcome == OUTCOME_OK)
        outcome = account_change_password(&call->context, &session, current, password, &problem);
    browser_side_log_failure(call, outcome);
    if (outcome == OUTCOME_WRONG_PASSWORD || outcome == OUTCOME_PASSWORD_NOT_SET)
        return refuse_current(call, outcome);
    return outcome == OUTCOME_OK ? answer_message(call, "the password is changed; every token has ended")
                                 : outcome;
}

/* --- connected accounts --- */

static enum outcome get_identities(struct call *call)
{
    struct account account;
    enum outcome outcome = check_token(call, "account", "account");
    if (outcome == OUTCOME_OK)
        outcome = account_find(&call->context, call->access.user_id, &account);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "identities");
    for (size_t i = 0; i < account.connection_count; i++) {
        const struct account_connection *connection = &account.connections[i];
        json_open_object(&writer, NULL);
        json_write_text(&writer, "provider", connection->provider);
        json_write_text(&writer, "label", connection->label);
        json_write_time(&writer, "created_at", connection->created_at);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome delete_identity(struct call *call)
{
    struct session session;
    enum outcome outcome = check_writing(call, &session);
    if (outcome == OUTCOME_OK)
        outcome = account_unlink(&call->context, &session, call->values[0]);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* --- the subscription --- */

/* At the service of the application that asks; others aren't its business. */
static enum outcome get_own_subscription(struct call *call)
{
    struct subscription_row row;
    enum outcome outcome = check_token(call, "subscription", "account");
    if (outcome == OUTCOME_OK)
        outcome = subscription_find(&call->context, call->access.client->service->id, call->access.sub, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    subscription_write(&writer, &row);
    return service_answer(call, 200, &writer, subscription_tag(call->arena, &row));
}

#define READS .who = BY_BEARER, .cors = CORS_LISTED
#define WRITES .who = BY_BEARER, .cors = CORS_LISTED, .body = BODY_JSON_VALUES

static const struct route routes[] = {
    { "GET", "/api/user", READS, .handler = get_user },
    { "PATCH", "/api/user", WRITES, .handler = patch_user },
    { "POST", "/api/user/set-password", WRITES, .limit = LIMIT_SIGN_IN, .replays = true,
      .handler = post_set_password },
    { "POST", "/api/user/change-password", WRITES, .limit = LIMIT_SIGN_IN, .replays = true,
      .handler = post_change_password },
    { "GET", "/api/user/identities", READS, .handler = get_identities },
    { "DELETE", "/api/user/identities/{provider}", READS, .handler = delete_identity },
    { "GET", "/api/subscription", READS, .handler = get_own_subscription },
};

const struct route_family user_family = SERVICE_FAMILY("user", routes);
