/* idempotency.c: see idempotency.h. Answers are sealed, since some show a secret that is shown once. */
#include "app/idempotency.h"

#include <time.h>

#include "app/route.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "domain/sealed.h"
#include "store/idempotency_keys.h"

/* Keyed, since a body may hold a password, at which whoever reads the table could guess. */
#define PURPOSE "idempotency"

enum { KEY_MAX_BYTES = 255, UNDER_WAY_S = 60, KEPT_S = 24 * 3600 };

/* Of forms: as long as somebody clicks again, and no longer, since it may be a secret that is shown once. */
enum { FORM_KEPT_S = 600, FORM_WAIT_MS = 5000, FORM_PAUSE_MS = 50 };

/* Headers of an answer that belong to what it says. Cookies don't: they are for whom they were made. */
static const char *const kept_headers[] = {
    "ETag",
    "Location",
    "Content-Type",
    "Content-Language",
    "Content-Security-Policy",
    "X-Frame-Options",
    "Cross-Origin-Opener-Policy",
    "Vary",
};

/* Whose key it is: two callers never meet. NULL: nobody is known. */
static const char *caller_of(const struct call *call)
{
    struct arena *arena = call->arena;
    if (call->api_key)
        return arena_printf(arena, "service %s", call->api_key->service_id_text);
    if (call->access.client_id)
        return arena_printf(arena, "token %s %s", call->access.client_id,
                            call->access.sub ? call->access.sub : "");
    if (call->admin)
        return arena_printf(arena, "admin %s", hex_encode(arena, call->admin->admin_id, 16));
    if (call->session)
        return arena_printf(arena, "user %s", hex_encode(arena, call->session->user_id, 16));
    return call->client ? arena_printf(arena, "client %s", call->client->client_id) : NULL;
}

/* What was sent, in words that no other request has. */
static const char *request_of(const struct call *call)
{
    const struct request *request = call->request;
    unsigned char body[32];
    sha256(request->body.data, request->body.length, body);
    return arena_printf(call->arena, "%s\n%s\n%s", request->raw_query, request->content_type,
                        hex_encode(call->arena, body, sizeof(body)));
}

static struct idempotency_row *row_of(struct call *call, const char *caller, const char *key)
{
    struct idempotency_row *row = arena_alloc(call->arena, sizeof(*row));
    const char *request = request_of(call);
    sha256_text(arena_printf(call->arena, "%s\n%s\n%s", caller, call->request->path, key), row->id);
    keyfile_sign(call->context.keyfile, PURPOSE, request, strlen(request), row->request_hash,
                 sizeof(row->request_hash));
    row->created_at = call->context.now;
    row->expires_at = call->context.now + UNDER_WAY_S;
    return row;
}

static struct bytes key_of(const struct idempotency_row *row)
{
    return (struct bytes) { row->id, sizeof(row->id) };
}

/* --- the same again --- */

static enum outcome answer_again(struct call *call, const struct idempotency_row *row)
{
    struct bytes plain;
    const char *error;
    const struct json *kept = NULL;
    if (sealed_open(call->context.keyfile, call->arena, SEALED_KEPT_ANSWER, key_of(row), row->sealed, &plain))
        kept = json_parse(call->arena, (const char *)plain.data, plain.length, &error);
    if (!kept)
        return refuse(&call->context, OUTCOME_SERVER_ERROR, "the kept answer can't be read any more");
    for (size_t i = 0; i < ARRAY_SIZE(kept_headers); i++) {
        const char *value = json_member_text(kept, kept_headers[i]);
        if (value)
            response_header(&call->response, kept_headers[i], value);
    }
    response_header(&call->response, "Idempotency-Replayed", "true");
    const char *body = json_member_text(kept, "body"), *type = json_member_text(kept, "Content-Type");
    if (text_empty(body))
        response_empty(&call->response, (int)row->status);
    else
        response_body(&call->response, (int)row->status, type ? type : "application/json",
                      (struct bytes) { (const unsigned char *)body, strlen(body) });
    return OUTCOME_OK;
}

