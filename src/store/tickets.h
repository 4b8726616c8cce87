/* tickets.h: authorization requests that wait for a decision. */
#ifndef DOORWARD_STORE_TICKETS_H
#define DOORWARD_STORE_TICKETS_H

#include "store/db.h"

extern const struct statement_table tickets_statements;

struct ticket_row {
    unsigned char id[16], secret_hash[32];
    int64_t client_number;
    const char *request; /* JSON */
    unsigned char browser_hash[32];
    int64_t created_at, finished_at, expires_at;
};

enum store_result tickets_add(struct db *db, const struct ticket_row *row) MUST_CHECK;
enum store_result tickets_find(struct db *db, struct arena *arena, const unsigned char id[16],
                               struct ticket_row *row_out) MUST_CHECK;

/* Ends a ticket, once: NOT_FOUND when it was finished before or has expired. */
enum store_result tickets_finish(struct db *db, const unsigned char id[16], int64_t now) MUST_CHECK;

/* Replaces the request of a ticket that still waits; NOT_FOUND when it doesn't. */
enum store_result tickets_change_request(struct db *db, const unsigned char id[16], const char *request,
                                         int64_t now) MUST_CHECK;

#endif
