/* client_assertion.h: private_key_jwt and client_secret_jwt (RFC 7523 §2.2, §3; OpenID Connect Core §9). */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_ASSERTION_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_ASSERTION_H

#include "crypto/jws.h"
#include "domain/oauth/client_auth.h"

/* Taken apart; nothing is verified, and nothing but sub, which names whose keys to look at, may be used. */
struct assertion {
    struct jws jws;
    const struct json *claims;
    const char *sub;
};

/* NULL, or what is wrong with its form. */
const char *assertion_read(struct arena *arena, const char *text, struct assertion *assertion_out);

/* What its signature is over: the same for whoever sends it again. NULL for NULL. */
const char *assertion_signed(struct arena *arena, const struct assertion *assertion);

/* As struct client_way's check; a good one is noted to be spent (domain/once.h). */
const char *assertion_by_key(struct context *context, struct client_proof *proof);
const char *assertion_by_secret(struct context *context, struct client_proof *proof);

#endif
