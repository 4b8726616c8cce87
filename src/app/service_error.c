/* service_error.c: see service_error.h. */
#include "app/service_error.h"

#include "app/answer.h"
#include "core/json_writer.h"
#include "core/text.h"

enum { IN_USE_RETRY_S = 1 };

/* The contract's code and status for each outcome, where it has one; this family knows no 409 for a
 * duplicate, and tells a wrong type of content as a malformed one. Others are told by answer.c's status. */
static const struct {
    const char *code;
    int status;
} codes[OUTCOME_COUNT] = {
    [OUTCOME_INVALID_TOKEN] = { "UNAUTHORIZED", 401 },
    [OUTCOME_INVALID_TOKEN_PROOF] = { "UNAUTHORIZED", 401 },
    [OUTCOME_USE_TOKEN_NONCE] = { "UNAUTHORIZED", 401 },
    [OUTCOME_UNAUTHENTICATED] = { "UNAUTHORIZED", 401 },
    [OUTCOME_INVALID_CLIENT] = { "UNAUTHORIZED", 401 },
    [OUTCOME_INSUFFICIENT_SCOPE] = { "FORBIDDEN", 403 },
    [OUTCOME_FORBIDDEN] = { "FORBIDDEN", 403 },
    [OUTCOME_ACCESS_DENIED] = { "FORBIDDEN", 403 },
    [OUTCOME_FOREIGN_FORM] = { "FORBIDDEN", 403 },
    [OUTCOME_INSECURE_TRANSPORT] = { "FORBIDDEN", 403 },
    [OUTCOME_REAUTHENTICATION_REQUIRED] = { "FORBIDDEN", 403 },
    [OUTCOME_NOT_ACTIVE] = { "ORGANIZATION_NOT_ACTIVE", 403 },
    [OUTCOME_NOT_FOUND] = { "NOT_FOUND", 404 },
    [OUTCOME_METHOD_NOT_ALLOWED] = { "METHOD_NOT_ALLOWED", 405 },
    [OUTCOME_ALREADY_EXISTS] = { "DUPLICATE_CONSTRAINT", 400 },
    [OUTCOME_UNSUPPORTED_MEDIA_TYPE] = { "BAD_REQUEST", 400 },
    [OUTCOME_PRECONDITION_FAILED] = { "PRECONDITION_FAILED", 412 },
    [OUTCOME_KEY_IN_USE] = { "IDEMPOTENCY_KEY_IN_USE", 409 },
    [OUTCOME_KEY_REUSED] = { "IDEMPOTENCY_KEY_REUSED", 422 },
    [OUTCOME_TOO_MANY_REQUESTS] = { "TOO_MANY_REQUESTS", 429 },
    [OUTCOME_UNAVAILABLE] = { "SERVICE_UNAVAILABLE", 503 },
    [OUTCOME_SERVER_ERROR] = { "INTERNAL_SERVER_ERROR", 500 },
};

static int status_for(enum outcome outcome)
{
    return codes[outcome].status ? codes[outcome].status : answer_for(outcome)->status;
}

static void write_refusal(struct call *call, enum outcome outcome, const char *code, const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "error", text_empty(message) ? "the request was refused" : message);
    json_write_text(&writer, "error_code", code);
    json_write_time(&writer, "timestamp", call->context.now);
    json_close_object(&writer);
    answer_error_headers(call, outcome);
    response_json(&call->response, status_for(outcome), writer.text.data);
}

void service_write_error(struct call *call, enum outcome outcome)
{
    bool told = answer_for(outcome)->show_reason || outcome == OUTCOME_METHOD_NOT_ALLOWED;
    /* A handler with a code of its own has answered. */
    if (call->response.status)
        return;
    if (outcome == OUTCOME_KEY_IN_USE)
        call->context.retry_after_s = IN_USE_RETRY_S;
    const char *code = codes[outcome].code ? codes[outcome].code : "BAD_REQUEST";
    write_refusal(call, outcome, call_token_has_expired(call, outcome) ? "TOKEN_EXPIRED" : code,
                  told ? call->context.reason : NULL);
}

enum outcome service_refuse(struct call *call, enum outcome outcome, const char *error_code,
                            const char *message)
{
    write_refusal(call, outcome, error_code, message ? message : call->context.reason);
    return outcome;
}
