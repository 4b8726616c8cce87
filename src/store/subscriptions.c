/* subscriptions.c: see subscriptions.h. The plan's columns come by subqueries, so that locking a
 * subscription doesn't lock its plan, which many share. */
#include "store/subscriptions.h"

enum { ADD, FIND, LOCK, LIST, LIST_OF_STATUS, COUNT, COUNT_OF_STATUS, CHANGE, REMOVE, DUE, NEXT_END };

#define ROW(member) offsetof(struct subscription_row, member)

static const struct column subscription_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_ID, ROW(plan_id) },
    { COLUMN_TEXT, ROW(plan_name) },
    { COLUMN_TEXT, ROW(plan_features) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(trial_end) },
    { COLUMN_INTEGER, ROW(current_period_start) },
    { COLUMN_INTEGER, ROW(current_period_end) },
    { COLUMN_BOOLEAN, ROW(cancel_at_period_end) },
    { COLUMN_INTEGER, ROW(cancelled_at) },
    { COLUMN_INTEGER, ROW(ends_at) },
    { COLUMN_INTEGER, ROW(version) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
};

static const struct column integer_column[] = { { COLUMN_INTEGER, 0 } };

#define SELECT_SUBSCRIPTIONS                                                                                 \
    "SELECT s.id, s.service_id, s.user_id, s.plan_id, (SELECT name FROM plans WHERE id = s.plan_id),"        \
    " (SELECT features FROM plans WHERE id = s.plan_id), s.status, s.trial_end, s.current_period_start,"     \
    " s.current_period_end, s.cancel_at_period_end, s.cancelled_at, s.ends_at, s.version, s.created_at,"     \
    " s.updated_at FROM subscriptions s"
#define OF_MEMBER " WHERE s.service_id = ? AND s.user_id = ?"
#define OF_SERVICE " FROM subscriptions WHERE service_id = ?"
#define OF_PLAN " AND (? IS NULL OR plan_id = ?)"

static const struct statement statements[] = {
    [ADD] = { .name = "subscriptions.add",
              .sql = "INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, trial_end,"
                     " current_period_start, current_period_end, cancel_at_period_end, cancelled_at,"
                     " ends_at, version, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbbbtiiiiiiiii" },
    [FIND] = { .name = "subscriptions.find",
               .sql = SELECT_SUBSCRIPTIONS OF_MEMBER,
               .parameters = "bb",
               COLUMNS(subscription_columns),
               .retry = true },
    [LOCK] = { .name = "subscriptions.lock",
               .sql = SELECT_SUBSCRIPTIONS OF_MEMBER " FOR UPDATE",
               .parameters = "bb",
               COLUMNS(subscription_columns) },
    /* the page is found by an index alone, so that what lies before it isn't read */
    [LIST] = { .name = "subscriptions.list",
               .sql = SELECT_SUBSCRIPTIONS " JOIN (SELECT id" OF_SERVICE OF_PLAN
                                           " ORDER BY created_at, id LIMIT ? OFFSET ?) page"
                                           " ON page.id = s.id ORDER BY s.created_at, s.id",
               .parameters = "bbbii",
               COLUMNS(subscription_columns),
               .retry = true },
    /* what is over and not written down is little, and found by an index of its own: it is left out of those
     * of its old status, and joins those of its new one */
    [LIST_OF_STATUS] = { .name = "subscriptions.list_of_status",
                         .sql = SELECT_SUBSCRIPTIONS
                         " JOIN ((SELECT id, created_at" OF_SERVICE " AND status = ?" OF_PLAN
                         " AND id NOT IN (SELECT id FROM subscriptions WHERE " SUBSCRIPTION_IS_OVER ")"
                         " ORDER BY created_at, id LIMIT ?)"
                         " UNION ALL (SELECT id, created_at" OF_SERVICE " AND " SUBSCRIPTION_IS_OVER
                         " AND " SUBSCRIPTION_STATUS " = ?" OF_PLAN ")"
                         " ORDER BY created_at, id LIMIT ? OFFSET ?) page"
                         " ON page.id = s.id ORDER BY s.created_at, s.id",
                         .parameters = "btbbiibiitbbii",
                         COLUMNS(subscription_columns),
                         .retry = true },
    [COUNT] = { .name = "subscriptions.count",
                .sql = "SELECT COUNT(*)" OF_SERVICE OF_PLAN,
                .parameters = "bbb",
                COLUMNS(integer_column),
                .retry = true },
    [COUNT_OF_STATUS] = { .name = "subscriptions.count_of_status",
                          .sql = "SELECT (SELECT COUNT(*)" OF_SERVICE " AND status = ?" OF_PLAN ")"
                                 " + CAST(COALESCE(SUM((" SUBSCRIPTION_STATUS " = ?) - (status = ?)), 0)"
                                 " AS SIGNED)" OF_SERVICE " AND " SUBSCRIPTION_IS_OVER OF_PLAN,
                          .parameters = "btbbittbibb",
                          COLUMNS(integer_column),
                          .retry = true },
    [CHANGE] = { .name = "subscriptions.change",
                 .sql = "UPDATE subscriptions SET plan_id = ?, status = ?, trial_end = ?,"
                        " current_period_start = ?, current_period_end = ?, cancel_at_period_end = ?,"
                        " cancelled_at = ?, ends_at = ?, version = ?, updated_at = ?"
                        " WHERE service_id = ? AND user_id = ? AND id = ? AND version = ?",
                 .parameters = "btiiiiiiiibbbi" },
    [REMOVE] = { .name = "subscriptions.remove",
                 .sql = "DELETE FROM subscriptions WHERE service_id = ? AND user_id = ?",
                 .parameters = "bb" },
    [DUE] = { .name = "subscriptions.due",
              .sql = SELECT_SUBSCRIPTIONS " WHERE " SUBSCRIPTION_IS_OVER " ORDER BY ends_at LIMIT ?",
              .parameters = "ii",
              COLUMNS(subscription_columns),
              .retry = true },
    [NEXT_END] = { .name = "subscriptions.next_end",
                   .sql = "SELECT MIN(ends_at) FROM subscriptions WHERE ends_at > 0",
                   .parameters = "",
                   COLUMNS(integer_column),
                   .retry = true },
};

