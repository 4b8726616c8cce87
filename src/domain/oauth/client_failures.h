/*
 * client_failures.h: clients that failed to prove who they are: counted, written down, and what follows. Who
 * fails decides what is locked:
 *
 * - whoever knows a client's id can fail as it. Such failures count for the range of addresses that they come
 *   from (one IPv4 address, an IPv6 /64), across machines, and turn that range away for this client until the
 *   window has moved on; a client that proves itself from elsewhere isn't disturbed. Under enhanced security
 *   client_lock_failures are enough for that.
 * - who has signed with the client's key, or holds its certificate, and fails all the same (expired, another
 *   audience, used before) is the client itself or has what is the client's alone. Under enhanced security
 *   client_lock_failures of those lock the client everywhere until it's unlocked by an administrator. One
 *   assertion counts once: to send it again takes no key. Those from addresses that the client may not come
 *   from don't count.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_FAILURES_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_FAILURES_H

#include "core/json_writer.h"
#include "domain/directory.h"
#include "store/client_uses.h"

struct client_failure {
    const struct client *client; /* NULL: there is none of this id */
    const char *client_id;       /* as it was said */
    const char *way, *reason;    /* of the table of ways; for people */
    bool held;                   /* who failed has the client's key or certificate */
    const char *shown; /* what is signed by it; NULL for a certificate, shown by each connection anew */
};

/* Whether the registration lets it be used from this request's address. */
bool client_may_come_from_here(const struct context *context, const struct client *client);

/* TOO_MANY_REQUESTS with retry_after_s when this range has failed as this client (NULL: there is none of this
 * id) too often. */
enum outcome client_failures_check(struct context *context, const char *client_id,
                                   const struct client *client);

/* Counts it, logs it, and writes it down where there is such a client; locks the client when it's due. */
void client_failed(struct context *context, const struct client_failure *failure);

/* Newest first. NOT_FOUND without the client. */
enum outcome client_failures_of(struct context *context, const char *client_id, const struct page *page,
                                struct client_failure_row **rows_out, size_t *count_out);

/* An object: method, reason, address, at (seconds), counted: towards the client's lock. */
void client_failure_write(struct json_writer *writer, const struct client_failure_row *row);

/* Unlocks the client, and every range that was turned away for it. NOT_FOUND when there is no such client; OK
 * also for one that isn't locked. */
enum outcome client_unlock(struct context *context, const char *client_id);

#endif
