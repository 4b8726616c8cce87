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
    const char *pin_gate, *sign_in_form; /* "": what the configuration says */
    const char *slug;                    /* NULL: none of its own */
    const char *service_type;            /* "web", "api", "mobile" or "desktop" */
    const char *features;                /* JSON array of words; NULL: none */
    const char *workspace;               /* JSON object; NULL: none */
    const char *providers;               /* JSON object: how it uses providers; NULL: as all do */
};

/* A service that has a workspace. */
struct service_workspace {
    unsigned char id[16];
    const char *workspace;
};

/* A rule that some active service has; "": the configuration's. */
struct service_gate {
    const char *pin_gate;
};

enum store_result services_add(struct db *db, const struct service_row *row) MUST_CHECK;
enum store_result services_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                struct service_row *row_out) MUST_CHECK;
enum store_result services_find_by_slug(struct db *db, struct arena *arena, const char *slug,
                                        struct service_row *row_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result services_lock(struct db *db, struct arena *arena, const unsigned char id[16],
                                struct service_row *row_out) MUST_CHECK;
enum store_result services_list(struct db *db, struct arena *arena, const struct page *page,
                                struct service_row **rows_out, size_t *count_out) MUST_CHECK;
/* All that can be changed, as the row has it. CONFLICT when the slug is another's. */
enum store_result services_set(struct db *db, const struct service_row *row) MUST_CHECK;

/* The active services that have a workspace, the oldest first. */
enum store_result services_with_workspace(struct db *db, struct arena *arena, int64_t limit,
                                          struct service_workspace **rows_out, size_t *count_out) MUST_CHECK;

/* The PIN gates of the active services, each once. */
enum store_result services_pin_gates(struct db *db, struct arena *arena, struct service_gate **gates_out,
                                     size_t *count_out) MUST_CHECK;

#endif
