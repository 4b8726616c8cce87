/*
 * signing_keys.h: the installation's signing keys. A unique key keeps one next and one current key per
 * algorithm, so of several processes that make or rotate keys at once, one wins (CONFLICT, NOT_FOUND
 * for the rest).
 */
#ifndef DOORWARD_STORE_SIGNING_KEYS_H
#define DOORWARD_STORE_SIGNING_KEYS_H

#include "store/db.h"

extern const struct statement_table signing_keys_statements;

struct signing_key_row {
    const char *kid, *alg;
    const char *state; /* "next", "current" or "retired" */
    struct bytes sealed;
    int64_t created_at, activated_at, retired_at, expires_at;
};

/* CONFLICT when the algorithm has a key in this state already. */
enum store_result signing_keys_add(struct db *db, const struct signing_key_row *row) MUST_CHECK;

/* Those that haven't expired, the oldest first. */
enum store_result signing_keys_list(struct db *db, struct arena *arena, int64_t now,
                                    struct signing_key_row **rows_out, size_t *count_out) MUST_CHECK;

/* current to retired, and next to current; NOT_FOUND when the key isn't in that state any more. */
enum store_result signing_keys_retire(struct db *db, const char *kid, int64_t now,
                                      int64_t expires_at) MUST_CHECK;
enum store_result signing_keys_activate(struct db *db, const char *kid, int64_t now) MUST_CHECK;

#endif
