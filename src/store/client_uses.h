/* client_uses.h: last uses of clients' secrets and keys, and the failures to prove who they are. */
#ifndef DOORWARD_STORE_CLIENT_USES_H
#define DOORWARD_STORE_CLIENT_USES_H

#include "store/db.h"

extern const struct statement_table client_uses_statements;

/* A use now, unless one was noted after since. */
struct client_use_note {
    int64_t now, since;
    const char *address;
};
enum store_result client_uses_touch(struct db *db, int64_t number,
                                    const struct client_use_note *note) MUST_CHECK;
enum store_result client_uses_touch_secret(struct db *db, const unsigned char id[16],
                                           const struct client_use_note *note) MUST_CHECK;

struct client_failure_row {
    unsigned char id[16];
    int64_t client_number;
    const char *method, *reason, *address;
    bool counts; /* towards the client's lock */
    int64_t at_ms, expires_at;
};

enum store_result client_failures_add(struct db *db, const struct client_failure_row *row) MUST_CHECK;

/* Those that count, after a moment. */
enum store_result client_failures_count(struct db *db, struct arena *arena, int64_t client_number,
                                        int64_t after_ms, int64_t *count_out) MUST_CHECK;

/* Newest first. */
enum store_result client_failures_list(struct db *db, struct arena *arena, int64_t client_number,
                                       const struct page *page, struct client_failure_row **rows_out,
                                       size_t *count_out) MUST_CHECK;

/* Locks a client that isn't, or unlocks it, locked or not: failures count from now on. NOT_FOUND when there
 * was nothing to do. */
enum store_result clients_lock(struct db *db, int64_t number, int64_t now) MUST_CHECK;
enum store_result clients_unlock(struct db *db, int64_t number, int64_t now) MUST_CHECK;

#endif
