/*
 * client_keys.h: the public keys of a client, from its registration or from its jwks_uri (RFC 7591 §2), which
 * is fetched by the outgoing door and kept there.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_KEYS_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_KEYS_H

#include "crypto/jws.h"
#include "domain/directory.h"

enum { CLIENT_MAX_KEYS = 20 };

/* NULL when the signature is by a key of the client's: the one that kid names, or, without kid and where less
 * than enhanced security is asked, the only one that fits. Else what is wrong. A kid that isn't there has the
 * keys fetched anew, at most once a minute for each jwks_uri. */
const char *client_keys_verify(struct context *context, const struct client *client, const struct jws *jws);

/* The whole set, {"keys": […]}; again: one that was fetched for this call, NULL when it is too soon for that.
 * NULL with a reason when there is none. */
const struct json *client_keys_set(struct context *context, const struct client *client, bool again,
                                   const char **error_out);

/* What a registration may hold as jwks: NULL, or what is wrong with it. Public signature keys only (or ones
 * for encryption, which aren't used), each one good, each kid once. */
const char *client_keys_check(struct arena *arena, const struct json *jwks);

/* Whether one of them could sign with one of the algorithms (space separated); whether all have a kid. */
bool client_keys_fit(const struct json *jwks, const char *algs);
bool client_keys_are_named(const struct json *jwks);

#endif
