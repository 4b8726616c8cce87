/* authorizations.c: see authorizations.h. */
#include "store/authorizations.h"

enum {
    ADD,
    FIND,
    REDEEM,
    ROTATE,
    REVOKE,
    REVOKE_BY_CLIENT,
    REVOKE_BY_GRANT,
    REVOKE_BY_USER,
    REVOKE_BY_USER_AND_CLIENT,
    REMOVE_PART
};

#define ROW(member) offsetof(struct authorization_state, authorization.member)
#define STATE(member) offsetof(struct authorization_state, member)

static const struct column state_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(grant_id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_INTEGER, ROW(client_number) },
    { COLUMN_ID, ROW(sid) },
    { COLUMN_TEXT, ROW(scope) },
    { COLUMN_TEXT, ROW(redirect_uri) },
    { COLUMN_BOOLEAN, ROW(redirect_uri_sent) },
    { COLUMN_TEXT, ROW(nonce) },
    { COLUMN_TEXT, ROW(code_challenge) },
    { COLUMN_INTEGER, ROW(auth_time) },
    { COLUMN_TEXT, ROW(amr) },
    { COLUMN_HASH, ROW(code_hash) },
    { COLUMN_INTEGER, ROW(code_expires_at) },
    { COLUMN_INTEGER, ROW(redeemed_at) },
    { COLUMN_INTEGER, ROW(refresh_generation) },
    { COLUMN_HASH, ROW(refresh_hash) },
    { COLUMN_BYTES, ROW(refresh_sealed) },
    { COLUMN_INTEGER, ROW(refreshed_at_ms) },
    { COLUMN_INTEGER, ROW(revoked_at) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
    { COLUMN_TEXT, ROW(bound_to) },
    { COLUMN_TEXT, STATE(user_email) },
    { COLUMN_TEXT, STATE(user_name) },
    { COLUMN_TEXT, STATE(user_claims) },
    { COLUMN_TEXT, STATE(user_status) },
    { COLUMN_BOOLEAN, STATE(user_email_verified) },
    { COLUMN_INTEGER, STATE(user_tokens_after) },
    { COLUMN_INTEGER, STATE(user_updated_at) },
    { COLUMN_TEXT, STATE(grant_scope) },
    { COLUMN_TEXT, STATE(permission.role) },
    { COLUMN_TEXT, STATE(permission.status) },
    { COLUMN_BOOLEAN, STATE(permission.denied) },
    { COLUMN_INTEGER, STATE(permission.last_accessed_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "authorizations.add",
              .sql = "INSERT INTO authorizations (id, grant_id, user_id, client_number, sid, scope,"
                     " redirect_uri, redirect_uri_sent, nonce, code_challenge, auth_time, amr, code_hash,"
                     " code_expires_at, created_at, expires_at, bound_to)"
                     " SELECT ?, ?, u.id, ?, s.sid, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
                     " FROM users u STRAIGHT_JOIN sessions s ON s.user_id = u.id"
                     " WHERE u.id = ? AND s.sid = ? LOCK IN SHARE MODE",
              .parameters = "bbittittitbiiitbb" },
    [FIND] = { .name = "authorizations.find",
               .sql = "SELECT a.id, a.grant_id, a.user_id, a.client_number, a.sid, a.scope, a.redirect_uri,"
                      " a.redirect_uri_sent, a.nonce, a.code_challenge, a.auth_time, a.amr, a.code_hash,"
                      " a.code_expires_at, a.redeemed_at, a.refresh_generation, a.refresh_hash,"
                      " a.refresh_sealed, a.refreshed_at_ms, a.revoked_at, a.created_at, a.expires_at,"
                      " a.bound_to, u.email, u.name, u.claims, u.status, u.email_verified, u.tokens_after, "
                      "u.updated_at,"
                      " g.scope, p.role, p.status, p.denied, p.last_accessed_at"
                      " FROM authorizations a JOIN users u ON u.id = a.user_id"
                      " LEFT JOIN grants g ON g.id = a.grant_id"
                      " LEFT JOIN permissions p"
                      " ON p.user_id = a.user_id AND p.client_number = a.client_number WHERE a.id = ?",
               .parameters = "b",
               COLUMNS(state_columns),
               .retry = true },
    [REDEEM] = { .name = "authorizations.redeem",
                 .sql = "UPDATE authorizations SET redeemed_at = ?, refresh_hash = ?, refresh_generation = ?,"
                        " expires_at = ?, bound_to = ?"
                        " WHERE id = ? AND code_hash = ? AND redeemed_at = 0 AND revoked_at = 0",
                 .parameters = "ibiitbb" },
    [ROTATE] = { .name = "authorizations.rotate",
                 .sql = "UPDATE authorizations SET refresh_generation = refresh_generation + 1,"
                        " refresh_hash = ?, refresh_sealed = ?, refreshed_at_ms = ?, expires_at = ?"
                        " WHERE id = ? AND refresh_generation = ? AND revoked_at = 0",
                 .parameters = "bbiibi" },
    [REVOKE] = { .name = "authorizations.revoke",
                 .sql = "UPDATE authorizations SET revoked_at = ? WHERE id = ? AND revoked_at = 0",
                 .parameters = "ib",
                 .retry = true },
    [REVOKE_BY_CLIENT] = { .name = "authorizations.revoke_by_client",
                           .sql = "UPDATE authorizations SET revoked_at = ?"
                                  " WHERE id = ? AND client_number = ? AND revoked_at = 0",
                           .parameters = "ibi",
                           .retry = true },
    [REVOKE_BY_GRANT] = { .name = "authorizations.revoke_by_grant",
                          .sql = "UPDATE authorizations SET revoked_at = ?"
                                 " WHERE user_id = ? AND grant_id = ? AND revoked_at = 0",
                          .parameters = "ibb" },
    [REVOKE_BY_USER] = { .name = "authorizations.revoke_by_user",
                         .sql =
                             "UPDATE authorizations SET revoked_at = ? WHERE user_id = ? AND revoked_at = 0",
                         .parameters = "ib",
                         .retry = true },
    [REVOKE_BY_USER_AND_CLIENT] = { .name = "authorizations.revoke_by_user_and_client",
                                    .sql = "UPDATE authorizations SET revoked_at = ?"
                                           " WHERE user_id = ? AND client_number = ? AND revoked_at = 0",
                                    .parameters = "ibi",
                                    .retry = true },
    [REMOVE_PART] = { .name = "authorizations.remove_part",
                      .sql = "DELETE a FROM (SELECT user_id, client_number FROM grants"
                             " WHERE client_number = ? ORDER BY id LIMIT ?) g"
                             " STRAIGHT_JOIN authorizations a"
                             " ON a.user_id = g.user_id AND a.client_number = g.client_number",
                      .parameters = "ii" },
};

const struct statement_table authorizations_statements = STATEMENT_TABLE(statements);

enum store_result authorizations_add(struct db *db, const struct authorization_row *row)
{
    return db_run_one(
        db, &statements[ADD],
        VALUES(sql_id(row->id), sql_id(row->grant_id), sql_integer(row->client_number), sql_text(row->scope),
               sql_text(row->redirect_uri), sql_integer(row->redirect_uri_sent), sql_text(row->nonce),
               sql_text(row->code_challenge), sql_integer(row->auth_time), sql_text(row->amr),
               sql_hash(row->code_hash), sql_integer(row->code_expires_at), sql_integer(row->created_at),
               sql_integer(row->expires_at), sql_text(row->bound_to ? row->bound_to : ""),
               sql_id(row->user_id), sql_id(row->sid)));
}

enum store_result authorizations_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                      struct authorization_state *state_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), state_out);
}

