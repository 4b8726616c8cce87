/*
 * client_failures.h: clients that failed to prove who they are: counted, written down, and what follows.
 *
 * Counted per client and address, in the shared page alone: whoever guesses from one address is turned away
 * there, and a client that proves itself from elsewhere isn't disturbed. A client with enhanced security is
 * locked after too many failures, until it's unlocked by an administrator; those from an address that it may
 * not come from don't count towards that, so that a client whose addresses are registered can't be locked by
 * strangers.
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
};

/* TOO_MANY_REQUESTS with retry_after_s when this address has failed as this client too often. */
enum outcome client_failures_check(struct context *context, const char *client_id);

/* Counts it, logs it, and writes it down where there is such a client; locks the client when it's due. */
void client_failed(struct context *context, const struct client_failure *failure);

/* Newest first. NOT_FOUND without the client. */
enum outcome client_failures_of(struct context *context, const char *client_id, const struct page *page,
                                struct client_failure_row **rows_out, size_t *count_out);

/* An object: method, reason, address, at (seconds), counted. */
void client_failure_write(struct json_writer *writer, const struct client_failure_row *row);

/* NOT_FOUND when there is no such client; OK also for one that isn't locked. */
enum outcome client_unlock(struct context *context, const char *client_id);

#endif