static enum outcome meet(struct call *call, const struct idempotency_row *wanted)
{
    struct idempotency_row there;
    struct context *context = &call->context;
    /* gone between two statements: it has just been forgotten, and the next try will be the first */
    enum outcome found =
        store_outcome(context, idempotency_keys_find(context->db, call->arena, wanted->id, &there),
                      OUTCOME_KEY_IN_USE, "the call with this Idempotency-Key has just ended");
    if (found != OUTCOME_OK)
        return found;
    const char *request = request_of(call);
    if (!keyfile_verify(context->keyfile, PURPOSE, request, strlen(request), there.request_hash,
                        sizeof(there.request_hash)))
        return refuse(context, OUTCOME_KEY_REUSED, "this Idempotency-Key came with another request before");
    if (there.status == 0)
        return refuse(context, OUTCOME_KEY_IN_USE, "the call with this Idempotency-Key is still under way");
    return answer_again(call, &there);
}

static enum outcome begin(struct call *call, const char *caller, const char *key)
{
    struct idempotency_row *row = row_of(call, caller, key);
    enum store_result begun = idempotency_keys_begin(call->context.db, row);
    if (begun == STORE_CONFLICT)
        return meet(call, row);
    if (begun == STORE_OK)
        call->idempotency = row;
    return store_outcome(&call->context, begun, OUTCOME_UNAVAILABLE, "the Idempotency-Key was not written");
}

enum outcome idempotency_begin(struct call *call)
{
    bool repeated = false;
    const char *key = request_header(call->request, "Idempotency-Key", &repeated);
    const char *caller = key && route_replays(call->route) ? caller_of(call) : NULL;
    if (!caller)
        return OUTCOME_OK;
    if (repeated || strlen(key) > KEY_MAX_BYTES || !text_is_printable(key))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      "Idempotency-Key must come once and have 1 to 255 printable characters");
    return begin(call, caller, key);
}

enum outcome idempotency_begin_form(struct call *call)
{
    static const struct timespec pause = { .tv_nsec = FORM_PAUSE_MS * 1000000L };
    const char *caller = caller_of(call);
    int64_t end_ms = clock_mono_ms() + FORM_WAIT_MS;
    if (!caller)
        bug("%s: a form of nobody", call->route->path);
    call->idempotent_form = true;
    enum outcome outcome = begin(call, caller, request_of(call));
    while (outcome == OUTCOME_KEY_IN_USE && clock_mono_ms() < end_ms) {
        (void)nanosleep(&pause, NULL);
        call->context.reason = NULL;
        outcome = begin(call, caller, request_of(call));
    }
    return outcome;
}

/* --- keeping --- */

static const char *header_of(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (text_equal(response->headers[i].name, name))
            return response->headers[i].value;
    }
    return NULL;
}

static const char *print_answer(struct call *call)
{
    const struct bytes *body = &call->response.body;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(kept_headers); i++)
        json_write_text(&writer, kept_headers[i], header_of(&call->response, kept_headers[i]));
    if (body->length)
        json_write_text(&writer, "body", arena_strndup(call->arena, (const char *)body->data, body->length));
    json_close_object(&writer);
    return writer.text.data;
}

/* Whether the next try may end otherwise. A form that was refused has made nothing, and is taken anew. */
static bool is_kept(const struct call *call)
{
    int status = call->response.status;
    return call->idempotent_form ? status < 400 : status < 500 && status != 429;
}

void idempotency_end(struct call *call)
{
    struct idempotency_row *row = call->idempotency;
    enum store_result kept;
    if (!row)
        return;
    row->status = call->response.status;
    row->expires_at = call->context.now + (call->idempotent_form ? FORM_KEPT_S : KEPT_S);
    if (!is_kept(call)) {
        kept = idempotency_keys_forget(call->context.db, row);
    } else {
        const char *answer = print_answer(call);
        row->sealed =
            sealed_seal_text(call->context.keyfile, call->arena, SEALED_KEPT_ANSWER, key_of(row), answer);
        kept = idempotency_keys_answer(call->context.db, row);
    }
    if (kept != STORE_OK)
        log_warn("idempotency.answer_not_kept");
}
