/* service_errors.c: see service_errors.h. */
#include "api/service_errors.h"

#include "app/answer.h"
#include "core/encode.h"
#include "core/rfc3339.h"
#include "core/text.h"

enum { DEFAULT_LIMIT = 50, MAX_LIMIT = 100, IN_USE_RETRY_S = 1 };

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
    write_refusal(call, outcome, codes[outcome].code ? codes[outcome].code : "BAD_REQUEST",
                  told ? call->context.reason : NULL);
}

enum outcome service_refuse(struct call *call, enum outcome outcome, const char *error_code,
                            const char *message)
{
    write_refusal(call, outcome, error_code, message ? message : call->context.reason);
    return outcome;
}

/* --- the query --- */

static enum outcome refuse_member(struct call *call, const char *name, const char *what)
{
    return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                  arena_printf(call->arena, "%s must be %s", name, what));
}

/* A whole number; one that no integer holds is brought to the nearest that does. */
static bool read_whole(const char *text, int64_t *number_out)
{
    const char *digits = *text == '-' ? text + 1 : text;
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    if (!text_to_int(text, INT64_MIN, INT64_MAX, number_out))
        *number_out = *text == '-' ? INT64_MIN : INT64_MAX;
    return true;
}

enum outcome service_read_page(struct call *call, struct page *page_out)
{
    const char *limit = form_value(&call->request->query, "limit");
    const char *offset = form_value(&call->request->query, "offset");
    *page_out = (struct page) { .limit = DEFAULT_LIMIT };
    if (limit && !read_whole(limit, &page_out->limit))
        return refuse_member(call, "limit", "a whole number");
    if (offset && (!read_whole(offset, &page_out->offset) || page_out->offset < 0))
        return refuse_member(call, "offset", "a whole number and not negative");
    if (page_out->limit < 1)
        page_out->limit = 1;
    if (page_out->limit > MAX_LIMIT)
        page_out->limit = MAX_LIMIT;
    return OUTCOME_OK;
}

enum outcome service_query_time(struct call *call, const char *name, int64_t *seconds_out)
{
    const char *text = form_value(&call->request->query, name);
    *seconds_out = 0;
    if (text && !rfc3339_read(text, seconds_out))
        return refuse_member(call, name, "a time as in RFC 3339");
    return OUTCOME_OK;
}

/* --- the body --- */

enum outcome service_body_text(struct call *call, const char *name, const char **text_out)
{
    const struct json *member = json_member(call->json, name);
    *text_out = json_text(member);
    if (member && text_empty(*text_out))
        return refuse_member(call, name, "a text that isn't empty");
    return OUTCOME_OK;
}

enum outcome service_body_time(struct call *call, const char *name, int64_t *seconds_out)
{
    const struct json *member = json_member(call->json, name);
    *seconds_out = 0;
    if (member && !rfc3339_read(json_text(member), seconds_out))
        return refuse_member(call, name, "a time as in RFC 3339");
    return OUTCOME_OK;
}

enum outcome service_body_flag(struct call *call, const char *name, int *flag_out)
{
    bool flag = false;
    const struct json *member = json_member(call->json, name);
    if (member && !json_boolean(member, &flag))
        return refuse_member(call, name, "true or false");
    *flag_out = member ? flag : -1;
    return OUTCOME_OK;
}

bool service_read_id(const char *text, unsigned char id_out[16])
{
    return text && uuid_decode(text, id_out);
}

const char *service_if_match(const struct call *call)
{
    return request_header(call->request, "If-Match", NULL);
}

/* --- answers --- */

const char *service_actor(const struct call *call)
{
    return call->api_key ? arena_printf(call->arena, "api_key:%s", call->api_key->id_text) : "";
}

enum outcome service_answer(struct call *call, int status, const struct json_writer *writer, const char *tag)
{
    if (tag)
        response_header(&call->response, "ETag", tag);
    response_json(&call->response, status, writer->text.data);
    return OUTCOME_OK;
}

void service_write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    if (seconds)
        json_write_time(writer, name, seconds);
    else
        json_write_null(writer, name);
}
