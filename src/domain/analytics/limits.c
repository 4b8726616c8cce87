/* limits.c: see limits.h. */
#include "domain/analytics/limits.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/json_writer.h"
#include "store/limit_counts.h"

enum {
    LOOK_PERIOD_MS = 10 * 1000,
    AWAKE_MS = 3000, /* after the last call: what was counted elsewhere meanwhile comes in yet */
    MOST_AT_ONCE = 1000,
    MOST_BATCHES = 8,
    OVERLAP_S = 3,        /* statements that were under way, and a clock's whole seconds */
    LONGEST_S = 2 * 86400 /* nothing older weighs */
};

static const char *counts_text(struct arena *arena, const struct limit_count *counts, size_t count)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++) {
        json_open_array(&writer, NULL);
        json_write_text(&writer, NULL, arena_printf(arena, "%016llx", (unsigned long long)counts[i].key));
        json_write_integer(&writer, NULL, counts[i].window_start);
        json_write_integer(&writer, NULL, counts[i].window_s);
        json_write_integer(&writer, NULL, counts[i].count);
        json_close_array(&writer);
    }
    json_close_array(&writer);
    return writer.text.data;
}

/* In batches; what doesn't go into them waits for the next time, which begins where this one ended. */
static enum store_result tell(struct context *context, struct limits_exchange *exchange)
{
    struct limit_count *counts = arena_array(context->arena, MOST_AT_ONCE, sizeof(*counts));
    for (int batch = 0; batch < MOST_BATCHES; batch++) {
        size_t count =
            shared_limit_changes(context->shared, context->now, &exchange->place, counts, MOST_AT_ONCE);
        if (!count)
            return STORE_OK;
        const char *text = counts_text(context->arena, counts, count);
        enum store_result result = limit_counts_put(context->db, shared_id(context->shared), text);
        if (result != STORE_OK)
            return result;
        shared_limit_published(context->shared, counts, count);
    }
    return STORE_OK;
}

static uint64_t key_of(const struct bytes *subject)
{
    uint64_t key = 0;
    for (size_t i = 0; i < subject->length; i++)
        key = key << 8 | subject->data[i];
    return key;
}

static enum store_result hear(struct context *context, struct limits_exchange *exchange)
{
    int64_t now_ms = clock_mono_ms(), since_s = LONGEST_S;
    struct limit_count_row *rows;
    size_t count;
    if (exchange->heard_at_ms)
        since_s = (now_ms - exchange->heard_at_ms + 999) / 1000 + OVERLAP_S;
    enum store_result result =
        limit_counts_news(context->db, context->arena, shared_id(context->shared), since_s, &rows, &count);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count; i++) {
        const struct limit_count told = { .key = key_of(&rows[i].subject),
                                          .window_start = rows[i].window_start,
                                          .window_s = rows[i].window_s,
                                          .count = rows[i].count };
        if (rows[i].subject.length == sizeof(told.key) && told.key && told.window_s > 0)
            shared_limit_others(context->shared, &told, context->now);
    }
    exchange->heard_at_ms = now_ms;
    return STORE_OK;
}

enum store_result limits_announce(struct context *context)
{
    return limit_counts_announce(context->db, shared_id(context->shared));
}

static enum store_result look_for_others(struct context *context, struct limits_exchange *exchange)
{
    int64_t machines, now_ms = clock_mono_ms();
    if (exchange->looked_at_ms && now_ms - exchange->looked_at_ms < LOOK_PERIOD_MS)
        return STORE_OK;
    enum store_result result =
        limit_counts_find_others(context->db, context->arena, shared_id(context->shared), &machines);
    if (result != STORE_OK)
        return result;
    exchange->alone = machines == 0;
    exchange->looked_at_ms = now_ms;
    return STORE_OK;
}

enum store_result limits_exchange(struct context *context, struct limits_exchange *exchange)
{
    uint64_t calls = shared_limit_spread_calls(context->shared);
    int64_t now_ms = clock_mono_ms();
    if (calls != exchange->calls)
        exchange->awake_until_ms = now_ms + AWAKE_MS;
    if (now_ms >= exchange->awake_until_ms)
        return STORE_OK;
    enum store_result result = look_for_others(context, exchange);
    if (result != STORE_OK || exchange->alone)
        return result;
    result = tell(context, exchange);
    if (result == STORE_OK)
        result = hear(context, exchange);
    if (result == STORE_OK)
        exchange->calls = calls;
    return result;
}
