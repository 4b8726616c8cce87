/* clients.h: applications of a service, and their secrets. */
#ifndef DOORWARD_STORE_CLIENTS_H
#define DOORWARD_STORE_CLIENTS_H

#include "store/db.h"

extern const struct statement_table clients_statements;

struct client_row {
    int64_t number;
    const char *client_id;
    unsigned char service_id[16];
    const char *status;   /* "active" or "disabled" */
    const char *metadata; /* JSON */
    int64_t created_at, updated_at;
};

struct client_secret_row {
    unsigned char id[16];
    int64_t client_number;
    unsigned char secret_hash[32];
    struct bytes sealed;
    int64_t created_at, expires_at; /* expires_at 0: never */
};

/* A client, its service, and one of its secrets. */
struct client_entry {
    struct client_row client;
    const char *service_name, *service_status, *service_pin_gate, *service_sign_in_form;
    const char *service_workspace, *service_providers; /* NULL: none */
    unsigned char secret_hash[32];
    int64_t secret_expires_at;
    bool has_secret;
};

/* Number comes back in *number_out; CONFLICT when client_id is taken, NOT_FOUND without its service. */
enum store_result clients_add(struct db *db, struct arena *arena, const struct client_row *row,
                              int64_t *number_out) MUST_CHECK;
enum store_result clients_add_secret(struct db *db, const struct client_secret_row *row) MUST_CHECK;

/* All that deciding about a client needs, in one statement: an entry for each of its newest secrets (at
 * most max_secrets), or one without. No entries: there is no such client. */
enum store_result clients_load(struct db *db, struct arena *arena, const char *client_id, int64_t max_secrets,
                               struct client_entry **entries_out, size_t *count_out) MUST_CHECK;
enum store_result clients_load_by_number(struct db *db, struct arena *arena, int64_t number,
                                         int64_t max_secrets, struct client_entry **entries_out,
                                         size_t *count_out) MUST_CHECK;

/* What active clients have registered, as JSON, where it holds a URI of this origin: at most limit of them.
 */
enum store_result clients_list_of_origin(struct db *db, struct arena *arena, const char *origin,
                                         int64_t limit, const char ***metadata_out,
                                         size_t *count_out) MUST_CHECK;

enum store_result clients_find(struct db *db, struct arena *arena, const char *client_id,
                               struct client_row *row_out) MUST_CHECK;

/* Of one service; service_id NULL: of all. */
enum store_result clients_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                               const struct page *page, struct client_row **rows_out,
                               size_t *count_out) MUST_CHECK;
enum store_result clients_set_status(struct db *db, const char *client_id, const char *status,
                                     int64_t now) MUST_CHECK;
enum store_result clients_set_metadata(struct db *db, const char *client_id, const char *metadata,
                                       int64_t now) MUST_CHECK;

/* Lets the secrets that a client has now end at expires_at, unless they end before it. */
enum store_result clients_expire_secrets(struct db *db, int64_t number, int64_t expires_at) MUST_CHECK;

#endif