const struct statement_table subscriptions_statements = STATEMENT_TABLE(statements);

enum store_result subscriptions_add(struct db *db, const struct subscription_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_id(row->user_id), sql_id(row->plan_id),
                         sql_text(row->status), sql_integer(row->trial_end),
                         sql_integer(row->current_period_start), sql_integer(row->current_period_end),
                         sql_integer(row->cancel_at_period_end), sql_integer(row->cancelled_at),
                         sql_integer(row->ends_at), sql_integer(row->version), sql_integer(row->created_at),
                         sql_integer(row->updated_at)),
                  NULL);
}

enum store_result subscriptions_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     const unsigned char user_id[16], struct subscription_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(service_id), sql_id(user_id)), row_out);
}

enum store_result subscriptions_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     const unsigned char user_id[16], struct subscription_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(service_id), sql_id(user_id)), row_out);
}

/* The rows of the page, and all before it. */
static int64_t up_to(const struct page *page)
{
    return page->offset > INT64_MAX - page->limit ? INT64_MAX : page->offset + page->limit;
}

static enum store_result list_of_status(struct db *db, struct arena *arena,
                                        const struct subscription_filter *filter, const struct page *page,
                                        void **rows_out, size_t *count_out)
{
    const struct value service = sql_id(filter->service_id), status = sql_text(filter->status),
                       plan = sql_id(filter->plan_id), now = sql_integer(filter->now);
    return db_list(db, arena, &statements[LIST_OF_STATUS],
                   VALUES(service, status, plan, plan, now, sql_integer(up_to(page)), service, now, now,
                          status, plan, plan, sql_integer(page->limit), sql_integer(page->offset)),
                   sizeof(struct subscription_row), rows_out, count_out);
}

enum store_result subscriptions_list(struct db *db, struct arena *arena,
                                     const struct subscription_filter *filter, const struct page *page,
                                     struct subscription_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        filter->status
            ? list_of_status(db, arena, filter, page, &rows, count_out)
            : db_list(db, arena, &statements[LIST],
                      VALUES(sql_id(filter->service_id), sql_id(filter->plan_id), sql_id(filter->plan_id),
                             sql_integer(page->limit), sql_integer(page->offset)),
                      sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result subscriptions_count(struct db *db, struct arena *arena,
                                      const struct subscription_filter *filter, int64_t *count_out)
{
    const struct value service = sql_id(filter->service_id), status = sql_text(filter->status),
                       plan = sql_id(filter->plan_id), now = sql_integer(filter->now);
    if (!filter->status)
        return db_find(db, arena, &statements[COUNT], VALUES(service, plan, plan), count_out);
    return db_find(db, arena, &statements[COUNT_OF_STATUS],
                   VALUES(service, status, plan, plan, now, status, status, service, now, plan, plan),
                   count_out);
}

enum store_result subscriptions_change(struct db *db, const struct subscription_row *row)
{
    return db_run_one(db, &statements[CHANGE],
                      VALUES(sql_id(row->plan_id), sql_text(row->status), sql_integer(row->trial_end),
                             sql_integer(row->current_period_start), sql_integer(row->current_period_end),
                             sql_integer(row->cancel_at_period_end), sql_integer(row->cancelled_at),
                             sql_integer(row->ends_at), sql_integer(row->version),
                             sql_integer(row->updated_at), sql_id(row->service_id), sql_id(row->user_id),
                             sql_id(row->id), sql_integer(row->version - 1)));
}

enum store_result subscriptions_remove(struct db *db, const unsigned char service_id[16],
                                       const unsigned char user_id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(service_id), sql_id(user_id)));
}

enum store_result subscriptions_due(struct db *db, struct arena *arena, int64_t now, int64_t limit,
                                    struct subscription_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[DUE], VALUES(sql_integer(now), sql_integer(limit)), sizeof(**rows_out),
                &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result subscriptions_next_end(struct db *db, struct arena *arena, int64_t *ends_at_out)
{
    return db_find(db, arena, &statements[NEXT_END], NO_VALUES, ends_at_out);
}
