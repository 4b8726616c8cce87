/* analytics.c: see analytics.h. Each point is one statement over its own range, so that people are told apart
 * within it. */
#include "domain/analytics/analytics.h"

#include "core/text.h"
#include "store/sign_ins.h"
#include "store/usage_counts.h"

static const struct {
    const char *name;
    bool has_providers;
    bool counts_people;
} metrics[] = {
    [SERIES_SIGN_INS] = { "sign_ins", true, false },   [SERIES_ACTIVE_USERS] = { "active_users", true, true },
    [SERIES_NEW_USERS] = { "new_users", true, false }, [SERIES_TOKENS] = { "tokens", false, false },
    [SERIES_FAILURES] = { "failures", true, false },
};

bool series_metric_of(const char *name, enum series_metric *metric_out)
{
    for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
        if (text_equal(metrics[i].name, name)) {
            *metric_out = (enum series_metric)i;
            return true;
        }
    }
    return false;
}

int64_t series_value(enum series_metric metric, const struct analytics_count *count)
{
    return metrics[metric].counts_people ? count->users : count->count;
}

enum outcome analytics_totals(struct context *context, const unsigned char service_id[16],
                              struct analytics_totals *totals_out)
{
    int64_t since = context->now - (int64_t)ANALYTICS_DAYS * 86400;
    return store_outcome(
        context,
        analytics_find_totals(context->db, context->arena, service_id, context->now, since, totals_out),
        OUTCOME_SERVER_ERROR, "nothing was counted");
}

static enum store_result count(struct context *context, const unsigned char service_id[16],
                               const struct series_query *query, int64_t from, int64_t to, bool by_provider,
                               struct analytics_count **counts_out, size_t *count_out)
{
    struct db *db = context->db;
    const char *kind = query->metric == SERIES_FAILURES ? SIGN_IN_FAILED : SIGN_IN_DONE;
    if (query->metric == SERIES_TOKENS)
        return analytics_count_usage(db, context->arena, service_id, USAGE_COUNT_TOKENS, from, to, counts_out,
                                     count_out);
    if (query->metric == SERIES_NEW_USERS)
        return analytics_count_members(db, context->arena, service_id, from, to, by_provider, counts_out,
                                       count_out);
    return analytics_count_sign_ins(db, context->arena, service_id, kind, from, to, by_provider, counts_out,
                                    count_out);
}

static enum store_result count_point(struct context *context, const unsigned char service_id[16],
                                     const struct series_query *query, int64_t end,
                                     struct series_point *point)
{
    struct analytics_count *counts;
    size_t rows;
    int64_t from = point->start > query->from ? point->start : query->from;
    int64_t to = end < query->to ? end : query->to;
    enum store_result result = count(context, service_id, query, from, to, false, &counts, &rows);
    if (result != STORE_OK)
        return result;
    point->value = rows ? series_value(query->metric, &counts[0]) : 0;
    if (!query->by_provider || !point->value)
        return STORE_OK;
    result = count(context, service_id, query, from, to, true, &counts, &rows);
    point->counts = counts;
    point->count = rows;
    return result;
}

static enum outcome check(struct context *context, const struct series_query *query)
{
    if (!zone_is_known(query->zone))
        return refuse(context, OUTCOME_INVALID_REQUEST, "there is no such time_zone");
    if (query->from >= query->to)
        return refuse(context, OUTCOME_INVALID_REQUEST, "from must be before to");
    if (query->by_provider && !metrics[query->metric].has_providers)
        return refuse(context, OUTCOME_INVALID_REQUEST, "this metric has no providers");
    return OUTCOME_OK;
}

enum outcome analytics_series(struct context *context, const unsigned char service_id[16],
                              const struct series_query *query, struct series_point **points_out,
                              size_t *count_out)
{
    int64_t starts[SERIES_MOST_POINTS + 1];
    enum store_result result = STORE_OK;
    enum outcome outcome = check(context, query);
    if (outcome != OUTCOME_OK)
        return outcome;
    size_t found = zone_divide(query->zone, query->unit, query->from, query->to, starts, ARRAY_SIZE(starts));
    if (found < 2)
        return refuse(context, OUTCOME_INVALID_REQUEST, "the range has more than 400 points");
    struct series_point *points = arena_array(context->arena, found, sizeof(*points));
    for (size_t i = 0; result == STORE_OK && i + 1 < found; i++) {
        points[i].start = starts[i];
        result = count_point(context, service_id, query, starts[i + 1], &points[i]);
    }
    *points_out = points;
    *count_out = found - 1;
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "nothing was counted");
}
