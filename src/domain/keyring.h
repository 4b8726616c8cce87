/*
 * keyring.h: the installation's signing keys, parsed once per process and dropped when their version
 * moves. Each algorithm has a next, a current and retired keys; all are in the JWKS for as long as a
 * token that they signed may live (OpenID Connect Core §10.1.1).
 */
#ifndef DOORWARD_DOMAIN_KEYRING_H
#define DOORWARD_DOMAIN_KEYRING_H

#include "crypto/jws.h"
#include "domain/context.h"

/* The algorithms that we sign with, space separated: "RS256 ES256 EdDSA". */
extern const char keyring_algs[];

struct keyring *keyring_make(void);
void keyring_free(struct keyring *keyring);

/* At the start of a request: reads the keys anew when their version has moved. UNAVAILABLE only when
 * there are none at all in memory and the database is away. */
enum outcome keyring_refresh(struct context *context);

/* Signs a payload with the current key of an algorithm; typ NULL leaves it out. */
enum outcome keyring_sign(struct context *context, const char *alg, const char *typ,
                          const struct strbuf *payload, const char **jws_out);

/* Verifies a compact JWS that must be ours: known kid, good signature, header typ equal to typ (NULL:
 * "JWT" or absent). The parsed payload, or NULL. Works without the database once keys are known. */
const struct json *keyring_verify(struct context *context, const char *text, const char *typ);

/* The JWKS document, ready-made, and its ETag; from the shared page when this process has no keys
 * yet. UNAVAILABLE when nobody has any. The bytes live at least as long as the request. */
enum outcome keyring_jwks(struct context *context, struct bytes *json_out, const char **etag_out);

/*
 * For `doorward key rotate`, and for the first start: makes what is missing (a current and a next key
 * per algorithm); with rotate, the next becomes current, the current retired with an expiry. At most
 * one of several callers does it.
 */
enum outcome keyring_prepare(struct context *context);
enum outcome keyring_rotate(struct context *context, const char *alg);

#endif
