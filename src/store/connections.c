/* connections.c: see connections.h. */
#include "store/connections.h"

enum {
    LIST,
    LOCK_OF_USER,
    LOCK_OF_PROVIDER,
    FIND,
    LOCK,
    FIND_BY_SUBJECT,
    ADD,
    CHANGE_PROFILE,
    WRITE,
    CLAIM,
    RELEASE,
    BREAK,
    REMOVE
};

#define ROW(member) offsetof(struct connection_row, member)

#define CONNECTION_COLUMNS                                                                                   \
    "id, user_id, provider, subject, label, created_at, email, email_verified, display_name, sign_in,"       \
    " scopes, access_sealed, refresh_sealed, token_expires_at, status, version, updated_at"
/* A claim that would last for longer than any does is of a clock that was wrong. */
#define NOW_MS "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
#define IS_HELD "(refresh_until_ms > " NOW_MS " AND refresh_until_ms <= " NOW_MS " + 60000)"
_Static_assert(CONNECTIONS_CLAIM_MS == 60000, "IS_HELD says so as well");

#define SELECT_CONNECTIONS "SELECT " CONNECTION_COLUMNS ", refresh_claim, " IS_HELD " FROM connections"

static const struct column connection_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_TEXT, ROW(provider) },
    { COLUMN_TEXT, ROW(subject) },
    { COLUMN_TEXT, ROW(label) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_TEXT, ROW(email) },
    { COLUMN_BOOLEAN, ROW(email_verified) },
    { COLUMN_TEXT, ROW(display_name) },
    { COLUMN_BOOLEAN, ROW(sign_in) },
    { COLUMN_TEXT, ROW(scopes) },
    { COLUMN_BYTES, ROW(access_sealed) },
    { COLUMN_BYTES, ROW(refresh_sealed) },
    { COLUMN_INTEGER, ROW(token_expires_at) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(version) },
    { COLUMN_INTEGER, ROW(updated_at) },
    { COLUMN_ID, ROW(refresh_claim) },
    { COLUMN_BOOLEAN, ROW(is_held) },
};

static const struct statement statements[] = {
    [LIST] = { .name = "connections.list",
               .sql = SELECT_CONNECTIONS " WHERE user_id = ? ORDER BY provider, created_at",
               .parameters = "b",
               COLUMNS(connection_columns),
               .retry = true },
    [LOCK_OF_USER] = { .name = "connections.lock_of_user",
                       .sql =
                           SELECT_CONNECTIONS " WHERE user_id = ? ORDER BY provider, created_at FOR UPDATE",
                       .parameters = "b",
                       COLUMNS(connection_columns) },
    [LOCK_OF_PROVIDER] = { .name = "connections.lock_of_provider",
                           .sql = SELECT_CONNECTIONS " WHERE provider = ? LIMIT ? FOR UPDATE",
                           .parameters = "ti",
                           COLUMNS(connection_columns) },
    [FIND] = { .name = "connections.find",
               .sql = SELECT_CONNECTIONS " WHERE id = ? AND user_id = ?",
               .parameters = "bb",
               COLUMNS(connection_columns),
               .retry = true },
    [LOCK] = { .name = "connections.lock",
               .sql = SELECT_CONNECTIONS " WHERE id = ? AND user_id = ? FOR UPDATE",
               .parameters = "bb",
               COLUMNS(connection_columns) },
    [FIND_BY_SUBJECT] = { .name = "connections.find_by_subject",
                          .sql = SELECT_CONNECTIONS " WHERE provider = ? AND subject = ?",
                          .parameters = "tt",
                          COLUMNS(connection_columns),
                          .retry = true },
    [ADD] = { .name = "connections.add",
              .sql = "INSERT INTO connections (" CONNECTION_COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbtttititi"
                            "tbbitii" },
    [CHANGE_PROFILE] = { .name = "connections.change_profile",
                         .sql = "UPDATE connections SET label = ?, email = ?, email_verified = ?,"
                                " display_name = ?, sign_in = ?, updated_at = ?"
                                " WHERE id = ? AND user_id = ?",
                         .parameters = "ttitiibb" },
    [WRITE] = { .name = "connections.write",
                .sql = "UPDATE connections SET label = ?, email = ?, email_verified = ?, display_name = ?,"
                       " scopes = ?, access_sealed = ?, refresh_sealed = ?, token_expires_at = ?,"
                       " status = ?, version = version + 1, updated_at = ?,"
                       " refresh_claim = NULL, refresh_until_ms = 0 WHERE id = ? AND version = ?",
                .parameters = "ttittbbitibi" },
    [CLAIM] = { .name = "connections.claim",
                .sql = "UPDATE connections SET refresh_claim = ?, refresh_until_ms = " NOW_MS " + 60000"
                       " WHERE id = ? AND version = ? AND NOT " IS_HELD,
                .parameters = "bbi" },
    [RELEASE] = { .name = "connections.release",
                  .sql = "UPDATE connections SET refresh_claim = NULL, refresh_until_ms = " NOW_MS " + ?"
                         " WHERE id = ? AND refresh_claim = ?",
                  .parameters = "ibb",
                  .retry = true },
    [BREAK] = { .name = "connections.break",
                .sql = "UPDATE connections SET status = 'broken', version = version + 1, updated_at = ?,"
                       " refresh_claim = NULL, refresh_until_ms = 0 WHERE id = ? AND version = ?",
                .parameters = "ibi" },
    [REMOVE] = { .name = "connections.remove",
                 .sql = "DELETE FROM connections WHERE id = ? AND user_id = ?",
                 .parameters = "bb" },
};

