/* file_keys.c: see file_keys.h. A row has one writer, the housekeeper of its machine. */
#include "store/file_keys.h"

enum { NOTE, LIST };

#define ROW(member) offsetof(struct file_key_row, member)

static const struct column columns[] = {
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_INTEGER, ROW(first_ms) },
    { COLUMN_INTEGER, ROW(last_at) },
    { COLUMN_INTEGER, ROW(machines) },
    { COLUMN_INTEGER, ROW(machines_in_all) },
    { COLUMN_INTEGER, ROW(now) },
};

#define A_DAY_AGO "UNIX_TIMESTAMP() - 86400"

static const struct statement statements[] = {
    /* one statement, so that all of a machine's keys have the same noted_at */
    [NOTE] = { .name = "file_keys.note",
               .sql = "INSERT INTO file_keys (name, machine, first_ms, last_at, noted_at, expires_at)"
                      " SELECT j.name, ?, IF(j.place = 1, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), 0),"
                      " IF(j.place = 1, UNIX_TIMESTAMP(), 0), UNIX_TIMESTAMP(), UNIX_TIMESTAMP() + ?"
                      " FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY,"
                      " name VARCHAR(16) PATH '$')) j"
                      " ON DUPLICATE KEY UPDATE first_ms = IF(first_ms = 0, VALUES(first_ms), first_ms),"
                      " last_at = GREATEST(last_at, VALUES(last_at)), noted_at = VALUES(noted_at),"
                      " expires_at = VALUES(expires_at)",
               .parameters = "bit",
               .retry = true },
    [LIST] = { .name = "file_keys.list",
               .sql = "SELECT k.name, COALESCE(MIN(NULLIF(k.first_ms, 0)), 0), MAX(k.last_at),"
                      " CAST(SUM(k.noted_at = m.noted_at AND k.noted_at > " A_DAY_AGO ") AS SIGNED),"
                      " (SELECT COUNT(DISTINCT machine) FROM file_keys WHERE noted_at > " A_DAY_AGO "),"
                      " UNIX_TIMESTAMP()"
                      " FROM file_keys k JOIN (SELECT machine, MAX(noted_at) AS noted_at FROM file_keys"
                      " GROUP BY machine) m ON m.machine = k.machine GROUP BY k.name ORDER BY 2, 1",
               .parameters = "",
               COLUMNS(columns),
               .retry = true },
};

const struct statement_table file_keys_statements = STATEMENT_TABLE(statements);

enum store_result file_keys_note(struct db *db, const unsigned char machine[16], const char *names,
                                 int64_t keep_s)
{
    return db_run(db, &statements[NOTE], VALUES(sql_id(machine), sql_integer(keep_s), sql_text(names)), NULL);
}

enum store_result file_keys_list(struct db *db, struct arena *arena, struct file_key_row **rows_out,
                                 size_t *count_out)
{
    return db_list(db, arena, &statements[LIST], NO_VALUES, sizeof(**rows_out), (void **)rows_out, count_out);
}
