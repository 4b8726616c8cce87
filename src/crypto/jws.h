/*
 * jws.h: JSON Web Signatures in compact form (RFC 7515), and the claims of JWTs (RFC 7519, RFC 8725).
 *
 * Algorithms are one table (algs.c): HS256/384/512, RS256/384/512, PS256/384/512, ES256/384/512,
 * EdDSA, which is also called Ed25519. The algorithm comes from the key and the caller's list, never from the
 * token alone; "none" doesn't exist here. A header with "crit", "b64" or "zip" is refused; "jku", "jwk",
 * "x5u", "x5c" are never looked at.
 */
#ifndef DOORWARD_CRYPTO_JWS_H
#define DOORWARD_CRYPTO_JWS_H

#include "crypto/jwk.h"

/* Whether the key's type (and its own "alg", if any) fits this algorithm. */
bool jws_alg_fits(const char *alg, const struct jwk *key);

/* Every algorithm known, for discovery: space separated. */
const char *jws_algs(void);

/*
 * Signs payload: header {"alg","typ"?,"kid"?}; typ NULL leaves it out. The compact form in the arena,
 * or NULL when key and algorithm don't fit or OpenSSL fails.
 */
const char *jws_sign(struct arena *arena, const struct jwk *key, const char *alg, const char *typ,
                     struct bytes payload) MUST_CHECK;

/* The parts of a compact JWS before its signature is known to be good: only kid, alg and typ may be
 * used, to pick a key. */
struct jws {
    const struct json *header;
    const char *alg, *kid, *typ; /* kid and typ may be NULL */
    struct bytes payload;
    struct bytes signing_input;
    struct bytes signature;
};

/* False with a reason for anything but three strict base64url parts with an acceptable header. */
bool jws_parse(struct arena *arena, const char *text, size_t length, struct jws *jws_out,
               const char **error_out) MUST_CHECK;

/* True only for a good signature by this key, with an algorithm that fits it and is in the space
 * separated list allowed_algs (NULL: any that fits). */
bool jws_verify(const struct jws *jws, const struct jwk *key, const char *allowed_algs) MUST_CHECK;

#endif
