/*
 * webhook_cargo.c: what webhooks are told, as the courier carries it: signed as Standard Webhooks are, tried
 * for about two days. A server that takes its time with a failure makes all else that waits for it wait ten
 * times as long, so that it can't keep what is for others for more than a small part of the courier's time.
 */
#include "cmd/courier.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/events/webhook.h"
#include "domain/events/webhook_secret.h"
#include "net/http.h"
#include "store/webhook_deliveries.h"

enum {
    LIMIT_S = 10,
    CONNECT_LIMIT_MS = 5000,
    CLAIM_MARGIN_S = 30, /* beyond the time that a delivery may take */
    SLOW_MS = 1000,
    HOLD_FACTOR = 10,
    STATUS_GONE = 410
};

/* Seconds between attempts: ten in 52 hours. */
static const int64_t pauses_s[] = { 5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000 };

/* How an attempt ended. */
struct ending {
    struct context *context;
    struct delivery_row row; /* as it is to be written */
    bool final, gone;        /* no second try helps; and the webhook is to be disabled */
    int64_t took_ms;
};

static int64_t limit_s(const struct courier *courier)
{
    return courier->watch.limit_s < LIMIT_S ? courier->watch.limit_s : LIMIT_S;
}

/* --- one attempt --- */

static enum http_result post(struct courier *courier, struct context *context, const struct delivery_row *row,
                             const char *signature, struct http_answer *answer_out)
{
    struct arena *arena = context->arena;
    int64_t limit_ms = limit_s(courier) * 1000;
    const char *const headers[] = {
        arena_printf(arena, "webhook-id: %s", uuid_encode(arena, row->id)),
        arena_printf(arena, "webhook-timestamp: %lld", (long long)context->now),
        arena_printf(arena, "webhook-signature: %s", signature),
        NULL,
    };
    const struct http_request request = {
        .url = row->webhook.url,
        .headers = headers,
        .content_type = "application/json",
        .body = { (const unsigned char *)row->payload, strlen(row->payload) },
        .connect_limit_ms = CONNECT_LIMIT_MS < limit_ms ? CONNECT_LIMIT_MS : limit_ms,
        .limit_ms = limit_ms,
        .is_leaving = courier->watch.is_leaving,
        .context = courier->watch.context,
    };

    return http_send(arena, context->settings, &request, answer_out);
}

/* What the answer means: 2xx is taken, 410 is a goodbye, all else may get better. */
static void judge(struct arena *arena, const struct http_answer *answer, struct ending *ending)
{
    int status = answer->status;

    ending->row.response_status = status;
    if (status >= 200 && status < 300)
        ending->row.state = "sent";
    else
        ending->row.error = arena_printf(arena, "the answer was %d%s", status,
                                         status >= 300 && status < 400 ? "; redirects aren't followed" : "");
    ending->gone = ending->final = status == STATUS_GONE;
}

static void attempt(struct courier *courier, struct context *context, struct ending *ending)
{
    struct delivery_row *row = &ending->row;
    struct http_answer answer;

    row->response_status = 0;
    row->error = "";
    if (!text_equal(row->webhook.status, "active")) {
        row->error = "the webhook is disabled";
        ending->final = true;
        return;
    }
    const char *id = uuid_encode(context->arena, row->id);
    const char *signature = webhook_sign(context, &row->webhook, id, context->now, row->payload);
    if (!signature) {
        row->error = "its secret can't be opened: the key that sealed it is gone from the key file";
        return;
    }
    if (post(courier, context, row, signature, &answer) == HTTP_ANSWERED)
        judge(context->arena, &answer, ending);
    else
        row->error = answer.error;
}

/* --- how it ended --- */

/* The pause behind the attempt that was made; 0: it was the last. */
static int64_t next_pause(const struct delivery_row *row)
{
    int64_t which = row->attempts - 1;

    return which >= 0 && which < (int64_t)ARRAY_SIZE(pauses_s) ? pauses_s[which] : 0;
}

static void decide(const struct courier *courier, struct ending *ending)
{
    struct delivery_row *row = &ending->row;
    int64_t now = clock_now_s(), pause = next_pause(row);

    row->next_at = now;
    if (text_equal(row->state, "sent")) {
        row->sent_at = now;
    } else if (ending->final || !pause) {
        row->state = "dead";
    } else {
        row->state = "waiting";
        row->next_at += courier_is_hurried(courier) ? 0 : pause;
    }
}

static enum store_result write_ending(struct courier *courier, const void *what)
{
    const struct ending *ending = what;
    struct db *db = courier->application->db;
    const unsigned char *webhook = ending->row.webhook.id;
    enum store_result result = STORE_OK;

    if (ending->gone)
        result = webhook_disable_gone(ending->context, &ending->row.webhook);
    bool slow = !ending->row.response_status && ending->took_ms > SLOW_MS;
    if (result == STORE_OK && slow && !courier_is_hurried(courier))
        result = delivery_hold(db, webhook, clock_now_s() + ending->took_ms * HOLD_FACTOR / 1000);
    return result == STORE_OK ? delivery_end(db, &ending->row) : result;
}

static void log_ending(struct arena *arena, const struct ending *ending)
{
    const struct delivery_row *row = &ending->row;
    const char *words =
        arena_printf(arena, "id=%s webhook=%s event=%s attempt=%lld status=%lld ms=%lld",
                     uuid_encode(arena, row->id), uuid_encode(arena, row->webhook.id), row->event,
                     (long long)row->attempts, (long long)row->response_status, (long long)ending->took_ms);

    if (text_equal(row->state, "sent"))
        log_info("webhook.sent %s", words);
    else
        log_warn("webhook.%s %s error=\"%s\"", text_equal(row->state, "dead") ? "dead" : "delayed", words,
                 row->error);
    if (ending->gone)
        log_warn("webhook.disabled webhook=%s: its server says that it is gone",
                 uuid_encode(arena, row->webhook.id));
}

static enum store_result carry(struct courier *courier, struct context *context)
{
    struct context own = *context;
    struct ending ending = { .context = &own };
    struct delivery_row *row = &ending.row;
    int64_t began_ms = clock_mono_ms();
    own.actor = "courier";
    enum store_result found = delivery_due(context->db, context->arena, context->now, row);

    if (found != STORE_OK)
        return found;
    enum store_result claimed =
        delivery_claim(context->db, row, context->now, context->now + limit_s(courier) + CLAIM_MARGIN_S);
    if (claimed == STORE_NOT_FOUND) /* another courier was faster */
        return STORE_OK;
    if (claimed != STORE_OK)
        return claimed;
    attempt(courier, context, &ending);
    ending.took_ms = clock_mono_ms() - began_ms;
    decide(courier, &ending);
    if (!courier_write(courier, write_ending, &ending))
        log_warn("webhook.not_noted id=%s: it may be sent again", uuid_encode(context->arena, row->id));
    log_ending(context->arena, &ending);
    return STORE_OK;
}

const struct cargo webhook_cargo = { carry, delivery_next_at };