const struct statement_table connections_statements = STATEMENT_TABLE(statements);

enum store_result connections_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   struct connection_row **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[LIST], VALUES(sql_id(user_id)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}

enum store_result connections_lock_of_user(struct db *db, struct arena *arena,
                                           const unsigned char user_id[16], struct connection_row **rows_out,
                                           size_t *count_out)
{
    return db_list(db, arena, &statements[LOCK_OF_USER], VALUES(sql_id(user_id)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}

enum store_result connections_lock_of_provider(struct db *db, struct arena *arena, const char *provider,
                                               int64_t limit, struct connection_row **rows_out,
                                               size_t *count_out)
{
    return db_list(db, arena, &statements[LOCK_OF_PROVIDER], VALUES(sql_text(provider), sql_integer(limit)),
                   sizeof(**rows_out), (void **)rows_out, count_out);
}

enum store_result connections_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   const unsigned char id[16], struct connection_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id), sql_id(user_id)), row_out);
}

enum store_result connections_lock(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   const unsigned char id[16], struct connection_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(id), sql_id(user_id)), row_out);
}

enum store_result connections_find_by_subject(struct db *db, struct arena *arena, const char *provider,
                                              const char *subject, struct connection_row *row_out)
{
    return db_find(db, arena, &statements[FIND_BY_SUBJECT], VALUES(sql_text(provider), sql_text(subject)),
                   row_out);
}

enum store_result connections_add(struct db *db, const struct connection_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->user_id), sql_text(row->provider),
                         sql_text(row->subject), sql_text_cut(row->label, 320), sql_integer(row->created_at),
                         sql_text_cut(row->email, 320), sql_integer(row->email_verified),
                         sql_text_cut(row->display_name, 200), sql_integer(row->sign_in),
                         sql_text(row->scopes), sql_bytes(row->access_sealed.data, row->access_sealed.length),
                         sql_bytes(row->refresh_sealed.data, row->refresh_sealed.length),
                         sql_integer(row->token_expires_at), sql_text(row->status), sql_integer(row->version),
                         sql_integer(row->updated_at)),
                  NULL);
}

enum store_result connections_change_profile(struct db *db, const struct connection_row *row)
{
    return db_run_one(db, &statements[CHANGE_PROFILE],
                      VALUES(sql_text(row->label), sql_text(row->email), sql_integer(row->email_verified),
                             sql_text_cut(row->display_name, 200), sql_integer(row->sign_in),
                             sql_integer(row->updated_at), sql_id(row->id), sql_id(row->user_id)));
}

static struct value sealed(struct bytes bytes)
{
    return sql_bytes(bytes.data, bytes.length);
}

enum store_result connections_write(struct db *db, const struct connection_row *row, int64_t now)
{
    return db_run_one(db, &statements[WRITE],
                      VALUES(sql_text_cut(row->label, 320), sql_text_cut(row->email, 320),
                             sql_integer(row->email_verified), sql_text_cut(row->display_name, 200),
                             sql_text(row->scopes), sealed(row->access_sealed), sealed(row->refresh_sealed),
                             sql_integer(row->token_expires_at), sql_text(row->status), sql_integer(now),
                             sql_id(row->id), sql_integer(row->version)));
}

enum store_result connections_claim(struct db *db, const struct connection_row *row,
                                    const unsigned char claim[16])
{
    return db_run_one(db, &statements[CLAIM],
                      VALUES(sql_id(claim), sql_id(row->id), sql_integer(row->version)));
}

enum store_result connections_release(struct db *db, const struct connection_row *row,
                                      const unsigned char claim[16], int64_t pause_ms)
{
    return db_run_one(db, &statements[RELEASE],
                      VALUES(sql_integer(pause_ms), sql_id(row->id), sql_id(claim)));
}

enum store_result connections_break(struct db *db, const struct connection_row *row, int64_t now)
{
    return db_run_one(db, &statements[BREAK],
                      VALUES(sql_integer(now), sql_id(row->id), sql_integer(row->version)));
}

enum store_result connections_remove(struct db *db, const unsigned char user_id[16],
                                     const unsigned char id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(id), sql_id(user_id)));
}
