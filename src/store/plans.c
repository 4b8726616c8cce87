/* plans.c: see plans.h. */
#include "store/plans.h"

enum { ADD, FIND, LOCK, LIST, COUNT, CHANGE, REMOVE };

#define ROW(member) offsetof(struct plan_row, member)

static const struct column plan_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_INTEGER, ROW(price_cents) },
    { COLUMN_TEXT, ROW(currency) },
    { COLUMN_TEXT, ROW(features) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
};

static const struct column count_column[] = { { COLUMN_INTEGER, 0 } };

#define SELECT_PLANS                                                                                         \
    "SELECT id, service_id, name, price_cents, currency, features, created_at, updated_at FROM plans"

static const struct statement statements[] = {
    [ADD] = { .name = "plans.add",
              .sql = "INSERT INTO plans (id, service_id, name, price_cents, currency, features, created_at,"
                     " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbtittii" },
    [FIND] = { .name = "plans.find",
               .sql = SELECT_PLANS " WHERE id = ?",
               .parameters = "b",
               COLUMNS(plan_columns),
               .retry = true },
    [LOCK] = { .name = "plans.lock",
               .sql = SELECT_PLANS " WHERE service_id = ? AND id = ? FOR UPDATE",
               .parameters = "bb",
               COLUMNS(plan_columns) },
    [LIST] = { .name = "plans.list",
               .sql = SELECT_PLANS " WHERE service_id = ? ORDER BY created_at, id LIMIT ? OFFSET ?",
               .parameters = "bii",
               COLUMNS(plan_columns),
               .retry = true },
    [COUNT] = { .name = "plans.count",
                .sql = "SELECT COUNT(*) FROM plans WHERE service_id = ?",
                .parameters = "b",
                COLUMNS(count_column),
                .retry = true },
    [CHANGE] = { .name = "plans.change",
                 .sql = "UPDATE plans SET name = ?, price_cents = ?, currency = ?, features = ?,"
                        " updated_at = ? WHERE service_id = ? AND id = ?",
                 .parameters = "tittibb" },
    [REMOVE] = { .name = "plans.remove",
                 .sql = "DELETE FROM plans WHERE service_id = ? AND id = ?",
                 .parameters = "bb" },
};

const struct statement_table plans_statements = STATEMENT_TABLE(statements);

enum store_result plans_add(struct db *db, const struct plan_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_text(row->name),
                         sql_integer(row->price_cents), sql_text(row->currency), sql_text(row->features),
                         sql_integer(row->created_at), sql_integer(row->updated_at)),
                  NULL);
}

enum store_result plans_find(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct plan_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result plans_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                             const unsigned char id[16], struct plan_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(service_id), sql_id(id)), row_out);
}

enum store_result plans_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                             const struct page *page, struct plan_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST],
                VALUES(sql_id(service_id), sql_integer(page->limit), sql_integer(page->offset)),
                sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result plans_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                              int64_t *count_out)
{
    return db_find(db, arena, &statements[COUNT], VALUES(sql_id(service_id)), count_out);
}

enum store_result plans_change(struct db *db, const struct plan_row *row)
{
    return db_run_one(db, &statements[CHANGE],
                      VALUES(sql_text(row->name), sql_integer(row->price_cents), sql_text(row->currency),
                             sql_text(row->features), sql_integer(row->updated_at), sql_id(row->service_id),
                             sql_id(row->id)));
}

enum store_result plans_remove(struct db *db, const unsigned char service_id[16], const unsigned char id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(service_id), sql_id(id)));
}
