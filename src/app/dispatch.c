/* dispatch.c: see dispatch.h. Read dispatch() at the bottom first. */
#include "app/dispatch.h"

#include "app/answer.h"
#include "app/idempotency.h"
#include "app/limit.h"
#include "app/origin.h"
#include "app/policy.h"
#include "app/possession.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/keyring.h"

/* What mails will be written in: kept with them, so only what a header may be. */
static const char *languages_of(const struct request *request)
{
    const char *languages = request_header(request, "Accept-Language", NULL);
    return languages && strlen(languages) <= 200 && text_is_printable(languages) ? languages : "";
}

static void context_start(struct context *context, const struct application *application,
                          const struct request *request)
{
    int64_t now_ms = clock_now_ms();
    *context = (struct context) {
        .arena = request->arena,
        .now = now_ms / 1000,
        .now_ms = now_ms,
        .db = application->db,
        .settings = application->settings,
        .keyfile = application->keyfile,
        .shared = application->shared,
        .directory = application->directory,
        .keyring = application->keyring,
        .outgoing = application->outgoing,
        .configured_providers = application->configured_providers,
        .request_id = request->id,
        .address = request->address ? request->address : "",
        .user_agent = "",
        .languages = "",
        .actor = "",
    };
    if (request->parameters) {
        context->languages = languages_of(request);
        const char *agent = request_header(request, "User-Agent", NULL);
        context->user_agent = agent ? agent : "";
    }
}

/* What request_read() refused with, as an outcome. */
static enum outcome refused_at_the_door(struct call *call, int status)
{
    switch (status) {
    case 404:
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is nothing here");
    case 413:
        return refuse(&call->context, OUTCOME_TOO_LARGE, "the body is too large");
    case 414:
        return refuse(&call->context, OUTCOME_URI_TOO_LONG, "the address is too long");
    case 431:
        return refuse(&call->context, OUTCOME_HEADERS_TOO_LARGE, "the headers are too large");
    default:
        return refuse(&call->context, OUTCOME_MALFORMED, "the request is malformed");
    }
}

/* Refused, never redirected, and credentials not looked at: whoever sent them must notice. */
static enum outcome check_transport(struct call *call)
{
    const struct request *request = call->request;
    if (request->secure || (call->route && call->route->plain_http))
        return OUTCOME_OK;
    if (request->loopback && call->context.settings->allow_http_loopback)
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_INSECURE_TRANSPORT, "HTTPS required");
}

struct flatten {
    struct call *call;
    struct field *fields;
    size_t count;
    const char *wrong; /* name of a member that is no string */
};

static void flatten_member(const char *name, struct json *member, void *context)
{
    struct flatten *flatten = context;
    const char *text = json_text(member);
    if (!text) {
        flatten->wrong = name;
        return;
    }
    flatten->fields[flatten->count++] = (struct field) { name, text };
}

/* A flat object of strings counts as a form, so that handlers read both alike, unless the row says that
 * its handler reads the object itself. */
static enum outcome read_json(struct call *call)
{
    const char *error;
    const struct bytes *body = &call->request->body;
    if (!body->length)
        return OUTCOME_OK; /* members that are missing are the handler's to tell */
    call->json = json_parse(call->arena, (const char *)body->data, body->length, &error);
    if (!call->json || json_kind(call->json) != JSON_OBJECT)
        return refuse(&call->context, OUTCOME_MALFORMED, "the body must be a JSON object");
    if (call->route->body & BODY_JSON_VALUES)
        return OUTCOME_OK;
    size_t count = json_count(call->json);
    if (count > FORM_MAX_FIELDS)
        return refuse(&call->context, OUTCOME_MALFORMED, "the body has too many members");
    struct flatten flatten = { call, arena_array(call->arena, count + 1, sizeof(struct field)), 0, NULL };
    json_each(call->json, flatten_member, &flatten);
    if (flatten.wrong)
        return refuse(&call->context, OUTCOME_MALFORMED, "every member of the body must be a string");
    call->form = (struct form) { flatten.fields, flatten.count };
    return OUTCOME_OK;
}

static enum outcome read_form(struct call *call)
{
    const struct bytes *body = &call->request->body;
    if (form_parse(call->arena, (const char *)body->data, body->length, &call->form))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_MALFORMED, "the form is malformed");
}

/* Many programs send an empty object with each POST, also where nothing is asked for. */
static bool is_empty_object(const struct call *call)
{
    const char *error;
    const struct bytes *body = &call->request->body;
    const struct json *json = json_parse(call->arena, (const char *)body->data, body->length, &error);
    return json_kind(json) == JSON_OBJECT && json_count(json) == 0;
}

