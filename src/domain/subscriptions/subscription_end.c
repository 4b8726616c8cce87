/* subscription_end.c: subscriptions that end by themselves, as subscription.h has it. */
#include "domain/subscriptions/subscription_state.h"

#include "core/clock.h"

enum { BATCH = 20, ARENA_LIMIT = 8 * 1024 * 1024 };

struct end_work {
    struct context *context;
    const struct subscription_row *row; /* as it becomes */
};

/* Whoever changed it meanwhile, or ended it elsewhere, has made another version of it. */
static enum store_result end_in_transaction(struct db *db, void *argument)
{
    const struct end_work *work = argument;
    (void)db;
    return subscription_store_end(work->context, work->row);
}

static enum store_result end_one(struct context *context, struct subscription_row *row)
{
    struct end_work work = { context, row };
    return subscription_catch_up(row, context->now) ? db_transact(context->db, end_in_transaction, &work)
                                                    : STORE_OK;
}

/* *count_out: how many were due of a batch. */
static enum store_result end_batch(struct context *context, int64_t end_ms, struct subscription_ends *ends,
                                   size_t *count_out)
{
    struct subscription_row *rows;
    enum store_result result =
        subscriptions_due(context->db, context->arena, context->now, BATCH, &rows, count_out);
    for (size_t i = 0; result == STORE_OK && i < *count_out && clock_mono_ms() < end_ms; i++) {
        result = end_one(context, &rows[i]);
        ends->ended += result == STORE_OK;
        if (result == STORE_NOT_FOUND)
            result = STORE_OK;
    }
    return result;
}

/* In an arena that lasts for a batch, since there may be many. */
enum store_result subscription_end_due(struct context *context, int64_t budget_ms,
                                       struct subscription_ends *ends_out)
{
    size_t count = BATCH;
    struct context own = *context;
    int64_t end_ms = clock_mono_ms() + budget_ms;
    enum store_result result = STORE_OK;
    *ends_out = (struct subscription_ends) { 0 };
    own.arena = arena_make(ARENA_LIMIT);
    while (result == STORE_OK && count == BATCH && clock_mono_ms() < end_ms) {
        result = end_batch(&own, end_ms, ends_out, &count);
        arena_reset(own.arena);
    }
    ends_out->more = clock_mono_ms() >= end_ms;
    if (result == STORE_OK)
        result = subscriptions_next_end(own.db, own.arena, &ends_out->next_at);
    if (ends_out->ended > 0)
        event_wake(context);
    arena_destroy(own.arena);
    return result;
}
