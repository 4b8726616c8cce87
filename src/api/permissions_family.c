/* permissions_family.c: the family "permissions": its words for each outcome, its answers, and its table. */
#include "api/permissions_family.h"

#include "api/api.h"
#include "app/answer.h"
#include "core/encode.h"
#include "core/text.h"

/* What callers compare is literal: error; and where an administrator is turned away, code. */
static const struct {
    const char *error, *code;
} words[OUTCOME_COUNT] = {
    [OUTCOME_INVALID_REQUEST] = { "Invalid request", NULL },
    [OUTCOME_INVALID_TOKEN] = { "Unauthorized", "UNAUTHORIZED" },
    [OUTCOME_INSUFFICIENT_SCOPE] = { "insufficient_scope", "FORBIDDEN" },
    [OUTCOME_INVALID_TOKEN_PROOF] = { "Unauthorized", "UNAUTHORIZED" },
    [OUTCOME_USE_TOKEN_NONCE] = { "Unauthorized", "UNAUTHORIZED" },
    [OUTCOME_UNAUTHENTICATED] = { "Unauthorized", "UNAUTHORIZED" },
    [OUTCOME_REAUTHENTICATION_REQUIRED] = { "Reauthentication required", "REAUTH_REQUIRED" },
    [OUTCOME_FORBIDDEN] = { "Forbidden", "FORBIDDEN" },
    [OUTCOME_FOREIGN_FORM] = { "Request origin not allowed", "FORBIDDEN" },
    [OUTCOME_INSECURE_TRANSPORT] = { "HTTPS required", "FORBIDDEN" },
    [OUTCOME_MALFORMED] = { "Invalid request", NULL },
    [OUTCOME_NOT_FOUND] = { "Not found", NULL },
    [OUTCOME_METHOD_NOT_ALLOWED] = { "Method not allowed", NULL },
    [OUTCOME_UNSUPPORTED_MEDIA_TYPE] = { "Unsupported media type", NULL },
    [OUTCOME_TOO_LARGE] = { "Payload too large", NULL },
    [OUTCOME_URI_TOO_LONG] = { "URI too long", NULL },
    [OUTCOME_HEADERS_TOO_LARGE] = { "Headers too large", NULL },
    [OUTCOME_TOO_MANY_REQUESTS] = { "Too many requests", NULL },
    [OUTCOME_UNAVAILABLE] = { "Service unavailable", NULL },
    [OUTCOME_SERVER_ERROR] = { "Internal server error", NULL },
};

static bool is_for_admins(const struct call *call)
{
    return call->route && (call->route->who & BY_ADMIN) && (call->route->who & BY_SESSION) &&
           !(call->route->who & BY_BEARER);
}

/* Where a token alone changes a record, the words are those of OAuth. */
static bool is_for_managers(const struct call *call)
{
    return call->route &&
           (call->route->handler == put_permission || call->route->handler == delete_permission);
}

static const char *error_of(const struct call *call, enum outcome outcome)
{
    bool token = outcome == OUTCOME_UNAUTHENTICATED || outcome == OUTCOME_INVALID_TOKEN;
    if (token && is_for_managers(call))
        return "unauthorized";
    return words[outcome].error ? words[outcome].error : answer_for(outcome)->name;
}

static void write_error(struct call *call, struct json_writer *writer, enum outcome outcome,
                        const char *error, const char *message)
{
    const char *code = words[outcome].code;
    if (is_for_admins(call) && code) {
        json_open_object(writer, "error");
        json_write_text(writer, "code", code);
        json_write_text(writer, "message", message ? message : error);
        json_close_object(writer);
        return;
    }
    json_write_text(writer, "error", error);
    if (!text_equal(message, error))
        json_write_text(writer, "message", message);
}

enum outcome permissions_refuse(struct call *call, enum outcome outcome, const char *error,
                                const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    write_error(call, &writer, outcome, error, message);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS)
        json_write_integer(&writer, "retryAfter", call->context.retry_after_s);
    answer_error_headers(call, outcome);
    permissions_finish(call, answer_for(outcome)->status, &writer);
    return outcome;
}

