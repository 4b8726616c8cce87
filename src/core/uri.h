/*
 * uri.h: what a URI must look like to be taken from outside. Nothing here normalises: a URI that
 * isn't in one plain spelling is refused, and comparison is of bytes (RFC 6749 §3.1.2, RFC 9700
 * §4.1.3). Knows nothing of OAuth.
 */
#ifndef DOORWARD_CORE_URI_H
#define DOORWARD_CORE_URI_H

#include "core/arena.h"

enum { URI_MAX_LENGTH = 2048 };

struct uri {
    const char *scheme; /* lower case */
    const char *host;   /* lower case, brackets of IPv6 kept; "" when there is no authority */
    const char *port;   /* digits, "" for none */
    const char *path;   /* as written */
    const char *query;  /* without '?', NULL for none */
    bool has_userinfo, has_fragment;
    size_t authority_end; /* offset in the text just behind host and port */
    size_t port_start;    /* offset of ':' before the port, or authority_end when there is none */
};

/*
 * Takes an absolute URI (RFC 3986 §4.3) apart; the parts live in the arena. False for more than
 * URI_MAX_LENGTH bytes, control bytes (also escaped), spaces, backslashes, non-ASCII, bad escapes,
 * escapes of escapes, an upper-case scheme or host, a second '@', an IP address in any but its usual
 * spelling, a port that isn't 1 to 65535; in the path dot segments, empty segments, and escapes of
 * unreserved characters, '/' and '\'; an http(s) URI without a host; and anything that isn't absolute.
 */
bool uri_parse(struct arena *arena, const char *text, struct uri *uri_out) MUST_CHECK;

/* http or https. */
bool uri_is_web(const struct uri *uri);

/* 127.0.0.1 or [::1], literally (RFC 8252 §7.3). */
bool uri_host_is_loopback(const struct uri *uri);

/* "https://host:port" of an http(s) URI, its origin as a browser sends it (default port left out);
 * for other schemes "scheme:". */
const char *uri_origin(struct arena *arena, const struct uri *uri);

/* Appends name=value pairs to the query of a URI without a fragment. */
const char *uri_add_query(struct arena *arena, const char *uri, const char *encoded_pairs);

/* Whether a return target stays on this host: a path from the root in a plain spelling, as above, with
 * a query or without; never "//host", "/\host" or a scheme. */
bool uri_is_local_path(const char *text);

#endif
