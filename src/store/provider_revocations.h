/*
 * provider_revocations.h: tokens that were taken off, on the way to the provider that is to forget them: a
 * row each, added in the transaction that takes it off; claimed as claim.h has it.
 */
#ifndef DOORWARD_STORE_PROVIDER_REVOCATIONS_H
#define DOORWARD_STORE_PROVIDER_REVOCATIONS_H

#include "store/db.h"

extern const struct statement_table provider_revocations_statements;

struct provider_revocation_row {
    unsigned char id[16];
    const char *provider;
    struct bytes token_sealed; /* empty once it is sent or dead */
    const char *state;         /* waiting, sending, sent or dead */
    int64_t attempts, next_at;
    int64_t claimed_until; /* of a row that was claimed */
    const char *error;     /* of the last attempt; "" */
    int64_t created_at, expires_at;
};

/* id, provider, token_sealed, created_at and expires_at; it is due at once. */
enum store_result provider_revocations_add(struct db *db,
                                           const struct provider_revocation_row *row) MUST_CHECK;

/* The next one that is due, oldest first; NOT_FOUND when none is. */
enum store_result provider_revocations_due(struct db *db, struct arena *arena, int64_t now,
                                           struct provider_revocation_row *row_out) MUST_CHECK;

/* When something will next be due; 0: nothing waits. */
enum store_result provider_revocations_next_at(struct db *db, struct arena *arena,
                                               int64_t *next_at_out) MUST_CHECK;

/* Takes a due row until then and counts the attempt, in row too: NOT_FOUND when another was faster. */
enum store_result provider_revocations_claim(struct db *db, struct provider_revocation_row *row, int64_t now,
                                             int64_t until) MUST_CHECK;

/* How a claimed row ended: the state, error and next_at of the row are written; its token is blanked unless
 * it waits on. NOT_FOUND when the claim was over and another has it. error is cut to what the column holds.
 */
enum store_result provider_revocations_end(struct db *db,
                                           const struct provider_revocation_row *row) MUST_CHECK;

/* Lets all that waits for a provider wait until then at least. */
enum store_result provider_revocations_hold(struct db *db, const char *provider, int64_t until) MUST_CHECK;

/* Those of a provider that were added since then: untried ones, which also are those that are on their way,
 * and all that its provider wasn't told. */
struct provider_revocation_counts {
    int64_t untried, untold;
};
enum store_result provider_revocations_count(struct db *db, struct arena *arena, const char *provider,
                                             int64_t since,
                                             struct provider_revocation_counts *counts_out) MUST_CHECK;

#endif
