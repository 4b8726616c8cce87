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
    int64_t locked_at;          /* 0: it isn't */
    int64_t failures_since;     /* failures before don't count towards its lock */
    int64_t last_used_at;       /* of its keys; 0: never */
    const char *last_used_from; /* address */
};

struct client_secret_row {
    unsigned char id[16];
    int64_t client_number;
    unsigned char secret_hash[32];
    struct bytes sealed;
    int64_t created_at, expires_at; /* expires_at 0: never */
    const char *prefix;             /* its first characters */
    const char *created_by;         /* as history names who acts: "user:UUID"; "": the command line */
    int64_t last_used_at;           /* 0: never */
    const char *last_used_from;     /* address */
};

/* A client, its service, and one of its secrets. */
struct client_entry {
    struct client_row client;
    const char *service_name, *service_status, *service_pin_gate, *service_sign_in_form;
    const char *service_workspace, *service_providers; /* NULL: none */
    unsigned char secret_id[16], secret_hash[32];
    struct bytes secret_sealed;
    int64_t secret_expires_at, secret_last_used_at;
    bool has_secret;
};

/* Number comes back in *number_out; CONFLICT when client_id is taken, NOT_FOUND without its service. */
enum store_result clients_add(struct db *db, struct arena *arena, const struct client_row *row,
                              int64_t *number_out) MUST_CHECK;
enum store_result clients_add_secret(struct db *db, const struct client_secret_row *row) MUST_CHECK;

/* Which of a client's secrets are wanted: the newest of those that are valid at a time. */
struct secrets_wanted {
    int64_t now, most;
};

/* All that deciding about a client needs, in one statement: an entry for each of its secrets that are wanted,
 * or one without. No entries: there is no such client. */
enum store_result clients_load(struct db *db, struct arena *arena, const char *client_id,
                               const struct secrets_wanted *wanted, struct client_entry **entries_out,
                               size_t *count_out) MUST_CHECK;
enum store_result clients_load_by_number(struct db *db, struct arena *arena, int64_t number,
                                         const struct secrets_wanted *wanted,
                                         struct client_entry **entries_out, size_t *count_out) MUST_CHECK;

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

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result clients_find_locked(struct db *db, struct arena *arena, const char *client_id,
                                      struct client_row *row_out) MUST_CHECK;

/* Metadata and status, as the row has them. */
enum store_result clients_set(struct db *db, const struct client_row *row) MUST_CHECK;

/* Inside a transaction: whoever changes the secrets of a client waits for others that do. NOT_FOUND. */
enum store_result clients_hold(struct db *db, struct arena *arena, int64_t number) MUST_CHECK;

/* Those that are valid, the newest first; without hash and sealed. */
enum store_result clients_list_secrets(struct db *db, struct arena *arena, int64_t number,
                                       const struct secrets_wanted *wanted,
                                       struct client_secret_row **rows_out, size_t *count_out) MUST_CHECK;

/* Lets a secret end at a time, unless it ends before it. NOT_FOUND when it isn't valid now, or isn't this
 * client's. */
enum store_result clients_expire_secret(struct db *db, int64_t number, const unsigned char id[16],
                                        int64_t now, int64_t expires_at) MUST_CHECK;

/* Some of the grants and permissions of a client that is to be removed; *more_out: there may be more. */
enum store_result clients_remove_part(struct db *db, int64_t number, int64_t limit,
                                      bool *more_out) MUST_CHECK;

/* The client with its secrets, grants, permissions and failures. NOT_FOUND. */
enum store_result clients_remove(struct db *db, int64_t number) MUST_CHECK;

#endif
