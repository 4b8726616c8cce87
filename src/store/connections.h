/* connections.h: accounts at other providers by which a user signs in, and of which services may use tokens.
 */
#ifndef DOORWARD_STORE_CONNECTIONS_H
#define DOORWARD_STORE_CONNECTIONS_H

#include "store/db.h"

extern const struct statement_table connections_statements;

struct connection_row {
    unsigned char id[16], user_id[16];
    const char *provider, *subject;
    const char *label; /* what the person knows it by: an address there; "" for none */
    int64_t created_at;
    const char *email; /* NULL: the provider told none */
    bool email_verified;
    const char *display_name;                   /* NULL */
    bool sign_in;                               /* false: only its tokens are used */
    const char *scopes;                         /* of the tokens, space separated */
    struct bytes access_sealed, refresh_sealed; /* {NULL, 0}: none; bound to the row (vault.h) */
    int64_t token_expires_at;                   /* seconds UTC; 0: never */
    const char *status;                         /* "active", or "broken": the provider took the tokens back */
    int64_t version;                            /* counts what was written to the row */
    int64_t updated_at;
    unsigned char refresh_claim[16]; /* who refreshes it; zeros: nobody. Read only, as is the next */
    bool is_held;                    /* nobody may claim it yet */
};

/* A user's, by provider. */
enum store_result connections_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   struct connection_row **rows_out, size_t *count_out) MUST_CHECK;

/* The same inside a transaction: and keeps others from changing them until the end. */
enum store_result connections_lock_of_user(struct db *db, struct arena *arena,
                                           const unsigned char user_id[16], struct connection_row **rows_out,
                                           size_t *count_out) MUST_CHECK;

/* Some of a provider, whoever's they are, likewise; at most limit. */
enum store_result connections_lock_of_provider(struct db *db, struct arena *arena, const char *provider,
                                               int64_t limit, struct connection_row **rows_out,
                                               size_t *count_out) MUST_CHECK;

/* A user's own. */
enum store_result connections_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   const unsigned char id[16], struct connection_row *row_out) MUST_CHECK;

/* The same inside a transaction: and keeps others from changing it until the end. */
enum store_result connections_lock(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   const unsigned char id[16], struct connection_row *row_out) MUST_CHECK;

/* Whoever's it is: exactly this provider and this subject (T-82). */
enum store_result connections_find_by_subject(struct db *db, struct arena *arena, const char *provider,
                                              const char *subject, struct connection_row *row_out) MUST_CHECK;

/* CONFLICT when the account at the provider is connected already. */
enum store_result connections_add(struct db *db, const struct connection_row *row) MUST_CHECK;

/* What the provider tells of the account by now: label, email, email_verified, display_name; and whether it
 * signs in. Its tokens, and so its version, stay. NOT_FOUND when it isn't the user's any more. */
enum store_result connections_change_profile(struct db *db, const struct connection_row *row) MUST_CHECK;

/*
 * What is written to a connection that is there: its tokens, and what the provider says of the account. The
 * row must have the version that it was read with, which this counts up; whoever refreshes it holds it no
 * longer. NOT_FOUND when the row has changed since, or is gone.
 */
enum store_result connections_write(struct db *db, const struct connection_row *row, int64_t now) MUST_CHECK;

/* Of all who want to refresh this version of a row, one gets OK, for CONNECTIONS_CLAIM_MS; the others
 * NOT_FOUND. By the database's clock: those of two machines may be apart. */
enum { CONNECTIONS_CLAIM_MS = 60 * 1000 }; /* longer than a provider's answer and its writing take */
enum store_result connections_claim(struct db *db, const struct connection_row *row,
                                    const unsigned char claim[16]) MUST_CHECK;

/* Gives a claim back without having written; nobody gets one for the next pause_ms. */
enum store_result connections_release(struct db *db, const struct connection_row *row,
                                      const unsigned char claim[16], int64_t pause_ms) MUST_CHECK;

/* The provider took the tokens back: so long as the row has this version. */
enum store_result connections_break(struct db *db, const struct connection_row *row, int64_t now) MUST_CHECK;

/* A user's own; NOT_FOUND. */
enum store_result connections_remove(struct db *db, const unsigned char user_id[16],
                                     const unsigned char id[16]) MUST_CHECK;

#endif
