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
    int64_t lifetime_s;     /* 0: doesn't expire */
    const char *addresses;  /* addresses and ranges that it works from, spaces between; NULL: all */
    const char *created_by; /* as history names who acts; NULL: the command line */
};

/* *key_out is the key itself. INVALID_REQUEST names what is wrong; NOT_FOUND for the service. */
enum outcome api_key_add(struct context *context, const struct new_api_key *key, struct api_key_row *row_out,
                         const char **key_out);

/* service_id (UUID): NOT_FOUND for a key of another; NULL: whosever it is. */
enum outcome api_key_find(struct context *context, const char *service_id, const char *id,
                          struct api_key_row *row_out);

/* Ends a key. NOT_FOUND also for one that was revoked before. */
enum outcome api_key_revoke(struct context *context, const char *service_id, const char *id);

/*
 * A new key in the place of one, which works on for overlap_s seconds (or until it expires by itself, when
 * that is before). The new one has its name, permissions and addresses, and its lifetime from now.
 * NOT_FOUND for a key that can't be used any more; ALREADY_EXISTS for one that has a successor.
 */
struct key_rotation {
    const char *service_id; /* as of api_key_find() */
    const char *id;
    int64_t overlap_s;
    const char *created_by; /* as of a new key */
};
enum outcome api_key_rotate(struct context *context, const struct key_rotation *rotation,
                            struct api_key_row *row_out, const char **key_out);

#endif
