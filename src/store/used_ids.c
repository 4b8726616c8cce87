/* used_ids.c: see used_ids.h. Never run again by itself: a second run would find its own row. */
#include "store/used_ids.h"

enum { ADD };

static const struct statement statements[] = {
    [ADD] = { .name = "used_ids.add",
              .sql = "INSERT INTO used_ids (id, expires_at) VALUES (?, ?)",
              .parameters = "bi" },
};

const struct statement_table used_ids_statements = STATEMENT_TABLE(statements);

enum store_result used_ids_add(struct db *db, const unsigned char id[32], int64_t expires_at)
{
    return db_run(db, &statements[ADD], VALUES(sql_hash(id), sql_integer(expires_at)), NULL);
}
