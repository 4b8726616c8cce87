/*
 * housekeeping.h: deletes what has expired and fills in what older programs left out, in small batches by
 * key, within a time budget. Called by the housekeeper, and in small portions by a single worker; several at
 * once only share the work.
 */
#ifndef DOORWARD_STORE_HOUSEKEEPING_H
#define DOORWARD_STORE_HOUSEKEEPING_H

#include "store/db.h"

extern const struct statement_table housekeeping_statements;

struct housekeeping {
    int64_t deleted; /* rows */
    int64_t filled;  /* members that came without what lists go by (members.h) */
    bool more;       /* the budget ended first: come back soon */
};

/* Works for about budget_ms milliseconds (0: one batch of each table). */
enum store_result housekeeping_run(struct db *db, int64_t now, int64_t budget_ms,
                                   struct housekeeping *report_out) MUST_CHECK;

#endif
