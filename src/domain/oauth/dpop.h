/*
 * dpop.h: proofs of possession (RFC 9449): a JWT, made for one request, shows that the caller holds the
 * private key that its token is bound to. Each is used once, on whatever machine (domain/once.h).
 */
#ifndef DOORWARD_DOMAIN_OAUTH_DPOP_H
#define DOORWARD_DOMAIN_OAUTH_DPOP_H

#include "domain/context.h"

/* Algorithms that proofs may be signed with, space separated: for discovery and challenges. */
extern const char dpop_algs[];

/* A proof whose signature and claims are as they must be. */
struct dpop_proof {
    const char *jkt, *jti; /* the key's thumbprint (RFC 7638), and the proof's own name */
    int64_t expires_at; /* when it wouldn't be taken any more, on no machine whose clock is a little behind */
};

/*
 * Checks the proof of the request in hand (RFC 9449 §4.3). With access_token it must be made for that token
 * too, and the outcomes are INVALID_TOKEN_PROOF and USE_TOKEN_NONCE; without one (NULL) INVALID_DPOP_PROOF
 * and USE_DPOP_NONCE. UNAVAILABLE when our own addresses couldn't be read. It isn't used by that: dpop_use().
 */
enum outcome dpop_check(struct context *context, const char *access_token,
                        struct dpop_proof *proof_out) MUST_CHECK;

/* Notes that the proof is used by this request; at_resource as above, for what a second use is told. */
void dpop_use(struct context *context, const struct dpop_proof *proof, bool at_resource);

/* Whether a text is a key's thumbprint: dpop_jkt (RFC 9449 §10). */
bool dpop_is_thumbprint(struct arena *arena, const char *text);

#endif
