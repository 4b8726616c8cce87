/* history.h: who changed what of a service's members, subscriptions, permissions, keys, clients and webhooks,
 * and of administrators: rows that are only ever added. */
#ifndef DOORWARD_STORE_HISTORY_H
#define DOORWARD_STORE_HISTORY_H

#include "store/db.h"

extern const struct statement_table history_statements;

struct history_row {
    unsigned char id[16], service_id[16];
    const char *kind, *subject, *actor;
    const char *change; /* JSON */
    int64_t at_ms, expires_at;
};

enum store_result history_add(struct db *db, const struct history_row *row) MUST_CHECK;

/* What happened to one subject of a service, newest first; search: in the kind. */
enum store_result history_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const char *subject, const struct page *page, struct history_row **rows_out,
                               size_t *count_out) MUST_CHECK;

#endif
