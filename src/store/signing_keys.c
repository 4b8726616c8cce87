/* signing_keys.c: see signing_keys.h. */
#include "store/signing_keys.h"

enum { ADD, LIST, RETIRE, ACTIVATE };

#define ROW(member) offsetof(struct signing_key_row, member)

static const struct column key_columns[] = {
    { COLUMN_TEXT, ROW(kid) },           { COLUMN_TEXT, ROW(alg) },
    { COLUMN_TEXT, ROW(state) },         { COLUMN_BYTES, ROW(sealed) },
    { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(activated_at) },
    { COLUMN_INTEGER, ROW(retired_at) }, { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "signing_keys.add",
              .sql = "INSERT INTO signing_keys (kid, alg, state, sealed, created_at, activated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?)",
              .parameters = "tttbii" },
    [LIST] = { .name = "signing_keys.list",
               .sql = "SELECT kid, alg, state, sealed, created_at, activated_at, retired_at, expires_at"
                      " FROM signing_keys WHERE expires_at = 0 OR expires_at > ?"
                      " ORDER BY created_at, kid",
               .parameters = "i",
               COLUMNS(key_columns),
               .retry = true },
    [RETIRE] = { .name = "signing_keys.retire",
                 .sql = "UPDATE signing_keys SET state = 'retired', retired_at = ?, expires_at = ?"
                        " WHERE kid = ? AND state = 'current'",
                 .parameters = "iit" },
    [ACTIVATE] = { .name = "signing_keys.activate",
                   .sql = "UPDATE signing_keys SET state = 'current', activated_at = ?"
                          " WHERE kid = ? AND state = 'next'",
                   .parameters = "it" },
};

const struct statement_table signing_keys_statements = STATEMENT_TABLE(statements);

enum store_result signing_keys_add(struct db *db, const struct signing_key_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_text(row->kid), sql_text(row->alg), sql_text(row->state),
                         sql_bytes(row->sealed.data, row->sealed.length), sql_integer(row->created_at),
                         sql_integer(row->activated_at)),
                  NULL);
}

enum store_result signing_keys_list(struct db *db, struct arena *arena, int64_t now,
                                    struct signing_key_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST], VALUES(sql_integer(now)), sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result signing_keys_retire(struct db *db, const char *kid, int64_t now, int64_t expires_at)
{
    return db_run_one(db, &statements[RETIRE],
                      VALUES(sql_integer(now), sql_integer(expires_at), sql_text(kid)));
}

enum store_result signing_keys_activate(struct db *db, const char *kid, int64_t now)
{
    return db_run_one(db, &statements[ACTIVATE], VALUES(sql_integer(now), sql_text(kid)));
}
