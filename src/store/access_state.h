/* access_state.h: whether a token that carries its own facts still stands: one statement, no write. */
#ifndef DOORWARD_STORE_ACCESS_STATE_H
#define DOORWARD_STORE_ACCESS_STATE_H

#include "store/permissions.h"

extern const struct statement_table access_state_statements;

struct access_state {
    const char *user_email, *user_name, *user_claims, *user_status;
    bool user_email_verified;
    int64_t user_tokens_after, user_updated_at;
    int64_t authorization_created_at, authorization_revoked_at;
    const char *grant_scope; /* NULL: withdrawn */
    bool token_revoked;
    struct permission_state permission; /* of the user at the client */
};

/* NOT_FOUND when the authorization is gone or not this user's. */
enum store_result access_state_find(struct db *db, struct arena *arena, const unsigned char jti[32],
                                    const unsigned char authorization_id[16], const unsigned char user_id[16],
                                    struct access_state *state_out) MUST_CHECK;

/* The same for a token without a user. */
enum store_result access_state_find_machine(struct db *db, struct arena *arena, const unsigned char jti[32],
                                            bool *revoked_out) MUST_CHECK;

#endif
