/*
 * client_auth.h: how clients prove who they are (RFC 6749 §2.3). One rule and one table of the ways,
 * used by every endpoint that knows clients.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_AUTH_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_AUTH_H

#include "domain/directory.h"

/* What a request brought; NULL for what it didn't. */
struct client_credentials {
    const char *basic_id, *basic_secret; /* of the Authorization header, form-decoded */
    const char *body_id, *body_secret;
    bool has_empty_secret; /* client_secret was there without a value (T-35) */
    bool has_assertion;    /* client_assertion, which no client can be registered for */
};

/* Names of the ways, space separated, for discovery. */
extern const char client_auth_methods[];

/*
 * OK with the client. INVALID_REQUEST for two ways in one request (RFC 6749 §2.3), INVALID_CLIENT for
 * an unknown or disabled client, a wrong or missing secret, a secret from a public client, or a way
 * other than the registered one.
 */
enum outcome client_authenticate(struct context *context, const struct client_credentials *credentials,
                                 const struct client **client_out);

#endif
