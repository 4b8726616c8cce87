/* revoked_tokens.h: the ids of tokens that were ended before their time. Read by access_state.h. */
#ifndef DOORWARD_STORE_REVOKED_TOKENS_H
#define DOORWARD_STORE_REVOKED_TOKENS_H

#include "store/db.h"

extern const struct statement_table revoked_tokens_statements;

/* OK also when it is there already. expires_at: when the token expires by itself. */
enum store_result revoked_tokens_add(struct db *db, const unsigned char jti[32],
                                     int64_t expires_at) MUST_CHECK;

#endif
