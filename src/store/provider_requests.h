/* provider_requests.h: services that ask people for a provider's token: requests that wait for an answer. */
#ifndef DOORWARD_STORE_PROVIDER_REQUESTS_H
#define DOORWARD_STORE_PROVIDER_REQUESTS_H

#include "store/db.h"

extern const struct statement_table provider_requests_statements;

struct provider_request_row {
    unsigned char id[16], secret_hash[32];
    unsigned char service_id[16], user_id[16];
    const char *provider, *scopes, *redirect_uri;
    const char *client_state;        /* NULL: none */
    unsigned char connection_id[16]; /* the account that must be used; zeros: any */
    const char *status;              /* "pending" or "completed" */
    int64_t created_at, expires_at;
    /* not written: who asks, and who is asked */
    const char *service_name, *service_status, *service_providers, *user_email, *user_status;
    bool user_email_verified;
    bool user_has_come; /* to the account: registered, proved its address, or has a way to sign in */
};

/* NOT_FOUND when the user is no member any more. */
enum store_result provider_requests_add(struct db *db, const struct provider_request_row *row) MUST_CHECK;

/* Whatever its state. */
enum store_result provider_requests_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                         struct provider_request_row *row_out) MUST_CHECK;

/* OK once, while it waits; else NOT_FOUND. */
enum store_result provider_requests_complete(struct db *db, const unsigned char id[16],
                                             int64_t now) MUST_CHECK;

#endif
