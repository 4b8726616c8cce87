/* idempotency_keys.c: see idempotency_keys.h. */
#include "store/idempotency_keys.h"

enum { DROP_EXPIRED, ADD, FIND, ANSWER, FORGET };

#define ROW(member) offsetof(struct idempotency_row, member)

static const struct column key_columns[] = {
    { COLUMN_HASH, ROW(id) },      { COLUMN_HASH, ROW(request_hash) },  { COLUMN_INTEGER, ROW(status) },
    { COLUMN_BYTES, ROW(sealed) }, { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(expires_at) },
};

/* What a call may end is its own beginning: that which was begun at the same time. */
#define UNDER_WAY " WHERE id = ? AND status = 0 AND created_at = ?"

static const struct statement statements[] = {
    [DROP_EXPIRED] = { .name = "idempotency_keys.drop_expired",
                       .sql = "DELETE FROM idempotency_keys WHERE id = ? AND expires_at <= ?",
                       .parameters = "bi",
                       .retry = true },
    [ADD] = { .name = "idempotency_keys.add",
              .sql = "INSERT INTO idempotency_keys (id, request_hash, sealed, created_at, expires_at)"
                     " VALUES (?, ?, '', ?, ?)",
              .parameters = "bbii" },
    [FIND] = { .name = "idempotency_keys.find",
               .sql = "SELECT id, request_hash, status, sealed, created_at, expires_at FROM idempotency_keys"
                      " WHERE id = ?",
               .parameters = "b",
               COLUMNS(key_columns),
               .retry = true },
    [ANSWER] = { .name = "idempotency_keys.answer",
                 .sql = "UPDATE idempotency_keys SET status = ?, sealed = ?, expires_at = ?" UNDER_WAY,
                 .parameters = "ibibi" },
    [FORGET] = { .name = "idempotency_keys.forget",
                 .sql = "DELETE FROM idempotency_keys" UNDER_WAY,
                 .parameters = "bi",
                 .retry = true },
};

const struct statement_table idempotency_keys_statements = STATEMENT_TABLE(statements);

static enum store_result add(struct db *db, const struct idempotency_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_hash(row->id), sql_hash(row->request_hash), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result idempotency_keys_begin(struct db *db, const struct idempotency_row *row)
{
    enum store_result result = add(db, row);
    int64_t dropped = 0;
    if (result != STORE_CONFLICT)
        return result;
    result = db_run(db, &statements[DROP_EXPIRED], VALUES(sql_hash(row->id), sql_integer(row->created_at)),
                    &dropped);
    if (result != STORE_OK)
        return result;
    return dropped ? add(db, row) : STORE_CONFLICT;
}

enum store_result idempotency_keys_find(struct db *db, struct arena *arena, const unsigned char id[32],
                                        struct idempotency_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_hash(id)), row_out);
}

enum store_result idempotency_keys_answer(struct db *db, const struct idempotency_row *row)
{
    return db_run_one(db, &statements[ANSWER],
                      VALUES(sql_integer(row->status), sql_bytes(row->sealed.data, row->sealed.length),
                             sql_integer(row->expires_at), sql_hash(row->id), sql_integer(row->created_at)));
}

enum store_result idempotency_keys_forget(struct db *db, const struct idempotency_row *row)
{
    return db_run(db, &statements[FORGET], VALUES(sql_hash(row->id), sql_integer(row->created_at)), NULL);
}
