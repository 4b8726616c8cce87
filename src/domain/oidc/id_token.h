/* id_token.h: ID Tokens (OpenID Connect Core §2). */
#ifndef DOORWARD_DOMAIN_OIDC_ID_TOKEN_H
#define DOORWARD_DOMAIN_OIDC_ID_TOKEN_H

#include "domain/directory.h"
#include "domain/oidc/claims.h"

struct id_token_request {
    const struct client *client;
    const unsigned char *user_id, *sid; /* 16 bytes each */
    const struct claims_subject *subject;
    const char *scope;
    const char *nonce; /* NULL: none was sent, or the token comes from a refresh */
    const char *amr;
    const char *access_token; /* for at_hash */
    int64_t auth_time;
};

/* Signed with the algorithm that the client registered (RS256 when it named none). */
enum outcome id_token_issue(struct context *context, const struct id_token_request *request,
                            const char **token_out);

/* A token that was brought back as a hint. */
struct id_token_hint {
    const char *sub, *audience;
    const char *sid; /* UUID text, or NULL */
};

/*
 * Reads a hint: ours by signature, type and issuer; an expired one is fine (OpenID Connect
 * RP-Initiated Logout §2). INVALID_REQUEST else.
 */
enum outcome id_token_read_hint(struct context *context, const char *text, struct id_token_hint *hint_out);

#endif
