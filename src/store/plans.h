/* plans.h: what a service's members can subscribe to. */
#ifndef DOORWARD_STORE_PLANS_H
#define DOORWARD_STORE_PLANS_H

#include "store/db.h"

extern const struct statement_table plans_statements;

struct plan_row {
    unsigned char id[16], service_id[16];
    const char *name; /* unique in its service */
    int64_t price_cents;
    const char *currency; /* "usd" */
    const char *features; /* JSON array of texts */
    int64_t created_at, updated_at;
};

/* CONFLICT when the service has a plan of this name; NOT_FOUND without the service. */
enum store_result plans_add(struct db *db, const struct plan_row *row) MUST_CHECK;

/* Of any service: row_out->service_id tells whose it is. */
enum store_result plans_find(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct plan_row *row_out) MUST_CHECK;

/* Inside a transaction: reads a plan of the service and keeps others from changing it until the end. */
enum store_result plans_lock(struct db *db, struct arena *arena, const unsigned char service_id[16],
                             const unsigned char id[16], struct plan_row *row_out) MUST_CHECK;

/* A service's plans, oldest first. */
enum store_result plans_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                             const struct page *page, struct plan_row **rows_out,
                             size_t *count_out) MUST_CHECK;
enum store_result plans_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                              int64_t *count_out) MUST_CHECK;

/* Writes all but ids and created_at. CONFLICT as above. */
enum store_result plans_change(struct db *db, const struct plan_row *row) MUST_CHECK;

/* CONFLICT while somebody subscribes to it. */
enum store_result plans_remove(struct db *db, const unsigned char service_id[16],
                               const unsigned char id[16]) MUST_CHECK;

#endif
