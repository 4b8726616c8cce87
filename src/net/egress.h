/*
 * egress.h: where this server may connect to by itself, when somebody else has said where (webhooks,
 * providers, jwks_uri). https to public addresses, and what the option egress_allow lists beyond: hosts by
 * name, which may be plain http and anywhere, and addresses or ranges. Names are never judged by themselves:
 * what they resolve to is, at the moment of connecting (T-52, T-54).
 */
#ifndef DOORWARD_NET_EGRESS_H
#define DOORWARD_NET_EGRESS_H

#include "core/network.h"
#include "core/settings.h"
#include "core/uri.h"

/* Whether an address is one of the public internet: not private, loopback, link-local, metadata, multicast,
 * reserved, nor one of those inside another (v4-mapped, NAT64). */
bool egress_is_public(const struct ip_address *address);

/* Whether a connection for a URL of this host may go to the address. */
bool egress_allows(const struct settings *settings, const char *host, const struct ip_address *address);

/* What can be said of a URL without resolving its name: an http(s) URL without user and fragment, of a scheme
 * that the host may have, not an address that isn't allowed. NULL when it's fine, or what is wrong with it.
 */
const char *egress_check_url(struct arena *arena, const struct settings *settings, const char *url,
                             struct uri *uri_out);

#endif
