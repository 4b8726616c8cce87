/* grants.h: what a user has allowed a client, as a list of words. */
#ifndef DOORWARD_STORE_GRANTS_H
#define DOORWARD_STORE_GRANTS_H

#include "store/db.h"

extern const struct statement_table grants_statements;

struct grant_row {
    unsigned char id[16], user_id[16];
    int64_t client_number;
    const char *scope; /* space separated */
    int64_t created_at, updated_at;
};

enum store_result grants_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                              int64_t client_number, struct grant_row *row_out) MUST_CHECK;

/*
 * Inside a transaction: makes the grant, or adds the words of row->scope to the one that user and
 * client have. row brings a new id, user, client, scope and updated_at (now); it comes back as it
 * stands then, with the id of the older one if there was one.
 */
enum store_result grants_put(struct db *db, struct arena *arena, struct grant_row *row) MUST_CHECK;

#endif
