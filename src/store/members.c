/* members.c: see members.h. */
#include "store/members.h"

enum { PUT };

static const struct statement statements[] = {
    /* not INSERT IGNORE, which would also hide that the user is gone */
    [PUT] = { .name = "members.put",
              .sql = "INSERT INTO members (service_id, user_id, created_at) VALUES (?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE created_at = created_at",
              .parameters = "bbi",
              .retry = true },
};

const struct statement_table members_statements = STATEMENT_TABLE(statements);

enum store_result members_put(struct db *db, const unsigned char service_id[16],
                              const unsigned char user_id[16], int64_t now)
{
    return db_run(db, &statements[PUT], VALUES(sql_id(service_id), sql_id(user_id), sql_integer(now)), NULL);
}
