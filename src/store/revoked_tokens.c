/* revoked_tokens.c: see revoked_tokens.h. */
#include "store/revoked_tokens.h"

enum { ADD };

static const struct statement statements[] = {
    [ADD] = { .name = "revoked_tokens.add",
              .sql = "INSERT INTO revoked_tokens (id, expires_at) VALUES (?, ?)"
                     " ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)",
              .parameters = "bi",
              .retry = true },
};

const struct statement_table revoked_tokens_statements = STATEMENT_TABLE(statements);

enum store_result revoked_tokens_add(struct db *db, const unsigned char jti[32], int64_t expires_at)
{
    return db_run(db, &statements[ADD], VALUES(sql_hash(jti), sql_integer(expires_at)), NULL);
}
