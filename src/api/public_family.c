/*
 * public_family.c: the family "public": people sign in and look after their account by script. Its words
 * for each outcome, and its table, at the bottom.
 */
#include "api/public_family.h"

#include "api/api.h"
#include "app/answer.h"
#include "core/text.h"

/* What callers compare: error is literal. Where message is NULL, the reason is told, if it may be. */
static const struct {
    const char *error, *message;
} words[OUTCOME_COUNT] = {
    [OUTCOME_INVALID_REQUEST] = { "Invalid request", NULL },
    [OUTCOME_UNAUTHENTICATED] = { "Unauthorized", "No active session found" },
    [OUTCOME_WRONG_PASSWORD] = { "Invalid email or password", NULL },
    [OUTCOME_PASSWORD_NOT_SET] = { "Password not set", "This account has no password; sign in another way" },
    [OUTCOME_EMAIL_NOT_VERIFIED] = { "Email not verified", "Please verify your email address first" },
    [OUTCOME_WRONG_PIN] = { "Incorrect PIN", NULL },
    [OUTCOME_PIN_SPENT] = { "Too many attempts", NULL },
    [OUTCOME_PIN_NOT_FOUND] = { "PIN expired or not found", NULL },
    [OUTCOME_REAUTHENTICATION_REQUIRED] = { "Reauthentication required", "Sign in again to do this" },
    [OUTCOME_FORBIDDEN] = { "Forbidden", NULL },
    [OUTCOME_FOREIGN_FORM] = { "Request origin not allowed", NULL },
    [OUTCOME_INSECURE_TRANSPORT] = { "HTTPS required", NULL },
    [OUTCOME_MALFORMED] = { "Invalid request", NULL },
    [OUTCOME_NOT_FOUND] = { "Not found", NULL },
    [OUTCOME_METHOD_NOT_ALLOWED] = { "Method not allowed", NULL },
    [OUTCOME_UNSUPPORTED_MEDIA_TYPE] = { "Unsupported media type", NULL },
    [OUTCOME_TOO_LARGE] = { "Payload too large", NULL },
    [OUTCOME_URI_TOO_LONG] = { "URI too long", NULL },
    [OUTCOME_HEADERS_TOO_LARGE] = { "Headers too large", NULL },
    [OUTCOME_ALREADY_EXISTS] = { "Account already exists", NULL },
    [OUTCOME_FLOW_ENDED] = { "Invalid or expired token", NULL },
    [OUTCOME_TOO_MANY_REQUESTS] = { "Too many requests", "Too many attempts; try again later" },
    [OUTCOME_UNAVAILABLE] = { "Service unavailable", NULL },
    [OUTCOME_SERVER_ERROR] = { "Internal server error", NULL },
};

static const char *words_error(enum outcome outcome)
{
    return words[outcome].error ? words[outcome].error : answer_for(outcome)->name;
}

/* A reason that only repeats the error says nothing. */
static const char *words_message(const struct call *call, enum outcome outcome)
{
    const char *reason = answer_for(outcome)->show_reason ? call->context.reason : NULL;
    const char *message = words[outcome].message ? words[outcome].message : reason;
    return message && text_equal(message, words_error(outcome)) ? NULL : message;
}

struct json_writer public_start(struct call *call, bool success, const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "success", success);
    json_write_text(&writer, "message", message);
    return writer;
}

void public_finish(struct call *call, int status, struct json_writer *writer)
{
    json_close_object(writer);
    response_json(&call->response, status, writer->text.data);
}

enum outcome public_success(struct call *call, const char *message)
{
    struct json_writer writer = public_start(call, true, message);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

struct json_writer public_refusal_start(struct call *call, const char *error, const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "error", error);
    json_write_text(&writer, "message", message);
    return writer;
}

enum outcome public_refusal_finish(struct call *call, enum outcome outcome, struct json_writer *writer)
{
    answer_error_headers(call, outcome);
    public_finish(call, answer_for(outcome)->status, writer);
    return outcome;
}

enum outcome public_refuse(struct call *call, enum outcome outcome, const char *error, const char *message)
{
    struct json_writer writer = public_refusal_start(call, error, message);
    return public_refusal_finish(call, outcome, &writer);
}

const char *public_text(const struct call *call, const char *name)
{
    const char *text = json_member_text(call->json, name);
    return text_empty(text) ? NULL : text;
}

