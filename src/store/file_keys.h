/* file_keys.h: which keys the machines have in their key files, and since when the newest is the newest. */
#ifndef DOORWARD_STORE_FILE_KEYS_H
#define DOORWARD_STORE_FILE_KEYS_H

#include "store/db.h"

extern const struct statement_table file_keys_statements;

/* Tells that a machine has these keys: names is a JSON array, the newest first. A key is remembered for
 * keep_s seconds after it was there last. */
enum store_result file_keys_note(struct db *db, const unsigned char machine[16], const char *names,
                                 int64_t keep_s) MUST_CHECK;

struct file_key_row {
    const char *name;
    int64_t first_ms;        /* since when a machine has had it as its newest: milliseconds; 0: none has */
    int64_t last_at;         /* when one had it last: seconds; 0: none has */
    int64_t machines;        /* that have it, of those heard of within the last day */
    int64_t machines_in_all; /* that were heard of */
    int64_t now;             /* the database's clock */
};

/* All that are known, in the order in which they became the newest. */
enum store_result file_keys_list(struct db *db, struct arena *arena, struct file_key_row **rows_out,
                                 size_t *count_out) MUST_CHECK;

#endif
