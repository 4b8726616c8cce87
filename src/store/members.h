/* members.h: users linked to services. */
#ifndef DOORWARD_STORE_MEMBERS_H
#define DOORWARD_STORE_MEMBERS_H

#include "store/db.h"

extern const struct statement_table members_statements;

/* Links a user to a service; OK also when they are linked. NOT_FOUND when either is gone. */
enum store_result members_put(struct db *db, const unsigned char service_id[16],
                              const unsigned char user_id[16], int64_t now) MUST_CHECK;

#endif