static void write_refusal(struct call *call, enum outcome outcome)
{
    /* A handler with words of its own has answered. */
    if (call->response.status)
        return;
    const char *reason = answer_for(outcome)->show_reason ? call->context.reason : NULL;
    permissions_refuse(call, outcome, error_of(call, outcome), reason);
}

void permissions_finish(struct call *call, int status, struct json_writer *writer)
{
    json_close_object(writer);
    response_json(&call->response, status, writer->text.data);
}

static void write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    if (seconds)
        json_write_time(writer, name, seconds);
    else
        json_write_null(writer, name);
}

static void write_actor(struct json_writer *writer, const char *name, const char *actor)
{
    if (text_empty(actor))
        json_write_null(writer, name);
    else
        json_write_text(writer, name, actor);
}

void permissions_write_record(struct json_writer *writer, struct call *call,
                              const struct permission *permission)
{
    json_write_text(writer, "userId", uuid_encode(call->arena, permission->user_id));
    json_write_text(writer, "clientId", permission->client->client_id);
    json_write_text(writer, "appName", permission_app_name(permission->client));
    json_write_text(writer, "role", permission->role);
    json_write_text(writer, "status", permission->status);
    json_write_boolean(writer, "hasAccess", permission->has_access);
    write_time(writer, "requestedAt", permission->requested_at);
    write_time(writer, "grantedAt", permission->granted_at);
    write_actor(writer, "grantedBy", permission->granted_by);
    write_time(writer, "revokedAt", permission->revoked_at);
    write_actor(writer, "revokedBy", permission->revoked_by);
    write_time(writer, "lastAccessedAt", permission->last_accessed_at);
    write_time(writer, "createdAt", permission->created_at);
    write_time(writer, "updatedAt", permission->updated_at);
}

/* clang-format off */
#define MANAGES .caller_limit = CALLER_MANAGES_CLIENTS
#define PERMISSIONS "/api/users/{userId}/apps/{clientId}/permissions"
#define ADMIN_PERMISSIONS "/api/admin/users/{userId}/apps/{clientId}/permissions"

static const struct route routes[] = {
    { "GET", PERMISSIONS, .who = BY_BEARER | BY_ADMIN | BY_SESSION, .cors = CORS_CREDENTIALS,
      MANAGES, .handler = get_permission },
    { "GET", PERMISSIONS "/history", .who = BY_BEARER | BY_ADMIN | BY_SESSION, .cors = CORS_CREDENTIALS,
      MANAGES, .handler = get_permission_history },
    { "PUT", PERMISSIONS, .who = BY_BEARER, .body = BODY_JSON_VALUES, .cors = CORS_CREDENTIALS,
      .check_body = check_permission_body, MANAGES, .handler = put_permission },
    { "DELETE", PERMISSIONS, .who = BY_BEARER, .cors = CORS_CREDENTIALS, MANAGES,
      .handler = delete_permission },
    { "POST", "/api/users/{userId}/apps/{clientId}/request-access", .who = BY_BEARER,
      .body = BODY_JSON_VALUES, .cors = CORS_CREDENTIALS, MANAGES, .handler = post_request_permission },
    { "PUT", ADMIN_PERMISSIONS, .who = BY_ADMIN | BY_SESSION, .body = BODY_JSON_VALUES,
      .cors = CORS_CREDENTIALS, .origin = ORIGIN_REQUIRED, MANAGES, .handler = put_permission_by_admin },
    { "DELETE", ADMIN_PERMISSIONS, .who = BY_ADMIN | BY_SESSION, .cors = CORS_CREDENTIALS,
      .origin = ORIGIN_REQUIRED, MANAGES, .handler = delete_permission_by_admin },
};
/* clang-format on */

const struct route_family permissions_family = { "permissions", routes, ARRAY_SIZE(routes), write_refusal };