enum outcome public_refuse_password(struct call *call, enum password_problem problem)
{
    return public_refuse(call, OUTCOME_INVALID_REQUEST, "Password too weak", password_problem_words(problem));
}

/* The questions "who is signed in" have an answer of their own for "nobody" and "not now". */
static bool answers_is_valid(const struct call *call, enum outcome outcome)
{
    bool asks = call->route &&
                (call->route->handler == get_public_session || call->route->handler == get_sso_validate);
    return asks && (outcome == OUTCOME_UNAUTHENTICATED || outcome == OUTCOME_UNAVAILABLE);
}

static void write_refusal(struct call *call, enum outcome outcome)
{
    /* A handler with words of its own has answered. */
    if (call->response.status)
        return;
    const char *message = words_message(call, outcome);
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    if (answers_is_valid(call, outcome)) {
        json_write_boolean(&writer, "isValid", false);
        message = message ? message : words_error(outcome);
    } else {
        json_write_text(&writer, "error", words_error(outcome));
    }
    json_write_text(&writer, "message", message);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS)
        json_write_integer(&writer, "retryAfter", call->context.retry_after_s);
    public_refusal_finish(call, outcome, &writer);
}

/* Rows by who may call them: what signs in may come from programs too, but not from other sites; where
 * the session's cookie decides, the origin has to be told. Reading changes nothing, and CORS says whose
 * scripts may read. */
/* clang-format off */
#define SIGNS_IN .who = BY_BROWSER, .body = BODY_JSON_VALUES, .cors = CORS_CREDENTIALS, \
    .origin = ORIGIN_NOT_FOREIGN
#define CHANGES .who = BY_SESSION, .cors = CORS_CREDENTIALS, .origin = ORIGIN_REQUIRED
#define READS .cors = CORS_CREDENTIALS

static const struct route routes[] = {
    { "POST", "/api/public/register", SIGNS_IN, .limit = LIMIT_SIGN_IN, .handler = post_public_register },
    { "POST", "/api/public/login", SIGNS_IN, .limit = LIMIT_SIGN_IN, .handler = post_public_login },
    { "POST", "/api/public/request-magic-link", SIGNS_IN, .limit = LIMIT_MAIL,
      .handler = post_public_request_magic_link },
    { "POST", "/api/public/verify-pin", SIGNS_IN, .limit = LIMIT_PIN, .handler = post_public_verify_pin },
    { "POST", "/api/public/forgot-password", SIGNS_IN, .limit = LIMIT_MAIL,
      .handler = post_public_forgot_password },
    { "POST", "/api/public/reset-password", SIGNS_IN, .handler = post_public_reset_password },
    { "POST", "/api/public/verify-email", SIGNS_IN, .handler = post_public_verify_email },
    { "POST", "/api/public/resend-verification", SIGNS_IN, .limit = LIMIT_MAIL,
      .handler = post_public_resend_verification },
    { "POST", "/api/public/logout", .who = BY_BROWSER, .body = BODY_JSON_VALUES, .cors = CORS_CREDENTIALS,
      .origin = ORIGIN_REQUIRED, .handler = post_public_logout },
    { "GET", "/api/public/session", READS, .who = BY_SESSION, .handler = get_public_session },
    { "GET", "/api/sso/validate", READS, .who = BY_BROWSER, .handler = get_sso_validate },

    { "POST", "/api/public/change-password", CHANGES, .body = BODY_JSON_VALUES, .limit = LIMIT_SIGN_IN,
      .handler = post_public_change_password },
    { "POST", "/api/public/change-email", CHANGES, .body = BODY_JSON_VALUES, .limit = LIMIT_MAIL,
      .handler = post_public_change_email },
    { "PATCH", "/api/public/profile", CHANGES, .body = BODY_JSON_VALUES, .handler = patch_public_profile },
    { "DELETE", "/api/public/account", CHANGES, .handler = delete_public_account },
    { "DELETE", "/api/public/account/unlink/{provider}", CHANGES, .handler = delete_public_connection },
    { "GET", "/api/public/authorizations", READS, .who = BY_SESSION, .handler = get_public_authorizations },
    { "DELETE", "/api/public/authorizations/{id}", CHANGES, .handler = delete_public_authorization },
    { "GET", "/api/public/sessions", READS, .who = BY_SESSION, .handler = get_public_sessions },
    { "DELETE", "/api/public/sessions/{id}", CHANGES, .handler = delete_public_session },
};
/* clang-format on */

const struct route_family public_family = { "public", routes, ARRAY_SIZE(routes), write_refusal };
