/* service_analytics.c: what a service may know of itself in numbers: as promised, and over time. */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/text.h"
#include "domain/analytics/analytics.h"

enum { DEFAULT_RANGE_S = ANALYTICS_DAYS * 86400 };

static enum outcome get_analytics(struct call *call)
{
    struct analytics_totals totals;
    enum outcome outcome = analytics_totals(&call->context, call->api_key->service_id, &totals);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_integer(&writer, "total_users", totals.users);
    json_write_integer(&writer, "total_subscriptions", totals.subscriptions);
    json_write_integer(&writer, "active_subscriptions", totals.active_subscriptions);
    json_write_integer(&writer, "total_logins_30d", totals.sign_ins);
    json_write_integer(&writer, "unique_users_30d", totals.unique_users);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static const char *const intervals[] = { [ZONE_DAY] = "day", [ZONE_WEEK] = "week", [ZONE_MONTH] = "month" };

static const char *query_text(const struct call *call, const char *name, const char *otherwise)
{
    const char *text = form_value(&call->request->query, name);
    return text ? text : otherwise;
}

static enum outcome read_words(struct call *call, struct series_query *query)
{
    const char *group = query_text(call, "group_by", NULL);
    const char *interval = query_text(call, "interval", intervals[ZONE_DAY]);
    size_t unit = 0;
    if (!series_metric_of(query_text(call, "metric", ""), &query->metric))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      "metric must be sign_ins, active_users, new_users, tokens or failures");
    while (unit < ARRAY_SIZE(intervals) && !text_equal(intervals[unit], interval))
        unit++;
    if (unit == ARRAY_SIZE(intervals))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "interval must be day, week or month");
    if (group && !text_equal(group, "provider"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "group_by must be provider");
    query->unit = (enum zone_unit)unit;
    query->by_provider = group != NULL;
    query->zone = query_text(call, "time_zone", "UTC");
    return OUTCOME_OK;
}

static enum outcome read_range(struct call *call, struct series_query *query)
{
    enum outcome outcome = service_check_query(call);
    if (outcome == OUTCOME_OK)
        outcome = service_query_time(call, "from", &query->from);
    if (outcome == OUTCOME_OK)
        outcome = service_query_time(call, "to", &query->to);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!query->to)
        query->to = call->context.now + 1;
    if (!query->from)
        query->from = query->to - DEFAULT_RANGE_S;
    return OUTCOME_OK;
}

static void write_point(struct json_writer *writer, const struct series_query *query,
                        const struct series_point *point)
{
    json_open_object(writer, NULL);
    json_write_time(writer, "start", point->start);
    json_write_integer(writer, "value", point->value);
    if (query->by_provider) {
        json_open_object(writer, "providers");
        for (size_t i = 0; i < point->count; i++)
            json_write_integer(writer, point->counts[i].provider,
                               series_value(query->metric, &point->counts[i]));
        json_close_object(writer);
    }
    json_close_object(writer);
}

static enum outcome get_series(struct call *call)
{
    struct series_query query;
    struct series_point *points;
    size_t count;
    enum outcome outcome = read_words(call, &query);
    if (outcome == OUTCOME_OK)
        outcome = read_range(call, &query);
    if (outcome == OUTCOME_OK)
        outcome = analytics_series(&call->context, call->api_key->service_id, &query, &points, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "metric", query_text(call, "metric", ""));
    json_write_text(&writer, "interval", intervals[query.unit]);
    json_write_text(&writer, "time_zone", query.zone);
    json_write_time(&writer, "from", query.from);
    json_write_time(&writer, "to", query.to);
    json_open_array(&writer, "points");
    for (size_t i = 0; i < count; i++)
        write_point(&writer, &query, &points[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

#define READS_NUMBERS .who = BY_API_KEY, .permission = "read:analytics"

static const struct route routes[] = {
    { .method = "GET", .path = "/api/service/analytics", READS_NUMBERS, .handler = get_analytics },
    { .method = "GET", .path = "/api/service/analytics/series", READS_NUMBERS, .handler = get_series },
};

const struct route_family service_analytics_family = SERVICE_FAMILY("service-analytics", routes);
