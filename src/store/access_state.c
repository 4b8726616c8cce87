/* access_state.c: see access_state.h. */
#include "store/access_state.h"

enum { FIND, FIND_MACHINE };

#define STATE(member) offsetof(struct access_state, member)

static const struct column state_columns[] = {
    { COLUMN_TEXT, STATE(user_email) },
    { COLUMN_TEXT, STATE(user_name) },
    { COLUMN_TEXT, STATE(user_claims) },
    { COLUMN_TEXT, STATE(user_status) },
    { COLUMN_BOOLEAN, STATE(user_email_verified) },
    { COLUMN_INTEGER, STATE(user_tokens_after) },
    { COLUMN_INTEGER, STATE(user_updated_at) },
    { COLUMN_INTEGER, STATE(authorization_created_at) },
    { COLUMN_INTEGER, STATE(authorization_revoked_at) },
    { COLUMN_TEXT, STATE(grant_scope) },
    { COLUMN_BOOLEAN, STATE(token_revoked) },
    { COLUMN_TEXT, STATE(permission.role) },
    { COLUMN_TEXT, STATE(permission.status) },
    { COLUMN_BOOLEAN, STATE(permission.denied) },
    { COLUMN_INTEGER, STATE(permission.last_accessed_at) },
};

static const struct column revoked_column[] = { { COLUMN_BOOLEAN, 0 } };

static const struct statement statements[] = {
    [FIND] = { .name = "access_state.find",
               .sql = "SELECT u.email, u.name, u.claims, u.status, u.email_verified, u.tokens_after,"
                      " u.updated_at, a.created_at, a.revoked_at, g.scope, r.id IS NOT NULL,"
                      " p.role, p.status, p.denied, p.last_accessed_at"
                      " FROM authorizations a JOIN users u ON u.id = a.user_id"
                      " LEFT JOIN grants g ON g.id = a.grant_id"
                      " LEFT JOIN permissions p"
                      " ON p.user_id = a.user_id AND p.client_number = a.client_number"
                      " LEFT JOIN revoked_tokens r ON r.id = ?"
                      " WHERE a.id = ? AND a.user_id = ?",
               .parameters = "bbb",
               COLUMNS(state_columns),
               .retry = true },
    [FIND_MACHINE] = { .name = "access_state.find_machine",
                       .sql = "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?)",
                       .parameters = "b",
                       COLUMNS(revoked_column),
                       .retry = true },
};

const struct statement_table access_state_statements = STATEMENT_TABLE(statements);

enum store_result access_state_find(struct db *db, struct arena *arena, const unsigned char jti[32],
                                    const unsigned char authorization_id[16], const unsigned char user_id[16],
                                    struct access_state *state_out)
{
    return db_find(db, arena, &statements[FIND],
                   VALUES(sql_hash(jti), sql_id(authorization_id), sql_id(user_id)), state_out);
}

enum store_result access_state_find_machine(struct db *db, struct arena *arena, const unsigned char jti[32],
                                            bool *revoked_out)
{
    return db_find(db, arena, &statements[FIND_MACHINE], VALUES(sql_hash(jti)), revoked_out);
}
