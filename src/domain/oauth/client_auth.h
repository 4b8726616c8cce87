/*
 * client_auth.h: how clients prove who they are (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). One rule and one
 * table of the ways, used by every endpoint that knows clients, by their registration, and by discovery.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_AUTH_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_AUTH_H

#include "domain/directory.h"

/* What a request brought; NULL for what it didn't. (A certificate is the connection's: context->certificate.)
 */
struct client_credentials {
    const char *basic_id, *basic_secret; /* of the Authorization header, form-decoded */
    const char *body_id, *body_secret;
    const char *assertion, *assertion_type;
    bool has_secret, has_assertion;   /* their fields were there, be it without a value (T-35) */
    const char *const *endpoint_urls; /* addresses of the endpoint that was called; NULL at the end */
};

/* How a request shows a way. Which of those that look alike it is, the client's registration says. */
enum way_shown { SHOWN_BASIC, SHOWN_BODY_SECRET, SHOWN_ASSERTION, SHOWN_ID_ALONE, WAYS_SHOWN };

/* What a client's registration must hold for it. */
enum way_needs { NEEDS_NOTHING, NEEDS_SECRET, NEEDS_KEYS, NEEDS_SUBJECT };

struct client_proof;

struct client_way {
    const char *name; /* of token_endpoint_auth_method */
    enum way_shown shown;
    enum way_needs needs;
    const char *algs; /* that its assertions may be signed with; NULL: it has none */
    bool strong;      /* no secret is shared: enough for enhanced security */
    /* NULL for a good proof, or what is wrong with it: for the log and the failures, never for the client */
    const char *(*check)(struct context *context, struct client_proof *proof);
};

/* NULL: there is no such way. */
const struct client_way *client_way_find(const char *name);

/* Names of the ways, space separated, for discovery and registration; those that prove something; and the
 * algorithms of all assertions. */
extern const char client_way_names[], client_way_proving_names[], client_way_algs[];

/* The algorithms that are enough for enhanced security. */
extern const char client_strong_algs[];

/*
 * OK with the client. INVALID_REQUEST for several ways in one request (RFC 6749 §2.3) or a field without a
 * value; INVALID_CLIENT for an unknown, disabled or locked client, a wrong or missing proof, a proof from a
 * public client, or a way other than the registered one; FORBIDDEN for a good proof from an address that the
 * client's registration doesn't name; TOO_MANY_REQUESTS after many failures from one range of addresses.
 */
enum outcome client_authenticate(struct context *context, const struct client_credentials *credentials,
                                 const struct client **client_out);

/* --- for the files of the ways --- */

/* What is checked: the request's credentials, and whose they are said to be. */
struct client_proof {
    const struct client_credentials *credentials;
    const char *client_id;
    const struct client *client;
    const struct client_way *way;
    const char *secret;             /* of SHOWN_BASIC and SHOWN_BODY_SECRET */
    const struct assertion *parsed; /* of SHOWN_ASSERTION */
    size_t secret_used;             /* which of the client's secrets it was, where it was one */
    bool held;                      /* it shows the client's key or certificate, be it refused or not */
};

#endif
