/* limit_counts.c: see limit_counts.h. A row has one writer, the housekeeper of its machine.
 * That of the subject 0, which nobody is, tells that the machine is there. */
#include "store/limit_counts.h"

enum { ANNOUNCE, FIND_OTHERS, PUT, NEWS };

#define ROW(member) offsetof(struct limit_count_row, member)

static const struct column columns[] = {
    { COLUMN_BYTES, ROW(subject) },
    { COLUMN_INTEGER, ROW(window_start) },
    { COLUMN_INTEGER, ROW(window_s) },
    { COLUMN_INTEGER, ROW(count) },
};

static const struct column machines_columns[] = { { COLUMN_INTEGER, 0 } };

static const struct statement statements[] = {
    [ANNOUNCE] = { .name = "limit_counts.announce",
                   .sql = "INSERT INTO limit_counts (subject, window_start, machine, window_s, count,"
                          " updated_at, expires_at) VALUES (UNHEX('0000000000000000'), 0, ?, 0, 0,"
                          " UNIX_TIMESTAMP(), UNIX_TIMESTAMP() + 86400)"
                          " ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)",
                   .parameters = "b",
                   .retry = true },
    [FIND_OTHERS] = { .name = "limit_counts.find_others",
                      .sql = "SELECT COUNT(*) FROM limit_counts WHERE subject = UNHEX('0000000000000000')"
                             " AND window_start = 0 AND machine <> ? AND expires_at > UNIX_TIMESTAMP()",
                      .parameters = "b",
                      COLUMNS(machines_columns),
                      .retry = true },
    /* kept for the window after it, where it still weighs */
    [PUT] = { .name = "limit_counts.put",
              .sql = "INSERT INTO limit_counts (subject, window_start, machine, window_s, count, updated_at,"
                     " expires_at) SELECT UNHEX(j.subject), j.starts, ?, j.lasts, j.counted,"
                     " UNIX_TIMESTAMP(), j.starts + 2 * j.lasts + 60"
                     " FROM JSON_TABLE(?, '$[*]' COLUMNS (subject CHAR(16) PATH '$[0]',"
                     " starts BIGINT PATH '$[1]', lasts BIGINT PATH '$[2]', counted BIGINT PATH '$[3]')) j"
                     " ON DUPLICATE KEY UPDATE count = VALUES(count), updated_at = VALUES(updated_at)",
              .parameters = "bt",
              .retry = true },
    [NEWS] = { .name = "limit_counts.news",
               .sql = "SELECT c.subject, c.window_start, MAX(c.window_s), CAST(SUM(c.count) AS SIGNED)"
                      " FROM (SELECT DISTINCT subject, window_start FROM limit_counts"
                      " WHERE updated_at >= UNIX_TIMESTAMP() - ? AND machine <> ?) n"
                      " JOIN limit_counts c ON c.subject = n.subject AND c.window_start = n.window_start"
                      " WHERE c.machine <> ? AND c.expires_at > UNIX_TIMESTAMP()"
                      " GROUP BY c.subject, c.window_start",
               .parameters = "ibb",
               COLUMNS(columns),
               .retry = true },
};

const struct statement_table limit_counts_statements = STATEMENT_TABLE(statements);

enum store_result limit_counts_announce(struct db *db, const unsigned char machine[16])
{
    return db_run(db, &statements[ANNOUNCE], VALUES(sql_id(machine)), NULL);
}

enum store_result limit_counts_find_others(struct db *db, struct arena *arena,
                                           const unsigned char machine[16], int64_t *machines_out)
{
    return db_find(db, arena, &statements[FIND_OTHERS], VALUES(sql_id(machine)), machines_out);
}

enum store_result limit_counts_put(struct db *db, const unsigned char machine[16], const char *counts)
{
    return db_run(db, &statements[PUT], VALUES(sql_id(machine), sql_text(counts)), NULL);
}

enum store_result limit_counts_news(struct db *db, struct arena *arena, const unsigned char machine[16],
                                    int64_t since_s, struct limit_count_row **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[NEWS],
                   VALUES(sql_integer(since_s), sql_id(machine), sql_id(machine)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}
