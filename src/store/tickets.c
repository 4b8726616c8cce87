/* tickets.c: see tickets.h. */
#include "store/tickets.h"

enum { ADD, FIND, FINISH, CHANGE_REQUEST };

#define ROW(member) offsetof(struct ticket_row, member)

static const struct column ticket_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_HASH, ROW(secret_hash) },
    { COLUMN_INTEGER, ROW(client_number) },
    { COLUMN_TEXT, ROW(request) },
    { COLUMN_HASH, ROW(browser_hash) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(finished_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "tickets.add",
              .sql = "INSERT INTO tickets (id, secret_hash, client_number, request, browser_hash, created_at,"
                     " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbitbii" },
    [FIND] = { .name = "tickets.find",
               .sql = "SELECT id, secret_hash, client_number, request, browser_hash, created_at, finished_at,"
                      " expires_at FROM tickets WHERE id = ?",
               .parameters = "b",
               COLUMNS(ticket_columns),
               .retry = true },
    [FINISH] = { .name = "tickets.finish",
                 .sql = "UPDATE tickets SET finished_at = ? WHERE id = ? AND finished_at = 0"
                        " AND expires_at > ?",
                 .parameters = "ibi" },
    [CHANGE_REQUEST] = { .name = "tickets.change_request",
                         .sql = "UPDATE tickets SET request = ? WHERE id = ? AND finished_at = 0"
                                " AND expires_at > ?",
                         .parameters = "tbi",
                         .retry = true },
};

const struct statement_table tickets_statements = STATEMENT_TABLE(statements);

enum store_result tickets_add(struct db *db, const struct ticket_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_hash(row->secret_hash), sql_integer(row->client_number),
                         sql_text(row->request), sql_hash(row->browser_hash), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result tickets_find(struct db *db, struct arena *arena, const unsigned char id[16],
                               struct ticket_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result tickets_finish(struct db *db, const unsigned char id[16], int64_t now)
{
    return db_run_one(db, &statements[FINISH], VALUES(sql_integer(now), sql_id(id), sql_integer(now)));
}

enum store_result tickets_change_request(struct db *db, const unsigned char id[16], const char *request,
                                         int64_t now)
{
    return db_run_one(db, &statements[CHANGE_REQUEST],
                      VALUES(sql_text(request), sql_id(id), sql_integer(now)));
}
