/*
 * connect.h: a service asks a person for a provider's token: the request, who may answer it, what they are
 * asked for at the provider, and its end in a connection and a grant.
 *
 * Whoever has the request's handle may look at it; that is all it shows: who asks for what. A connection that
 * is made by it doesn't become a way to sign in.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_CONNECT_H
#define DOORWARD_DOMAIN_PROVIDERS_CONNECT_H

#include "domain/providers/exchange.h"
#include "domain/providers/service_settings.h"
#include "store/provider_grants.h"
#include "store/provider_requests.h"

enum { CONNECT_REQUEST_S = 15 * 60 };

struct new_connect_request {
    const unsigned char *service_id, *user_id;
    const char *provider, *scopes, *redirect_uri;
    const char *client_state;           /* NULL: none */
    const unsigned char *connection_id; /* the account that must be used; NULL: any */
};

/* *url_out is the address for the person. NOT_FOUND for who is no member. */
enum outcome connect_make(struct context *context, const struct new_connect_request *wanted,
                          const char **url_out);

/* One that waits. */
struct connect_request {
    struct provider_request_row row;
    struct service_providers settings; /* of the service */
    const char *text;                  /* its handle */
};

/*
 * NOT_FOUND for what was never ours, is done, has expired, or isn't what the service may ask for any more;
 * NOT_ACTIVE for a service that is switched off, FORBIDDEN for a user who is.
 */
enum outcome connect_find(struct context *context, const char *text, struct connect_request *request_out);

/* The service's words of a request, in whichever spelling. */
const char *connect_path(struct arena *arena, const struct connect_request *request);

/* The user's accounts at its provider, with the service's grants. */
enum outcome connect_accounts(struct context *context, const struct connect_request *request,
                              struct provider_situation **accounts_out, size_t *count_out);

/* Whether an account's token has all that is asked for. */
bool connect_covers(const struct connect_request *request, const struct connection_row *connection);

/* The same, and nothing beyond what the service then holds: so that it will get the token. */
bool connect_fits(struct context *context, const struct connect_request *request,
                  const struct provider_situation *account);

/*
 * What is asked for at the provider: what is missing, where the account can keep what it has; else all that
 * the service then holds.
 */
enum outcome connect_wishes(struct context *context, const struct connect_request *request,
                            const struct provider *provider, struct provider_authorization *wishes_out);

/* Ends it with an account that the user has. NOT_FOUND for one that isn't theirs, or when the request has
 * been ended elsewhere; INVALID_REQUEST for one that doesn't cover it. */
enum outcome connect_allow(struct context *context, const struct connect_request *request,
                           const unsigned char connection_id[16], const char *actor);

/*
 * Ends it with what came from the provider. is_known: the browser has the user's own session. INVALID_REQUEST
 * with the contract's word as the reason: PROVIDER_SCOPE_CONSENT_REQUIRED, PROVIDER_ACCOUNT_CONFLICT,
 * PROVIDER_EMAIL_MISMATCH, PROVIDER_CONTEXT_MISMATCH. NOT_FOUND when it has been ended elsewhere.
 * UNAUTHENTICATED, with PROVIDER_EMAIL_MISMATCH as well: the addresses are the same, but one of them isn't
 * proven; in the user's own session it would do. CONSENT_REQUIRED: whose account it is, only its address can
 * say, and connect_address_scope() has to be asked for as well.
 */
struct connect_arrival {
    const struct provider *provider;
    const struct provider_tokens *tokens;
    const struct provider_identity *identity;
    const char *asked; /* scopes that were asked for */
    bool is_known;
};
enum outcome connect_complete(struct context *context, const struct connect_request *request,
                              const struct connect_arrival *arrival);

/* The scope by which a provider tells the address; NULL: it has none. */
const char *connect_address_scope(struct arena *arena, const struct provider *provider);

/* Where the person goes back to: error NULL is success. */
const char *connect_return_url(struct arena *arena, const struct connect_request *request, const char *error);

#endif
