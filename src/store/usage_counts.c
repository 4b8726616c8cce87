/* usage_counts.c: see usage_counts.h. */
#include "store/usage_counts.h"

enum { PUT };

static const struct statement statements[] = {
    [PUT] = { .name = "usage_counts.put",
              .sql = "INSERT INTO usage_counts (service_id, hour, kind, machine, count, expires_at)"
                     " SELECT UNHEX(j.service), j.hour, j.kind, ?, j.counted, j.hour + 400 * 86400"
                     " FROM JSON_TABLE(?, '$[*]' COLUMNS (service CHAR(32) PATH '$[0]',"
                     " hour BIGINT PATH '$[1]', kind VARCHAR(32) PATH '$[2]', counted BIGINT PATH '$[3]')) j"
                     " ON DUPLICATE KEY UPDATE count = GREATEST(count, VALUES(count))",
              .parameters = "bt",
              .retry = true },
};

const struct statement_table usage_counts_statements = STATEMENT_TABLE(statements);

enum store_result usage_counts_put(struct db *db, const unsigned char machine[16], const char *counts)
{
    return db_run(db, &statements[PUT], VALUES(sql_id(machine), sql_text(counts)), NULL);
}
