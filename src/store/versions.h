/* versions.h: numbers that move when what processes cache has changed. */
#ifndef DOORWARD_STORE_VERSIONS_H
#define DOORWARD_STORE_VERSIONS_H

#include "store/db.h"

extern const struct statement_table versions_statements;

struct versions {
    int64_t directory; /* services, clients, secrets */
    int64_t keys;      /* signing keys */
};

enum store_result versions_find(struct db *db, struct arena *arena, struct versions *versions_out) MUST_CHECK;

/* Inside the transaction that makes the change: moves one number on, to at least now_ms, and reads both.
 * Times keep the numbers of a database that was restored or made anew above those seen before. */
enum store_result versions_bump_directory(struct db *db, struct arena *arena, int64_t now_ms,
                                          struct versions *versions_out) MUST_CHECK;
enum store_result versions_bump_keys(struct db *db, struct arena *arena, int64_t now_ms,
                                     struct versions *versions_out) MUST_CHECK;

#endif
