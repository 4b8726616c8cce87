/* providers.h: the identity providers that the installation has in its database. */
#ifndef DOORWARD_STORE_PROVIDERS_H
#define DOORWARD_STORE_PROVIDERS_H

#include "store/db.h"

extern const struct statement_table providers_statements;

struct provider_row {
    const char *name, *kind;
    const char *status;         /* "active" or "disabled" */
    const char *metadata;       /* JSON object, without name, kind and secret */
    struct bytes secret_sealed; /* empty: it has none */
    int64_t version;            /* providers_set() counts it up */
    int64_t created_at, updated_at;
};

/* CONFLICT when the name is taken. */
enum store_result providers_add(struct db *db, const struct provider_row *row) MUST_CHECK;
enum store_result providers_find(struct db *db, struct arena *arena, const char *name,
                                 struct provider_row *row_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result providers_lock(struct db *db, struct arena *arena, const char *name,
                                 struct provider_row *row_out) MUST_CHECK;

/* All of them, by name; a limit against a table that has run full. */
enum store_result providers_list(struct db *db, struct arena *arena, int64_t limit,
                                 struct provider_row **rows_out, size_t *count_out) MUST_CHECK;

/* Metadata, secret and status, as the row has them; NOT_FOUND. */
enum store_result providers_set(struct db *db, const struct provider_row *row) MUST_CHECK;
enum store_result providers_remove(struct db *db, const char *name) MUST_CHECK;

/* How many accounts are connected by the provider. */
enum store_result providers_count_connections(struct db *db, struct arena *arena, const char *name,
                                              int64_t *count_out) MUST_CHECK;

#endif
