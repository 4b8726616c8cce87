/*
 * redirect_uri.h: whether a redirect URI of a request is one of the registered ones: byte for byte
 * (RFC 9700 §4.1.3), but for the port of a loopback literal of a native client (RFC 8252 §7.3).
 */
#ifndef DOORWARD_DOMAIN_OAUTH_REDIRECT_URI_H
#define DOORWARD_DOMAIN_OAUTH_REDIRECT_URI_H

#include "domain/directory.h"

bool redirect_uri_is_registered(struct arena *arena, const struct client *client, const char *uri) MUST_CHECK;

/* For where a person goes after logout: byte for byte, no exception. */
bool post_logout_uri_is_registered(const struct client *client, const char *uri) MUST_CHECK;

/* Whether anybody on the person's machine could be behind it: a loopback address or a custom scheme
 * (RFC 8252 §8.6), so that consent may not be skipped. */
bool redirect_uri_is_local(struct arena *arena, const char *uri);

#endif
