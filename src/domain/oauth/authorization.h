/*
 * authorization.h: what the grants that hang from an authorization share: is it still alive, and which
 * tokens does it give.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_AUTHORIZATION_H
#define DOORWARD_DOMAIN_OAUTH_AUTHORIZATION_H

#include "crypto/handle.h"
#include "domain/oauth/token.h"
#include "store/authorizations.h"

/*
 * Reads the row with the state of its user and grant: one statement. INVALID_GRANT when there is no
 * such row or it belongs to another client (T-17).
 */
enum outcome authorization_find(struct context *context, const struct client *client,
                                const unsigned char id[16], struct authorization_state *state_out);

/* INVALID_GRANT unless user, grant, authorization and, where the client demands one, permission still stand
 * (T-24, T-25, T-101); EXPIRED_GRANT when nothing but time ended it. */
enum outcome authorization_is_alive(struct context *context, const struct authorization_state *state);

/* What of the authorization's scope the person and the client's registration still allow (T-29). */
const char *authorization_scope(struct context *context, const struct client *client,
                                const struct authorization_state *state);

/* Whether refresh tokens come with this scope. A workspace's sign-in always gives them. */
bool authorization_is_refreshable(const struct client *client, const char *scope);

/* What the tokens of one answer are made for. */
struct authorization_issue {
    const char *scope;
    const char *nonce; /* NULL: for a refresh */
    struct token_binding binding;
};

/* Fills access token, ID Token (with openid) and scope of an answer. */
enum outcome authorization_issue_tokens(struct context *context, const struct client *client,
                                        const struct authorization_state *state,
                                        const struct authorization_issue *issue,
                                        struct token_answer *answer_out);

/* Ends it and all that hangs from it, once the caller's assertion is spent. A database that is away is
 * reported: revocation is a promise. */
enum outcome authorization_end(struct context *context, const struct authorization_state *state);

/* When a refresh token issued now stops working: its own life, within that of the authorization. */
int64_t authorization_refresh_expiry(const struct context *context, int64_t created_at);

/* The key to which the next refresh token is sealed (SEALED_SUCCESSOR). */
const char *authorization_seal_name(struct context *context, const unsigned char id[16], int64_t generation);

#endif
