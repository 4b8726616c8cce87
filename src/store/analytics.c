/* analytics.c: see analytics.h. Each statement reads one range of one index, which holds all that it needs.
 */
#include "store/analytics.h"

#include "store/subscriptions.h"

enum { TOTALS, SIGN_INS, SIGN_INS_BY_PROVIDER, MEMBERS, MEMBERS_BY_LINK, USAGE };

#define TOTAL(member) offsetof(struct analytics_totals, member)
#define COUNT(member) offsetof(struct analytics_count, member)

static const struct column total_columns[] = {
    { COLUMN_INTEGER, TOTAL(users) },
    { COLUMN_INTEGER, TOTAL(subscriptions) },
    { COLUMN_INTEGER, TOTAL(active_subscriptions) },
    { COLUMN_INTEGER, TOTAL(sign_ins) },
    { COLUMN_INTEGER, TOTAL(unique_users) },
};

static const struct column count_columns[] = {
    { COLUMN_TEXT, COUNT(provider) },
    { COLUMN_INTEGER, COUNT(count) },
    { COLUMN_INTEGER, COUNT(users) },
};

static const struct statement statements[] = {
    [TOTALS] = { .name = "analytics.totals",
                 .sql = "SELECT (SELECT COUNT(*) FROM members WHERE service_id = ?),"
                        " (SELECT COUNT(*) FROM subscriptions WHERE service_id = ?),"
                        " (SELECT COUNT(*) FROM subscriptions WHERE service_id = ? AND status = 'active')"
                        " - (SELECT COUNT(*) FROM subscriptions WHERE service_id = ? AND status = 'active'"
                        " AND " SUBSCRIPTION_IS_OVER "), COUNT(*), COUNT(DISTINCT user_id)"
                        " FROM sign_ins WHERE service_id = ? AND kind = 'sign_in' AND at >= ?",
                 .parameters = "bbbbibi",
                 COLUMNS(total_columns),
                 .retry = true },
    [SIGN_INS] = { .name = "analytics.sign_ins",
                   .sql = "SELECT '', COUNT(*), COUNT(DISTINCT user_id) FROM sign_ins"
                          " WHERE service_id = ? AND at >= ? AND at < ? AND kind = ?",
                   .parameters = "biit",
                   COLUMNS(count_columns),
                   .retry = true },
    [SIGN_INS_BY_PROVIDER] = { .name = "analytics.sign_ins_by_provider",
                               .sql = "SELECT provider, COUNT(*), COUNT(DISTINCT user_id) FROM sign_ins"
                                      " WHERE service_id = ? AND at >= ? AND at < ? AND kind = ?"
                                      " GROUP BY provider ORDER BY provider",
                               .parameters = "biit",
                               COLUMNS(count_columns),
                               .retry = true },
    [MEMBERS] = { .name = "analytics.members",
                  .sql = "SELECT '', COUNT(*), COUNT(*) FROM members"
                         " WHERE service_id = ? AND created_at >= ? AND created_at < ?",
                  .parameters = "bii",
                  COLUMNS(count_columns),
                  .retry = true },
    [MEMBERS_BY_LINK] = { .name = "analytics.members_by_link",
                          .sql = "SELECT linked_by, COUNT(*), COUNT(*) FROM members"
                                 " WHERE service_id = ? AND created_at >= ? AND created_at < ?"
                                 " GROUP BY linked_by ORDER BY linked_by",
                          .parameters = "bii",
                          COLUMNS(count_columns),
                          .retry = true },
    [USAGE] = { .name = "analytics.usage",
                .sql = "SELECT '', CAST(COALESCE(SUM(count), 0) AS SIGNED), 0 FROM usage_counts"
                       " WHERE service_id = ? AND hour >= ? AND hour < ? AND kind = ?",
                .parameters = "biit",
                COLUMNS(count_columns),
                .retry = true },
};

const struct statement_table analytics_statements = STATEMENT_TABLE(statements);

enum store_result analytics_find_totals(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], int64_t now, int64_t since,
                                        struct analytics_totals *totals_out)
{
    return db_find(db, arena, &statements[TOTALS],
                   VALUES(sql_id(service_id), sql_id(service_id), sql_id(service_id), sql_id(service_id),
                          sql_integer(now), sql_id(service_id), sql_integer(since)),
                   totals_out);
}

enum store_result analytics_count_sign_ins(struct db *db, struct arena *arena,
                                           const unsigned char service_id[16], const char *kind, int64_t from,
                                           int64_t to, bool by_provider, struct analytics_count **counts_out,
                                           size_t *count_out)
{
    return db_list(db, arena, &statements[by_provider ? SIGN_INS_BY_PROVIDER : SIGN_INS],
                   VALUES(sql_id(service_id), sql_integer(from), sql_integer(to), sql_text(kind)),
                   sizeof(**counts_out), (void **)counts_out, count_out);
}

enum store_result analytics_count_members(struct db *db, struct arena *arena,
                                          const unsigned char service_id[16], int64_t from, int64_t to,
                                          bool by_provider, struct analytics_count **counts_out,
                                          size_t *count_out)
{
    return db_list(db, arena, &statements[by_provider ? MEMBERS_BY_LINK : MEMBERS],
                   VALUES(sql_id(service_id), sql_integer(from), sql_integer(to)), sizeof(**counts_out),
                   (void **)counts_out, count_out);
}

enum store_result analytics_count_usage(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], const char *kind, int64_t from,
                                        int64_t to, struct analytics_count **counts_out, size_t *count_out)
{
    return db_list(db, arena, &statements[USAGE],
                   VALUES(sql_id(service_id), sql_integer(from), sql_integer(to), sql_text(kind)),
                   sizeof(**counts_out), (void **)counts_out, count_out);
}
