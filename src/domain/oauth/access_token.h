/*
 * access_token.h: JWT access tokens (RFC 9068): made, and checked when they come back.
 *
 * Their jti is 32 bytes: the id of the authorization that they hang from, or a random one for
 * client_credentials, then 16 random bytes. So one statement tells whether token, authorization and
 * user still stand.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_ACCESS_TOKEN_H
#define DOORWARD_DOMAIN_OAUTH_ACCESS_TOKEN_H

#include "domain/directory.h"
#include "domain/oauth/binding.h"
#include "domain/oidc/claims.h"

/* Who a checked token speaks for. */
struct access {
    const char *token; /* NULL: no token was checked */
    unsigned char jti[32];
    const char *client_id, *scope, *issuer, *audience, *jti_text;
    const char *sub; /* NULL for client_credentials */
    struct token_binding binding;
    bool has_user;
    unsigned char user_id[16];
    unsigned char authorization_id[16];
    int64_t issued_at, expires_at;
    int64_t auth_time;           /* when the person last signed in; 0: unknown */
    const struct client *client; /* once it is known to be alive */
    struct permission_state permission;
    /* the user's row, read by the same statement */
    const char *user_email, *user_name, *user_claims;
    bool user_email_verified;
    int64_t user_updated_at;
};

struct access_token_request {
    const struct client *client;
    const char *scope;
    const unsigned char *user_id;          /* NULL for client_credentials */
    const unsigned char *authorization_id; /* NULL for client_credentials */
    int64_t auth_time;                     /* 0: unknown */
    const struct claims_subject *subject;  /* what is known of the user; NULL: nothing */
    struct token_binding binding;
};

/* Makes a token; *lifetime_s_out is expires_in. */
enum outcome access_token_issue(struct context *context, const struct access_token_request *request,
                                const char **token_out, int64_t *lifetime_s_out);

/* Signature, type, issuer, time and shape only: no database. INVALID_TOKEN when anything is off. */
enum outcome access_token_read(struct context *context, const char *token, struct access *access_out);

/* Whether neither a token that was read, its authorization, its client nor its user has been revoked or
 * disabled: one statement, which also brings the user's row. */
enum outcome access_token_is_alive(struct context *context, struct access *access);

/* Whether the request in hand may use the token that it brings, by the scheme DPoP or another way: read,
 * shown to be in its holder's hands where it's bound, and alive. Its proof is used by this. */
enum outcome access_token_check(struct context *context, const char *token, bool by_dpop,
                                struct access *access_out);

#endif
