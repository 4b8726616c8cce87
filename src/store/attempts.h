/* attempts.h: guesses that went on to be checked: one row each, counted, never changed. */
#ifndef DOORWARD_STORE_ATTEMPTS_H
#define DOORWARD_STORE_ATTEMPTS_H

#include "store/db.h"

extern const struct statement_table attempts_statements;

struct attempt_row {
    unsigned char id[16], subject[16];
    int64_t at_ms, expires_at;
};

/* The other guesses at a subject. */
struct attempts_made {
    int64_t count, first_ms, last_ms; /* times are 0 when there are none */
};

enum store_result attempts_add(struct db *db, const struct attempt_row *row) MUST_CHECK;

/* All of the row's subject after a moment, but for the row itself. */
enum store_result attempts_count(struct db *db, struct arena *arena, const struct attempt_row *row,
                                 int64_t after_ms, struct attempts_made *made_out) MUST_CHECK;

/* Takes one back, or all of a subject. OK also when there is none. */
enum store_result attempts_take_back(struct db *db, const unsigned char id[16]) MUST_CHECK;
enum store_result attempts_forget_all(struct db *db, const unsigned char subject[16]) MUST_CHECK;

#endif
