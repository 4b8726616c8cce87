/*
 * authorizations.h: approved requests: a code, then refresh tokens, in one row that is changed in
 * place. Redemption and rotation are each one conditional UPDATE, which can succeed only once.
 */
#ifndef DOORWARD_STORE_AUTHORIZATIONS_H
#define DOORWARD_STORE_AUTHORIZATIONS_H

#include "store/permissions.h"

extern const struct statement_table authorizations_statements;

struct authorization_row {
    unsigned char id[16], grant_id[16], user_id[16];
    int64_t client_number;
    unsigned char sid[16]; /* of the session that it was approved in */
    const char *scope, *redirect_uri;
    bool redirect_uri_sent;
    const char *nonce, *code_challenge; /* NULL: none */
    const char *bound_to; /* the key of the code, then of the refresh tokens ("jkt:…"); "": of none */
    int64_t auth_time;
    const char *amr;
    unsigned char code_hash[32];
    int64_t code_expires_at, redeemed_at;
    int64_t refresh_generation;     /* of the refresh token that is current */
    unsigned char refresh_hash[32]; /* of the last redemption or rotation; zeros: neither yet */
    struct bytes refresh_sealed;    /* the answer to the last rotation; data NULL: none */
    int64_t refreshed_at_ms, revoked_at, created_at, expires_at;
};

/* A row with all that decides whether what hangs from it still stands. */
struct authorization_state {
    struct authorization_row authorization;
    const char *user_email, *user_name, *user_claims, *user_status;
    bool user_email_verified;
    int64_t user_tokens_after, user_updated_at;
    const char *grant_scope;            /* NULL: withdrawn */
    struct permission_state permission; /* of the user at the client */
};

/* Only while the session that it was approved in stands, and under its lock: what ends the session has either
 * seen this row, or keeps it from being written. NOT_FOUND when session or user are gone. */
enum store_result authorizations_add(struct db *db, const struct authorization_row *row) MUST_CHECK;

/* For redemption, rotation and introspection: one statement. */
enum store_result authorizations_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                      struct authorization_state *state_out) MUST_CHECK;

/* The first refresh token comes with the redemption; where none is given, its hash still tells one
 * redemption from another. */
struct authorization_redemption {
    int64_t now;
    const unsigned char *refresh_hash;
    int64_t refresh_generation; /* 1, or 0: no refresh token was given */
    const char *bound_to;       /* the key of the refresh tokens */
    int64_t expires_at;
};

/* NOT_FOUND when the code is another, was redeemed before, or the row is revoked. */
enum store_result authorizations_redeem(struct db *db, const unsigned char id[16],
                                        const unsigned char code_hash[32],
                                        const struct authorization_redemption *redemption) MUST_CHECK;

struct authorization_rotation {
    int64_t generation; /* expected; the row's becomes one more */
    const unsigned char *refresh_hash;
    struct bytes refresh_sealed;
    int64_t now_ms;
    int64_t expires_at;
};

/* NOT_FOUND when the generation is another by now, or the row is revoked. */
enum store_result authorizations_rotate(struct db *db, const unsigned char id[16],
                                        const struct authorization_rotation *rotation) MUST_CHECK;

/* Ends a row of this client; NOT_FOUND when it's another's, is gone, or has been ended. */
enum store_result authorizations_revoke_by_client(struct db *db, const unsigned char id[16],
                                                  int64_t client_number, int64_t now) MUST_CHECK;

/* Ends what hangs from one row, or from a user's grant, or a user's rows, of all clients or of one. OK also
 * when nothing was left to end. */
enum store_result authorizations_revoke(struct db *db, const unsigned char id[16], int64_t now) MUST_CHECK;
enum store_result authorizations_revoke_by_grant(struct db *db, const unsigned char user_id[16],
                                                 const unsigned char grant_id[16], int64_t now) MUST_CHECK;
enum store_result authorizations_revoke_by_user(struct db *db, const unsigned char user_id[16],
                                                int64_t now) MUST_CHECK;
enum store_result authorizations_revoke_by_user_and_client(struct db *db, const unsigned char user_id[16],
                                                           int64_t client_number, int64_t now) MUST_CHECK;

/* Before clients_remove_part(), in its transaction: what hangs from the grants that it takes. */
enum store_result authorizations_remove_part(struct db *db, int64_t client_number, int64_t limit) MUST_CHECK;

#endif
