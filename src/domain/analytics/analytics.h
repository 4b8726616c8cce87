/* analytics.h: a service's numbers, in all and over time. */
#ifndef DOORWARD_DOMAIN_ANALYTICS_ANALYTICS_H
#define DOORWARD_DOMAIN_ANALYTICS_ANALYTICS_H

#include "core/zone.h"
#include "domain/context.h"
#include "store/analytics.h"

enum { ANALYTICS_DAYS = 30, SERIES_MOST_POINTS = 400 };

/* Members and subscriptions as they stand, sign-ins of the last 30 days. */
enum outcome analytics_totals(struct context *context, const unsigned char service_id[16],
                              struct analytics_totals *totals_out);

enum series_metric { SERIES_SIGN_INS, SERIES_ACTIVE_USERS, SERIES_NEW_USERS, SERIES_TOKENS, SERIES_FAILURES };

/* The metric of a name ("sign_ins"); false when there is none. */
bool series_metric_of(const char *name, enum series_metric *metric_out);

struct series_query {
    enum series_metric metric;
    int64_t from, to; /* from from until before to */
    enum zone_unit unit;
    const char *zone;
    bool by_provider;
};

struct series_point {
    int64_t start; /* of the day, week or month; what lies before from or behind to doesn't count */
    int64_t value;
    const struct analytics_count *counts; /* of each provider that there is, when they were asked for */
    size_t count;
};

/* INVALID_REQUEST for no such zone, a range that is empty or has too many points, and providers of what has
 * none. */
enum outcome analytics_series(struct context *context, const unsigned char service_id[16],
                              const struct series_query *query, struct series_point **points_out,
                              size_t *count_out);

/* Of a count, what the metric counts: events or people. */
int64_t series_value(enum series_metric metric, const struct analytics_count *count);

#endif