enum store_result authorizations_redeem(struct db *db, const unsigned char id[16],
                                        const unsigned char code_hash[32],
                                        const struct authorization_redemption *redemption)
{
    return db_run_one(db, &statements[REDEEM],
                      VALUES(sql_integer(redemption->now), sql_hash(redemption->refresh_hash),
                             sql_integer(redemption->refresh_generation), sql_integer(redemption->expires_at),
                             sql_text(redemption->bound_to), sql_id(id), sql_hash(code_hash)));
}

enum store_result authorizations_rotate(struct db *db, const unsigned char id[16],
                                        const struct authorization_rotation *rotation)
{
    return db_run_one(db, &statements[ROTATE],
                      VALUES(sql_hash(rotation->refresh_hash),
                             sql_bytes(rotation->refresh_sealed.data, rotation->refresh_sealed.length),
                             sql_integer(rotation->now_ms), sql_integer(rotation->expires_at), sql_id(id),
                             sql_integer(rotation->generation)));
}

enum store_result authorizations_revoke(struct db *db, const unsigned char id[16], int64_t now)
{
    return db_run(db, &statements[REVOKE], VALUES(sql_integer(now), sql_id(id)), NULL);
}

enum store_result authorizations_revoke_by_client(struct db *db, const unsigned char id[16],
                                                  int64_t client_number, int64_t now)
{
    return db_run_one(db, &statements[REVOKE_BY_CLIENT],
                      VALUES(sql_integer(now), sql_id(id), sql_integer(client_number)));
}

enum store_result authorizations_revoke_by_grant(struct db *db, const unsigned char user_id[16],
                                                 const unsigned char grant_id[16], int64_t now)
{
    return db_run(db, &statements[REVOKE_BY_GRANT],
                  VALUES(sql_integer(now), sql_id(user_id), sql_id(grant_id)), NULL);
}

enum store_result authorizations_revoke_by_user(struct db *db, const unsigned char user_id[16], int64_t now)
{
    return db_run(db, &statements[REVOKE_BY_USER], VALUES(sql_integer(now), sql_id(user_id)), NULL);
}

enum store_result authorizations_revoke_by_user_and_client(struct db *db, const unsigned char user_id[16],
                                                           int64_t client_number, int64_t now)
{
    return db_run(db, &statements[REVOKE_BY_USER_AND_CLIENT],
                  VALUES(sql_integer(now), sql_id(user_id), sql_integer(client_number)), NULL);
}

enum store_result authorizations_remove_part(struct db *db, int64_t client_number, int64_t limit)
{
    return db_run(db, &statements[REMOVE_PART], VALUES(sql_integer(client_number), sql_integer(limit)), NULL);
}
