/* connections.h: accounts at other providers by which a user signs in. */
#ifndef DOORWARD_STORE_CONNECTIONS_H
#define DOORWARD_STORE_CONNECTIONS_H

#include "store/db.h"

extern const struct statement_table connections_statements;

struct connection_row {
    unsigned char id[16], user_id[16];
    const char *provider, *subject;
    const char *label; /* what the person knows it by: an address there; "" for none */
    int64_t created_at;
};

/* A user's, by provider. */
enum store_result connections_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   struct connection_row **rows_out, size_t *count_out) MUST_CHECK;

/* Takes those of a provider off a user; NOT_FOUND when there is none. */
enum store_result connections_remove(struct db *db, const unsigned char user_id[16],
                                     const char *provider) MUST_CHECK;
/* OK also when there is none. */
enum store_result connections_remove_all(struct db *db, const unsigned char user_id[16]) MUST_CHECK;

#endif
