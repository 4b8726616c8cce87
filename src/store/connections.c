/* connections.c: see connections.h. */
#include "store/connections.h"

enum { LIST, REMOVE, REMOVE_ALL };

#define ROW(member) offsetof(struct connection_row, member)

static const struct column connection_columns[] = {
    { COLUMN_ID, ROW(id) },        { COLUMN_ID, ROW(user_id) }, { COLUMN_TEXT, ROW(provider) },
    { COLUMN_TEXT, ROW(subject) }, { COLUMN_TEXT, ROW(label) }, { COLUMN_INTEGER, ROW(created_at) },
};

static const struct statement statements[] = {
    [LIST] = { .name = "connections.list",
               .sql = "SELECT id, user_id, provider, subject, label, created_at FROM connections"
                      " WHERE user_id = ? ORDER BY provider, created_at",
               .parameters = "b",
               COLUMNS(connection_columns),
               .retry = true },
    [REMOVE] = { .name = "connections.remove",
                 .sql = "DELETE FROM connections WHERE user_id = ? AND provider = ?",
                 .parameters = "bt" },
    [REMOVE_ALL] = { .name = "connections.remove_all",
                     .sql = "DELETE FROM connections WHERE user_id = ?",
                     .parameters = "b" },
};

const struct statement_table connections_statements = STATEMENT_TABLE(statements);

enum store_result connections_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   struct connection_row **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[LIST], VALUES(sql_id(user_id)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}

enum store_result connections_remove(struct db *db, const unsigned char user_id[16], const char *provider)
{
    int64_t removed = 0;
    enum store_result result =
        db_run(db, &statements[REMOVE], VALUES(sql_id(user_id), sql_text(provider)), &removed);
    return result == STORE_OK && removed == 0 ? STORE_NOT_FOUND : result;
}

enum store_result connections_remove_all(struct db *db, const unsigned char user_id[16])
{
    return db_run(db, &statements[REMOVE_ALL], VALUES(sql_id(user_id)), NULL);
}
