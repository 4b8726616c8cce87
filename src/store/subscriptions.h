/* subscriptions.h: which plan a service's member has, one a member, and how long it lasts. */
#ifndef DOORWARD_STORE_SUBSCRIPTIONS_H
#define DOORWARD_STORE_SUBSCRIPTIONS_H

#include "store/db.h"

extern const struct statement_table subscriptions_statements;

/*
 * Whose time is over has ended at that moment, written down or not: the rule for statements that count or
 * choose by status, each with now as its value. For rows it is subscription_catch_up()
 * (domain/subscriptions/subscription_state.h).
 */
#define SUBSCRIPTION_IS_OVER "(ends_at > 0 AND ends_at <= ?)"
#define SUBSCRIPTION_STATUS                                                                                  \
    "IF(" SUBSCRIPTION_IS_OVER ", IF(cancel_at_period_end, 'cancelled', 'expired'), status)"

struct subscription_row {
    unsigned char id[16], service_id[16], user_id[16], plan_id[16];
    const char *plan_name, *plan_features; /* as the plan is now; not written */
    const char *status;                    /* active, trialing, cancelled, expired; as it was written down */
    int64_t trial_end;                     /* 0: none */
    int64_t current_period_start, current_period_end;
    bool cancel_at_period_end;
    int64_t cancelled_at; /* 0: it isn't */
    int64_t ends_at;      /* when it ends by itself; 0: it has ended */
    int64_t version;      /* counts changes */
    int64_t created_at, updated_at;
};

/* CONFLICT when the member has one; NOT_FOUND when the user is no member, or the plan is gone. */
enum store_result subscriptions_add(struct db *db, const struct subscription_row *row) MUST_CHECK;

enum store_result subscriptions_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     const unsigned char user_id[16],
                                     struct subscription_row *row_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result subscriptions_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     const unsigned char user_id[16],
                                     struct subscription_row *row_out) MUST_CHECK;

/* Which of a service's subscriptions are meant; NULL: whatever it is. */
struct subscription_filter {
    const unsigned char *service_id;
    const char *status; /* as it is now */
    const unsigned char *plan_id;
    int64_t now;
};

/* Oldest first. */
enum store_result subscriptions_list(struct db *db, struct arena *arena,
                                     const struct subscription_filter *filter, const struct page *page,
                                     struct subscription_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result subscriptions_count(struct db *db, struct arena *arena,
                                      const struct subscription_filter *filter,
                                      int64_t *count_out) MUST_CHECK;

/* Writes what a change can touch, row->version being the new one: NOT_FOUND when the row stored isn't its
 * predecessor any more. */
enum store_result subscriptions_change(struct db *db, const struct subscription_row *row) MUST_CHECK;

enum store_result subscriptions_remove(struct db *db, const unsigned char service_id[16],
                                       const unsigned char user_id[16]) MUST_CHECK;

/* Those of all services whose time is over, the longest first. */
enum store_result subscriptions_due(struct db *db, struct arena *arena, int64_t now, int64_t limit,
                                    struct subscription_row **rows_out, size_t *count_out) MUST_CHECK;

/* When the next one ends by itself; 0: none will. */
enum store_result subscriptions_next_end(struct db *db, struct arena *arena, int64_t *ends_at_out) MUST_CHECK;

#endif
