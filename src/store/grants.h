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

/* A grant with its client, for lists. */
struct grant_with_client {
    unsigned char id[16];
    const char *scope;
    int64_t created_at, updated_at;
    const char *client_id, *client_metadata; /* JSON */
};

/* What a user has allowed, the last changed first. */
enum store_result grants_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                              int64_t limit, struct grant_with_client **rows_out,
                              size_t *count_out) MUST_CHECK;

/* Withdraws one of this user's: NOT_FOUND for all else. */
enum store_result grants_remove(struct db *db, const unsigned char user_id[16],
                                const unsigned char id[16]) MUST_CHECK;

#endif
