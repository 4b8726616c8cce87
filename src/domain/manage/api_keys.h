/* api_keys.h: a service's keys for the service API: sk_live_… and sk_test_…, told once, stored hashed. */
#ifndef DOORWARD_DOMAIN_MANAGE_API_KEYS_H
#define DOORWARD_DOMAIN_MANAGE_API_KEYS_H

#include "domain/context.h"
#include "store/api_keys.h"

struct new_api_key {
    const char *service_id; /* UUID */
    const char *name;
    const char *permissions; /* space separated; at least one */
    bool test;
    int64_t lifetime_s; /* 0: doesn't expire */
};

/* *key_out is the key itself. INVALID_REQUEST names what is wrong; NOT_FOUND for the service. */
enum outcome api_key_add(struct context *context, const struct new_api_key *key, struct api_key_row *row_out,
                         const char **key_out);

/* By id (UUID). NOT_FOUND also for one that was revoked before. */
enum outcome api_key_revoke(struct context *context, const char *id);

#endif
