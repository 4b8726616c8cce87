/* client_uses.c: see client_uses.h. */
#include "store/client_uses.h"

enum { TOUCH, TOUCH_SECRET, ADD_FAILURE, COUNT_FAILURES, LIST_FAILURES, LOCK, UNLOCK };

#define ROW(member) offsetof(struct client_failure_row, member)

static const struct column failure_columns[] = {
    { COLUMN_ID, ROW(id) },         { COLUMN_INTEGER, ROW(client_number) }, { COLUMN_TEXT, ROW(method) },
    { COLUMN_TEXT, ROW(reason) },   { COLUMN_TEXT, ROW(address) },          { COLUMN_BOOLEAN, ROW(counts) },
    { COLUMN_INTEGER, ROW(at_ms) }, { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct column count_column[] = { { COLUMN_INTEGER, 0 } };

enum { METHOD_BYTES = 40, REASON_BYTES = 200, ADDRESS_BYTES = 64 }; /* as the columns */

static const struct statement statements[] = {
    /* of several workers at once one writes */
    [TOUCH] = { .name = "client_uses.touch",
                .sql = "UPDATE clients SET last_used_at = ?, last_used_from = ?"
                       " WHERE number = ? AND last_used_at <= ?",
                .parameters = "itii",
                .retry = true },
    [TOUCH_SECRET] = { .name = "client_uses.touch_secret",
                       .sql = "UPDATE client_secrets SET last_used_at = ?, last_used_from = ?"
                              " WHERE id = ? AND last_used_at <= ?",
                       .parameters = "itbi",
                       .retry = true },
    [ADD_FAILURE] = { .name = "client_failures.add",
                      .sql = "INSERT INTO client_failures"
                             " (id, client_number, method, reason, address, counts, at_ms, expires_at)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      .parameters = "bitttiii" },
    [COUNT_FAILURES] = { .name = "client_failures.count",
                         .sql = "SELECT COUNT(*) FROM client_failures"
                                " WHERE client_number = ? AND at_ms > ? AND counts",
                         .parameters = "ii",
                         COLUMNS(count_column),
                         .retry = true },
    [LIST_FAILURES] = { .name = "client_failures.list",
                        .sql = "SELECT id, client_number, method, reason, address, counts, at_ms, expires_at"
                               " FROM client_failures WHERE client_number = ?"
                               " ORDER BY at_ms DESC, id DESC LIMIT ? OFFSET ?",
                        .parameters = "iii",
                        COLUMNS(failure_columns),
                        .retry = true },
    [LOCK] = { .name = "clients.lock",
               .sql = "UPDATE clients SET locked_at = ? WHERE number = ? AND locked_at = 0",
               .parameters = "ii" },
    [UNLOCK] = { .name = "clients.unlock",
                 /* later than before in any case: it names what is counted anew */
                 .sql = "UPDATE clients SET locked_at = 0,"
                        " failures_since = GREATEST(?, failures_since + 1) WHERE number = ?",
                 .parameters = "ii" },
};

const struct statement_table client_uses_statements = STATEMENT_TABLE(statements);

enum store_result client_uses_touch(struct db *db, int64_t number, const struct client_use_note *note)
{
    return db_run(db, &statements[TOUCH],
                  VALUES(sql_integer(note->now), sql_text_cut(note->address, ADDRESS_BYTES),
                         sql_integer(number), sql_integer(note->since)),
                  NULL);
}

enum store_result client_uses_touch_secret(struct db *db, const unsigned char id[16],
                                           const struct client_use_note *note)
{
    return db_run(db, &statements[TOUCH_SECRET],
                  VALUES(sql_integer(note->now), sql_text_cut(note->address, ADDRESS_BYTES), sql_id(id),
                         sql_integer(note->since)),
                  NULL);
}

enum store_result client_failures_add(struct db *db, const struct client_failure_row *row)
{
    return db_run(db, &statements[ADD_FAILURE],
                  VALUES(sql_id(row->id), sql_integer(row->client_number),
                         sql_text_cut(row->method, METHOD_BYTES), sql_text_cut(row->reason, REASON_BYTES),
                         sql_text_cut(row->address, ADDRESS_BYTES), sql_integer(row->counts),
                         sql_integer(row->at_ms), sql_integer(row->expires_at)),
                  NULL);
}

enum store_result client_failures_count(struct db *db, struct arena *arena, int64_t client_number,
                                        int64_t after_ms, int64_t *count_out)
{
    return db_find(db, arena, &statements[COUNT_FAILURES],
                   VALUES(sql_integer(client_number), sql_integer(after_ms)), count_out);
}

enum store_result client_failures_list(struct db *db, struct arena *arena, int64_t client_number,
                                       const struct page *page, struct client_failure_row **rows_out,
                                       size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST_FAILURES],
                VALUES(sql_integer(client_number), sql_integer(page->limit), sql_integer(page->offset)),
                sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result clients_lock(struct db *db, int64_t number, int64_t now)
{
    return db_run_one(db, &statements[LOCK], VALUES(sql_integer(now), sql_integer(number)));
}

enum store_result clients_unlock(struct db *db, int64_t number, int64_t now)
{
    return db_run_one(db, &statements[UNLOCK], VALUES(sql_integer(now), sql_integer(number)));
}
