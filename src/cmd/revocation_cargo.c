/*
 * revocation_cargo.c: tokens that were taken off, as the courier carries them: to the provider that is to
 * forget them, by way of the egress process where there is one. A provider that takes its time with a failure
 * makes all else that waits for it wait ten times as long, so that it can't keep what is for others.
 */
#include "cmd/courier.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/providers/revocation.h"

enum {
    CLAIM_MARGIN_S = 30, /* beyond the time that a revocation may take */
    SLOW_MS = 1000,
    HOLD_FACTOR = 10
};

/* How an attempt ended. */
struct ending {
    struct provider_revocation_row row; /* as it is to be written */
    int64_t took_ms;
};

static void attempt(struct context *context, struct provider_revocation_row *row)
{
    enum outcome outcome = revocation_send(context, row);
    int64_t now = clock_now_s();
    int64_t next_at = outcome == OUTCOME_NOT_FOUND ? 0 : revocation_next_at(row, now);

    row->error = outcome == OUTCOME_OK ? "" : context->reason ? context->reason : "it failed";
    row->state = outcome == OUTCOME_OK ? "sent" : next_at ? "waiting" : "dead";
    row->next_at = next_at ? next_at : now;
}

static enum store_result write_ending(struct courier *courier, const void *what)
{
    const struct ending *ending = what;
    struct db *db = courier->application->db;
    enum store_result result = STORE_OK;

    if (!text_equal(ending->row.state, "sent") && ending->took_ms > SLOW_MS)
        result = provider_revocations_hold(db, ending->row.provider,
                                           clock_now_s() + ending->took_ms * HOLD_FACTOR / 1000);
    return result == STORE_OK ? provider_revocations_end(db, &ending->row) : result;
}

static void log_ending(struct arena *arena, const struct ending *ending)
{
    const struct provider_revocation_row *row = &ending->row;
    const char *words =
        arena_printf(arena, "id=%s provider=%s attempt=%lld ms=%lld", uuid_encode(arena, row->id),
                     row->provider, (long long)row->attempts, (long long)ending->took_ms);

    if (text_equal(row->state, "sent"))
        log_info("provider_token.revoked %s", words);
    else
        log_warn("provider_token.%s %s error=\"%s\"",
                 text_equal(row->state, "dead") ? "not_revoked" : "revocation_delayed", words, row->error);
}

static enum store_result carry(struct courier *courier, struct context *context)
{
    struct ending ending = { .took_ms = 0 };
    struct provider_revocation_row *row = &ending.row;
    int64_t began_ms = clock_mono_ms();
    enum store_result found = provider_revocations_due(context->db, context->arena, context->now, row);

    if (found != STORE_OK)
        return found;
    enum store_result claimed = provider_revocations_claim(
        context->db, row, context->now, context->now + courier->watch.limit_s + CLAIM_MARGIN_S);
    if (claimed == STORE_NOT_FOUND) /* another courier was faster */
        return STORE_OK;
    if (claimed != STORE_OK)
        return claimed;
    attempt(context, row);
    ending.took_ms = clock_mono_ms() - began_ms;
    if (!courier_write(courier, write_ending, &ending))
        log_warn("provider_token.not_noted id=%s: it may be revoked again",
                 uuid_encode(context->arena, row->id));
    log_ending(context->arena, &ending);
    return STORE_OK;
}

const struct cargo revocation_cargo = { carry, provider_revocations_next_at };
