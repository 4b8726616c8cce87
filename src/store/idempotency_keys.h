/* idempotency_keys.h: answers to calls that named an Idempotency-Key. */
#ifndef DOORWARD_STORE_IDEMPOTENCY_KEYS_H
#define DOORWARD_STORE_IDEMPOTENCY_KEYS_H

#include "store/db.h"

extern const struct statement_table idempotency_keys_statements;

struct idempotency_row {
    unsigned char id[32];           /* SHA-256 of caller, endpoint and key */
    unsigned char request_hash[32]; /* of what was sent, keyed */
    int64_t status;                 /* of the answer; 0: under way */
    struct bytes sealed;
    int64_t created_at, expires_at;
};

/* Begins a call: CONFLICT when there is one with this id that hasn't expired. status and sealed aren't read.
 */
enum store_result idempotency_keys_begin(struct db *db, const struct idempotency_row *row) MUST_CHECK;
enum store_result idempotency_keys_find(struct db *db, struct arena *arena, const unsigned char id[32],
                                        struct idempotency_row *row_out) MUST_CHECK;

/* Keeps the answer, until then. NOT_FOUND when the call has taken so long that another one has begun. */
enum store_result idempotency_keys_answer(struct db *db, const struct idempotency_row *row) MUST_CHECK;

/* Forgets a call that is under way. */
enum store_result idempotency_keys_forget(struct db *db, const struct idempotency_row *row) MUST_CHECK;

#endif
