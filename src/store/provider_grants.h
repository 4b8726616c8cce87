/* provider_grants.h: which scopes of a user's account at a provider a service may use the token for. */
#ifndef DOORWARD_STORE_PROVIDER_GRANTS_H
#define DOORWARD_STORE_PROVIDER_GRANTS_H

#include "store/connections.h"

extern const struct statement_table provider_grants_statements;

struct provider_grant_row {
    unsigned char id[16], connection_id[16], service_id[16], user_id[16];
    const char *scopes; /* space separated */
    int64_t granted_at;
    int64_t last_used_at;     /* 0: never */
    const char *service_name; /* not written */
};

/* A connection as a service sees it. */
struct provider_situation {
    const char *user_status; /* "active" or "disabled" */
    bool has_connection, has_grant;
    struct connection_row connection;
    struct provider_grant_row grant;
};

/* A member's connections of a provider, each with the service's grant, the oldest first: one row without a
 * connection when there are none, no row at all for who is no member. One statement. */
enum store_result provider_grants_situation(struct db *db, struct arena *arena,
                                            const unsigned char service_id[16],
                                            const unsigned char user_id[16], const char *provider,
                                            struct provider_situation **rows_out,
                                            size_t *count_out) MUST_CHECK;

/* All of a user's, by service. */
enum store_result provider_grants_of_user(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                          struct provider_grant_row **rows_out, size_t *count_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result provider_grants_lock(struct db *db, struct arena *arena,
                                       const unsigned char connection_id[16],
                                       const unsigned char service_id[16],
                                       struct provider_grant_row *row_out) MUST_CHECK;

/* CONFLICT when there is one; NOT_FOUND when the connection is gone or the user is no member. */
enum store_result provider_grants_add(struct db *db, const struct provider_grant_row *row) MUST_CHECK;

enum store_result provider_grants_set_scopes(struct db *db, const unsigned char id[16], const char *scopes,
                                             int64_t now) MUST_CHECK;

/* Notes its use: NOT_FOUND when that was noted since then. */
enum store_result provider_grants_touch(struct db *db, const unsigned char id[16], int64_t now,
                                        int64_t unless_since) MUST_CHECK;

/* NOT_FOUND when there is none. */
enum store_result provider_grants_remove(struct db *db, const unsigned char user_id[16],
                                         const unsigned char connection_id[16],
                                         const unsigned char service_id[16]) MUST_CHECK;

#endif
