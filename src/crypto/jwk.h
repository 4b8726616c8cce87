/*
 * jwk.h: keys as JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037): RSA, EC P-256/P-384/P-521, OKP
 * Ed25519, and oct. A key is checked when it is read: RSA of 2048 to 16384 bits with an odd exponent
 * over 1, points on their curve, member types and lengths exact.
 */
#ifndef DOORWARD_CRYPTO_JWK_H
#define DOORWARD_CRYPTO_JWK_H

#include "core/arena.h"
#include "core/json.h"
#include "core/json_writer.h"

struct jwk;

/* Reads a key, public or private; NULL with a reason. Members that must be absent from a public key
 * are no error here: jwk_is_private() tells. Lives until jwk_free(), so that caches can keep it. */
struct jwk *jwk_parse(const struct json *object, const char **error_out) MUST_CHECK;

/* A new private key for a signature algorithm: "RS256" (2048 bits), "ES256", "EdDSA". */
struct jwk *jwk_generate(const char *alg, const char *kid);
void jwk_free(struct jwk *key); /* NULL is let through */

const char *jwk_kty(const struct jwk *key); /* "RSA", "EC", "OKP", "oct" */
const char *jwk_crv(const struct jwk *key); /* NULL for RSA and oct */
const char *jwk_kid(const struct jwk *key); /* NULL when it has none */
const char *jwk_alg(const struct jwk *key); /* NULL when it names none */
const char *jwk_use(const struct jwk *key);
bool jwk_is_private(const struct jwk *key);

/* Members of the public key (kty, use, kid, alg and the key), without any private one. */
void jwk_write_public(const struct jwk *key, struct json_writer *writer, const char *name);
/* The private key as JSON text in the arena: to be sealed at once. */
const char *jwk_print_private(const struct jwk *key, struct arena *arena);

/* RFC 7638 thumbprint, SHA-256, base64url. */
const char *jwk_thumbprint(const struct jwk *key, struct arena *arena);

#endif
