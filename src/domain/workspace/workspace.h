/*
 * workspace.h: the workspace API's rules, where the server itself is the client: whose call it is, and how
 * a code, a password or a refresh token becomes tokens. Each drives the rules of the token and authorization
 * endpoints for the workspace's client; none has rules of its own for what those decide.
 */
#ifndef DOORWARD_DOMAIN_WORKSPACE_WORKSPACE_H
#define DOORWARD_DOMAIN_WORKSPACE_WORKSPACE_H

#include "domain/directory.h"
#include "domain/oauth/token.h"

/* What a call tells of the workspace that it is for; NULL for what it doesn't. */
struct workspace_hints {
    const char *host;      /* as the caller has it, with or without a port; only compared, never used */
    const char *client_id; /* as asked for */
    const char *code, *refresh_token;
};

/*
 * The workspace's client: by host name when a service has set this one, else the only one there is, else the
 * one that client_id, code or refresh token belongs to. NOT_FOUND when there is none. Refreshes the caches:
 * call it first.
 */
enum outcome workspace_find(struct context *context, const struct workspace_hints *hints,
                            const struct client **client_out);

/* Whether a service has set this host name for its workspace, and which client is that one's. */
enum outcome workspace_of_host(struct context *context, const char *host, const char **client_id_out);

/* A sign-in that begins here: state and verifier stay in the browser, until it comes back with a code. */
struct workspace_start {
    const char *state, *verifier;
    const char *location; /* of the authorization request */
};
enum outcome workspace_begin(struct context *context, const struct client *client,
                             struct workspace_start *start_out);

/* A code for tokens. verifier NULL: none was sent. INVALID_GRANT and what the token endpoint says. */
enum outcome workspace_redeem(struct context *context, const struct client *client, const char *code,
                              const char *verifier, struct token_answer *answer_out);

/*
 * A password for tokens (RFC 6749 §4.3), where the service allows it (FORBIDDEN else): a sign-in like any
 * other, with its limits, its session and its PIN gate, which can't be passed here (FORBIDDEN). scope NULL:
 * all that the client may ask for. To enter the password is the person's consent.
 */
enum outcome workspace_sign_in(struct context *context, const struct client *client, const char *username,
                               const char *password, const char *scope, struct token_answer *answer_out);

/* A refresh token for tokens. INVALID_GRANT, or EXPIRED_GRANT. */
enum outcome workspace_refresh(struct context *context, const struct client *client,
                               const char *refresh_token, struct token_answer *answer_out);

#endif
