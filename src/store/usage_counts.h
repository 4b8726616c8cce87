/* usage_counts.h: what services used, hour by hour, as each machine has counted it. */
#ifndef DOORWARD_STORE_USAGE_COUNTS_H
#define DOORWARD_STORE_USAGE_COUNTS_H

#include "store/db.h"

extern const struct statement_table usage_counts_statements;

#define USAGE_COUNT_TOKENS "tokens"

/* Stores counts of one machine: a JSON array of [service id in hex, hour, kind, count]. A count that is
 * stored again only grows. */
enum store_result usage_counts_put(struct db *db, const unsigned char machine[16],
                                   const char *counts) MUST_CHECK;

#endif