static enum outcome read_body(struct call *call)
{
    const struct route *route = call->route;
    const char *type = call->request->content_type;
    if (call->request->body.length > route_body_max(route))
        return refuse(&call->context, OUTCOME_TOO_LARGE, "the body is too large");
    bool takes_none = text_empty(type) || route->body == BODY_NONE;
    if (text_equal(route->method, "GET") || (!call->request->body.length && takes_none))
        return OUTCOME_OK;
    if ((route->body & BODY_FORM) && text_equal(type, "application/x-www-form-urlencoded"))
        return read_form(call);
    if ((route->body & (BODY_JSON | BODY_JSON_VALUES)) && text_equal(type, "application/json"))
        return read_json(call);
    if (route->body == BODY_NONE && text_equal(type, "application/json") && is_empty_object(call))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_UNSUPPORTED_MEDIA_TYPE, "the content type is not taken here");
}

/* What no caller needs costs no look into the database: discovery answers while it is away. */
static enum outcome refresh_caches(struct call *call)
{
    if (call->route->who == BY_ANYONE)
        return OUTCOME_OK;
    enum outcome outcome = directory_refresh(&call->context);
    return outcome == OUTCOME_OK ? keyring_refresh(&call->context) : outcome;
}

static enum outcome check_body(struct call *call)
{
    return call->route->check_body ? call->route->check_body(call) : OUTCOME_OK;
}

typedef enum outcome (*stage_fn)(struct call *call);

static enum outcome read_possession(struct call *call)
{
    possession_read(call);
    return OUTCOME_OK;
}

/* What may be used once is, before the handler has any effect. */
static enum outcome spend_once(struct call *call)
{
    return call->route->spends ? OUTCOME_OK : once_spend(&call->context);
}

static enum outcome run_handler(struct call *call)
{
    /* the answer of before, for an Idempotency-Key */
    if (call->response.status)
        return OUTCOME_OK;
    return call->route->handler(call);
}

/* The stages of every call, in order; the first refusal ends it. */
static const stage_fn stages[] = { origin_check,   read_body,         limit_check,  check_body,
                                   refresh_caches, read_possession,   policy_check, limit_check_caller,
                                   spend_once,     idempotency_begin, run_handler };

/* Also a request that was refused has used what may be used once; and if that was used before, this is what
 * is told. */
static enum outcome settle_once(struct call *call, enum outcome outcome)
{
    if (call->context.once.count && outcome == OUTCOME_OK)
        bug("%s: what may be used once was not spent", call->route->path);
    enum outcome spent = once_spend(&call->context);
    return spent == OUTCOME_OK ? outcome : spent;
}

static enum outcome find_route(struct call *call, const struct application *application)
{
    enum outcome outcome = OUTCOME_OK;
    const char *path = call->request->path ? call->request->path : "/";
    bool found = route_find(call->arena, application->families, call->request->method, path, &call->family,
                            &call->route, call->values, &outcome, &call->allow);
    if (found)
        return OUTCOME_OK;
    if (outcome == OUTCOME_NOT_FOUND)
        return refuse(&call->context, outcome, "there is nothing here");
    return refuse(&call->context, outcome, "the method is not allowed here");
}

static enum outcome answer_call(struct call *call, const struct application *application, int status)
{
    enum outcome outcome = find_route(call, application);
    if (status != 0)
        return refused_at_the_door(call, status);
    enum outcome transport = check_transport(call);
    if (transport != OUTCOME_OK)
        return transport;
    bool preflight = outcome == OUTCOME_METHOD_NOT_ALLOWED && call->route->cors != CORS_NONE &&
                     text_equal(call->request->method, "OPTIONS");
    if (preflight) {
        origin_answer_preflight(call);
        return OUTCOME_OK;
    }
    for (size_t i = 0; outcome == OUTCOME_OK && i < ARRAY_SIZE(stages); i++)
        outcome = stages[i](call);
    return settle_once(call, outcome);
}

static void log_call(const struct call *call, enum outcome outcome, int64_t started_ms)
{
    void (*const writers[])(const char *format, ...) = { log_error, log_warn, log_info, log_debug };
    const struct answer *answer = answer_for(outcome);
    const char *client = call->client ? call->client->client_id : call->access.client_id;
    writers[answer->log_level](
        "%s %s status=%d outcome=%s client=%s address=%s ms=%lld%s%s%s", call->request->method,
        call->route ? call->route->path : "-", call->response.status, answer->name, client ? client : "-",
        call->context.address, (long long)(clock_mono_ms() - started_ms),
        call->context.reason ? " reason=\"" : "", call->context.reason ? call->context.reason : "",
        call->context.reason ? "\"" : "");
}

void dispatch(const struct application *application, const struct request *request, int status,
              struct response *response)
{
    int64_t started_ms = clock_mono_ms();
    struct call *call = arena_alloc(request->arena, sizeof(*call));
    call->arena = request->arena;
    call->request = request;
    log_request(request->id);
    context_start(&call->context, application, request);
    response_start(&call->response, call->arena);
    enum outcome outcome = answer_call(call, application, status);
    if (outcome != OUTCOME_OK)
        call->family->write_error(call, outcome);
    possession_answer(call);
    idempotency_end(call);
    if (!call->response.status)
        bug("%s %s gave no answer", request->method, call->route ? call->route->path : "-");
    origin_cors_headers(call);
    log_call(call, outcome, started_ms);
    log_request(NULL);
    *response = call->response;
}
