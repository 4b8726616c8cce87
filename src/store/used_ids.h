/* used_ids.h: what may be used once and has been: assertions, proofs, states of sign-ins elsewhere. */
#ifndef DOORWARD_STORE_USED_IDS_H
#define DOORWARD_STORE_USED_IDS_H

#include "store/db.h"

extern const struct statement_table used_ids_statements;

/* OK for the first caller, CONFLICT for all others until expires_at, on all machines. id is a hash over the
 * kind and the thing itself. One statement, which commits by itself. */
enum store_result used_ids_add(struct db *db, const unsigned char id[32], int64_t expires_at) MUST_CHECK;

#endif
