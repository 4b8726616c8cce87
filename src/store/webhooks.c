/* webhooks.c: see webhooks.h. */
#include "store/webhooks.h"

enum { ADD, FIND, LOCK, FIND_ANY, LIST, COUNT, CHANGE, REMOVE };

#define ROW(member) offsetof(struct webhook_row, member)

static const struct column webhook_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_TEXT, ROW(url) },
    { COLUMN_TEXT, ROW(events) },
    { COLUMN_BYTES, ROW(sealed) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
};

static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

#define SELECT_WEBHOOKS                                                                                      \
    "SELECT id, service_id, url, events, secret_sealed, status, created_at, updated_at FROM webhooks"

static const struct statement statements[] = {
    [ADD] = { .name = "webhooks.add",
              .sql = "INSERT INTO webhooks (id, service_id, url, events, secret_sealed, status, created_at,"
                     " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbttbtii" },
    [FIND] = { .name = "webhooks.find",
               .sql = SELECT_WEBHOOKS " WHERE id = ? AND service_id = ?",
               .parameters = "bb",
               COLUMNS(webhook_columns),
               .retry = true },
    [LOCK] = { .name = "webhooks.lock",
               .sql = SELECT_WEBHOOKS " WHERE id = ? AND service_id = ? FOR UPDATE",
               .parameters = "bb",
               COLUMNS(webhook_columns) },
    [FIND_ANY] = { .name = "webhooks.find_any",
                   .sql = SELECT_WEBHOOKS " WHERE id = ?",
                   .parameters = "b",
                   COLUMNS(webhook_columns),
                   .retry = true },
    [LIST] = { .name = "webhooks.list",
               .sql = SELECT_WEBHOOKS " WHERE ? IS NULL OR service_id = ? ORDER BY id LIMIT ? OFFSET ?",
               .parameters = "bbii",
               COLUMNS(webhook_columns),
               .retry = true },
    [COUNT] = { .name = "webhooks.count",
                .sql = "SELECT COUNT(*) FROM webhooks WHERE ? IS NULL OR service_id = ?",
                .parameters = "bb",
                COLUMNS(number_column),
                .retry = true },
    [CHANGE] = { .name = "webhooks.change",
                 .sql = "UPDATE webhooks SET url = ?, events = ?, secret_sealed = ?, status = ?,"
                        " updated_at = ? WHERE id = ? AND service_id = ?",
                 .parameters = "ttbtibb" },
    [REMOVE] = { .name = "webhooks.remove",
                 .sql = "DELETE FROM webhooks WHERE id = ? AND service_id = ?",
                 .parameters = "bb" },
};

const struct statement_table webhooks_statements = STATEMENT_TABLE(statements);

static struct value sealed_value(struct bytes sealed)
{
    return sql_bytes(sealed.data, sealed.length);
}

enum store_result webhooks_add(struct db *db, const struct webhook_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_text(row->url), sql_text(row->events),
                         sealed_value(row->sealed), sql_text(row->status), sql_integer(row->created_at),
                         sql_integer(row->updated_at)),
                  NULL);
}

enum store_result webhooks_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const unsigned char id[16], struct webhook_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id), sql_id(service_id)), row_out);
}

enum store_result webhooks_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const unsigned char id[16], struct webhook_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(id), sql_id(service_id)), row_out);
}

enum store_result webhooks_find_any(struct db *db, struct arena *arena, const unsigned char id[16],
                                    struct webhook_row *row_out)
{
    return db_find(db, arena, &statements[FIND_ANY], VALUES(sql_id(id)), row_out);
}

enum store_result webhooks_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const struct page *page, struct webhook_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(
        db, arena, &statements[LIST],
        VALUES(sql_id(service_id), sql_id(service_id), sql_integer(page->limit), sql_integer(page->offset)),
        sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result webhooks_count(struct db *db, struct arena *arena, const unsigned char *service_id,
                                 int64_t *count_out)
{
    return db_find(db, arena, &statements[COUNT], VALUES(sql_id(service_id), sql_id(service_id)), count_out);
}

enum store_result webhooks_change(struct db *db, const struct webhook_row *row)
{
    return db_run_one(db, &statements[CHANGE],
                      VALUES(sql_text(row->url), sql_text(row->events), sealed_value(row->sealed),
                             sql_text(row->status), sql_integer(row->updated_at), sql_id(row->id),
                             sql_id(row->service_id)));
}

enum store_result webhooks_remove(struct db *db, const unsigned char service_id[16],
                                  const unsigned char id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(id), sql_id(service_id)));
}
