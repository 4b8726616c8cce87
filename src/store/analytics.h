/* analytics.h: a service's numbers, out of what is stored anyway. */
#ifndef DOORWARD_STORE_ANALYTICS_H
#define DOORWARD_STORE_ANALYTICS_H

#include "store/db.h"

extern const struct statement_table analytics_statements;

struct analytics_totals {
    int64_t users, subscriptions, active_subscriptions;
    int64_t sign_ins, unique_users; /* since the time asked for */
};

enum store_result analytics_find_totals(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], int64_t now, int64_t since,
                                        struct analytics_totals *totals_out) MUST_CHECK;

/* What happened in a time, in all or of one provider. */
struct analytics_count {
    const char *provider; /* "" when it wasn't asked for */
    int64_t count, users;
};

/* From from until before to. by_provider gives a row each that there is; without, there is one row. kind: of
 * sign_ins.h. */
enum store_result analytics_count_sign_ins(struct db *db, struct arena *arena,
                                           const unsigned char service_id[16], const char *kind, int64_t from,
                                           int64_t to, bool by_provider, struct analytics_count **counts_out,
                                           size_t *count_out) MUST_CHECK;
/* The provider is what linked the member. */
enum store_result analytics_count_members(struct db *db, struct arena *arena,
                                          const unsigned char service_id[16], int64_t from, int64_t to,
                                          bool by_provider, struct analytics_count **counts_out,
                                          size_t *count_out) MUST_CHECK;
/* kind: of usage_counts.h. An hour counts where it begins. */
enum store_result analytics_count_usage(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], const char *kind, int64_t from,
                                        int64_t to, struct analytics_count **counts_out,
                                        size_t *count_out) MUST_CHECK;

#endif
