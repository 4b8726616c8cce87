/* limit_counts.h: what each machine has counted under its rate limits, for the others. */
#ifndef DOORWARD_STORE_LIMIT_COUNTS_H
#define DOORWARD_STORE_LIMIT_COUNTS_H

#include "store/db.h"

extern const struct statement_table limit_counts_statements;

struct limit_count_row {
    struct bytes subject; /* eight bytes */
    int64_t window_start, window_s, count;
};

/* Tells the others that this machine is there, for a day; and how many others have told so. */
enum store_result limit_counts_announce(struct db *db, const unsigned char machine[16]) MUST_CHECK;
enum store_result limit_counts_find_others(struct db *db, struct arena *arena,
                                           const unsigned char machine[16], int64_t *machines_out) MUST_CHECK;

/* Stores counts of one machine: a JSON array of [subject in hex, window_start, window_s, count]. */
enum store_result limit_counts_put(struct db *db, const unsigned char machine[16],
                                   const char *counts) MUST_CHECK;

/* What all other machines together have counted, of what one of them has changed within the last since_s
 * seconds by the database's clock. */
enum store_result limit_counts_news(struct db *db, struct arena *arena, const unsigned char machine[16],
                                    int64_t since_s, struct limit_count_row **rows_out,
                                    size_t *count_out) MUST_CHECK;

#endif
