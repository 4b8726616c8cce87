/* provider_grants.c: see provider_grants.h. */
#include "store/provider_grants.h"

enum { SITUATION, OF_USER, LOCK, ADD, SET_SCOPES, TOUCH, REMOVE };

#define ROW(member) offsetof(struct provider_grant_row, member)

static const struct column grant_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(connection_id) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_TEXT, ROW(scopes) },
    { COLUMN_INTEGER, ROW(granted_at) },
    { COLUMN_INTEGER, ROW(last_used_at) },
    { COLUMN_TEXT, ROW(service_name) },
};

#define SEEN(member) offsetof(struct provider_situation, member)

static const struct column situation_columns[] = {
    { COLUMN_TEXT, SEEN(user_status) },
    { COLUMN_BOOLEAN, SEEN(has_connection) },
    { COLUMN_ID, SEEN(connection.id) },
    { COLUMN_ID, SEEN(connection.user_id) },
    { COLUMN_TEXT, SEEN(connection.provider) },
    { COLUMN_TEXT, SEEN(connection.subject) },
    { COLUMN_TEXT, SEEN(connection.label) },
    { COLUMN_INTEGER, SEEN(connection.created_at) },
    { COLUMN_TEXT, SEEN(connection.email) },
    { COLUMN_BOOLEAN, SEEN(connection.email_verified) },
    { COLUMN_TEXT, SEEN(connection.display_name) },
    { COLUMN_BOOLEAN, SEEN(connection.sign_in) },
    { COLUMN_TEXT, SEEN(connection.scopes) },
    { COLUMN_BYTES, SEEN(connection.access_sealed) },
    { COLUMN_BYTES, SEEN(connection.refresh_sealed) },
    { COLUMN_INTEGER, SEEN(connection.token_expires_at) },
    { COLUMN_TEXT, SEEN(connection.status) },
    { COLUMN_INTEGER, SEEN(connection.version) },
    { COLUMN_BOOLEAN, SEEN(has_grant) },
    { COLUMN_ID, SEEN(grant.id) },
    { COLUMN_TEXT, SEEN(grant.scopes) },
    { COLUMN_INTEGER, SEEN(grant.granted_at) },
    { COLUMN_INTEGER, SEEN(grant.last_used_at) },
};

#define SELECT_GRANTS                                                                                        \
    "SELECT g.id, g.connection_id, g.service_id, g.user_id, g.scopes, g.granted_at, g.last_used_at, s.name"  \
    " FROM provider_grants g JOIN services s ON s.id = g.service_id"

static const struct statement statements[] = {
    [SITUATION] = { .name = "provider_grants.situation",
                    .sql = "SELECT u.status, c.id IS NOT NULL, c.id, c.user_id, c.provider, c.subject,"
                           " c.label, c.created_at, c.email, c.email_verified, c.display_name, c.sign_in,"
                           " c.scopes, c.access_sealed, c.refresh_sealed, c.token_expires_at,"
                           " c.status, c.version, g.id IS NOT NULL, g.id, g.scopes, g.granted_at,"
                           " g.last_used_at FROM members m JOIN users u ON u.id = m.user_id"
                           " LEFT JOIN connections c ON c.user_id = m.user_id AND c.provider = ?"
                           " LEFT JOIN provider_grants g ON g.connection_id = c.id"
                           " AND g.service_id = m.service_id"
                           " WHERE m.service_id = ? AND m.user_id = ? ORDER BY c.created_at, c.id",
                    .parameters = "tbb",
                    COLUMNS(situation_columns),
                    .retry = true },
    [OF_USER] = { .name = "provider_grants.of_user",
                  .sql = SELECT_GRANTS " JOIN connections c ON c.id = g.connection_id"
                                       " WHERE c.user_id = ? ORDER BY s.name, g.id",
                  .parameters = "b",
                  COLUMNS(grant_columns),
                  .retry = true },
    [LOCK] = { .name = "provider_grants.lock",
               .sql = SELECT_GRANTS " WHERE g.connection_id = ? AND g.service_id = ? FOR UPDATE",
               .parameters = "bb",
               COLUMNS(grant_columns) },
    [ADD] = { .name = "provider_grants.add",
              .sql = "INSERT INTO provider_grants (id, connection_id, service_id, user_id, scopes,"
                     " granted_at) VALUES (?, ?, ?, ?, ?, ?)",
              .parameters = "bbbbti" },
    [SET_SCOPES] = { .name = "provider_grants.set_scopes",
                     .sql = "UPDATE provider_grants SET scopes = ?, granted_at = ? WHERE id = ?",
                     .parameters = "tib" },
    /* of several workers at once one writes */
    [TOUCH] = { .name = "provider_grants.touch",
                .sql = "UPDATE provider_grants SET last_used_at = ? WHERE id = ? AND last_used_at <= ?",
                .parameters = "ibi" },
    [REMOVE] = { .name = "provider_grants.remove",
                 .sql = "DELETE FROM provider_grants WHERE connection_id = ? AND service_id = ?"
                        " AND user_id = ?",
                 .parameters = "bbb" },
};

const struct statement_table provider_grants_statements = STATEMENT_TABLE(statements);

enum store_result provider_grants_situation(struct db *db, struct arena *arena,
                                            const unsigned char service_id[16],
                                            const unsigned char user_id[16], const char *provider,
                                            struct provider_situation **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[SITUATION],
                   VALUES(sql_text(provider), sql_id(service_id), sql_id(user_id)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}

enum store_result provider_grants_of_user(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                          struct provider_grant_row **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[OF_USER], VALUES(sql_id(user_id)), sizeof(**rows_out),
                   (void **)rows_out, count_out);
}

enum store_result provider_grants_lock(struct db *db, struct arena *arena,
                                       const unsigned char connection_id[16],
                                       const unsigned char service_id[16], struct provider_grant_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(connection_id), sql_id(service_id)), row_out);
}

enum store_result provider_grants_add(struct db *db, const struct provider_grant_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->connection_id), sql_id(row->service_id),
                         sql_id(row->user_id), sql_text(row->scopes), sql_integer(row->granted_at)),
                  NULL);
}

enum store_result provider_grants_set_scopes(struct db *db, const unsigned char id[16], const char *scopes,
                                             int64_t now)
{
    return db_run_one(db, &statements[SET_SCOPES], VALUES(sql_text(scopes), sql_integer(now), sql_id(id)));
}

enum store_result provider_grants_touch(struct db *db, const unsigned char id[16], int64_t now,
                                        int64_t unless_since)
{
    return db_run_one(db, &statements[TOUCH],
                      VALUES(sql_integer(now), sql_id(id), sql_integer(unless_since)));
}

enum store_result provider_grants_remove(struct db *db, const unsigned char user_id[16],
                                         const unsigned char connection_id[16],
                                         const unsigned char service_id[16])
{
    return db_run_one(db, &statements[REMOVE],
                      VALUES(sql_id(connection_id), sql_id(service_id), sql_id(user_id)));
}
