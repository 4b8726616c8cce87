/* provider_requests.c: see provider_requests.h. */
#include "store/provider_requests.h"

enum { ADD, FIND, COMPLETE };

#define ROW(member) offsetof(struct provider_request_row, member)

static const struct column request_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_HASH, ROW(secret_hash) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_TEXT, ROW(provider) },
    { COLUMN_TEXT, ROW(scopes) },
    { COLUMN_TEXT, ROW(redirect_uri) },
    { COLUMN_TEXT, ROW(client_state) },
    { COLUMN_ID, ROW(connection_id) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
    { COLUMN_TEXT, ROW(service_name) },
    { COLUMN_TEXT, ROW(service_status) },
    { COLUMN_TEXT, ROW(service_providers) },
    { COLUMN_TEXT, ROW(user_email) },
    { COLUMN_TEXT, ROW(user_status) },
    { COLUMN_BOOLEAN, ROW(user_email_verified) },
    { COLUMN_BOOLEAN, ROW(user_has_come) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "provider_requests.add",
              .sql = "INSERT INTO provider_requests (id, secret_hash, service_id, user_id, provider, scopes,"
                     " redirect_uri, client_state, connection_id, created_at, expires_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbbbttttbii" },
    [FIND] = { .name = "provider_requests.find",
               .sql = "SELECT r.id, r.secret_hash, r.service_id, r.user_id, r.provider, r.scopes,"
                      " r.redirect_uri, r.client_state, r.connection_id, r.status, r.created_at,"
                      " r.expires_at, s.name, s.status, s.providers, u.email, u.status,"
                      " u.email_verified, u.email_verified OR u.self_registered OR"
                      " u.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM connections c"
                      " WHERE c.user_id = u.id AND c.sign_in)"
                      " FROM provider_requests r JOIN services s ON s.id = r.service_id"
                      " JOIN users u ON u.id = r.user_id WHERE r.id = ?",
               .parameters = "b",
               COLUMNS(request_columns),
               .retry = true },
    [COMPLETE] = { .name = "provider_requests.complete",
                   .sql = "UPDATE provider_requests SET status = 'completed'"
                          " WHERE id = ? AND status = 'pending' AND expires_at > ?",
                   .parameters = "bi" },
};

const struct statement_table provider_requests_statements = STATEMENT_TABLE(statements);

static struct value id_or_null(const unsigned char id[16])
{
    static const unsigned char none[16];
    return memcmp(id, none, sizeof(none)) == 0 ? sql_bytes(NULL, 0) : sql_id(id);
}

enum store_result provider_requests_add(struct db *db, const struct provider_request_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_hash(row->secret_hash), sql_id(row->service_id),
                         sql_id(row->user_id), sql_text(row->provider), sql_text(row->scopes),
                         sql_text(row->redirect_uri), sql_text(row->client_state),
                         id_or_null(row->connection_id), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result provider_requests_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                         struct provider_request_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result provider_requests_complete(struct db *db, const unsigned char id[16], int64_t now)
{
    return db_run_one(db, &statements[COMPLETE], VALUES(sql_id(id), sql_integer(now)));
}
