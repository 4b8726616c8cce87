/* webhooks.h: where a service wants to be told. Every statement names the service too, so that a webhook of
 * another one is simply not found. */
#ifndef DOORWARD_STORE_WEBHOOKS_H
#define DOORWARD_STORE_WEBHOOKS_H

#include "store/db.h"

extern const struct statement_table webhooks_statements;

struct webhook_row {
    unsigned char id[16], service_id[16];
    const char *url;
    const char *events;  /* names with ',' between, or "*" for all */
    struct bytes sealed; /* its secrets, bound to "webhooks.secret_sealed:" and the id */
    const char *status;  /* active or disabled */
    int64_t created_at, updated_at;
};

/* NOT_FOUND without the service. */
enum store_result webhooks_add(struct db *db, const struct webhook_row *row) MUST_CHECK;
enum store_result webhooks_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const unsigned char id[16], struct webhook_row *row_out) MUST_CHECK;

/* The same, locked for a change; and without the service, for the command line. */
enum store_result webhooks_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const unsigned char id[16], struct webhook_row *row_out) MUST_CHECK;
enum store_result webhooks_find_any(struct db *db, struct arena *arena, const unsigned char id[16],
                                    struct webhook_row *row_out) MUST_CHECK;

/* Oldest first; service_id NULL: of all services. search isn't looked at. */
enum store_result webhooks_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const struct page *page, struct webhook_row **rows_out,
                                size_t *count_out) MUST_CHECK;
enum store_result webhooks_count(struct db *db, struct arena *arena, const unsigned char *service_id,
                                 int64_t *count_out) MUST_CHECK;

/* url, events, what is sealed, status and updated_at of a row. */
enum store_result webhooks_change(struct db *db, const struct webhook_row *row) MUST_CHECK;

/* Its deliveries go with it. */
enum store_result webhooks_remove(struct db *db, const unsigned char service_id[16],
                                  const unsigned char id[16]) MUST_CHECK;

#endif
