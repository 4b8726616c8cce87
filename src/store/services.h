/* services.h: tenants. */
#ifndef DOORWARD_STORE_SERVICES_H
#define DOORWARD_STORE_SERVICES_H

#include "store/db.h"

extern const struct statement_table services_statements;

struct service_row {
    unsigned char id[16];
    const char *name;
    const char *status; /* "active" or "disabled" */
    int64_t created_at, updated_at;
};

enum store_result services_add(struct db *db, const struct service_row *row) MUST_CHECK;
enum store_result services_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                struct service_row *row_out) MUST_CHECK;
enum store_result services_list(struct db *db, struct arena *arena, const struct page *page,
                                struct service_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result services_set_status(struct db *db, const unsigned char id[16], const char *status,
                                      int64_t now) MUST_CHECK;

#endif
