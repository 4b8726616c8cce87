/* numbers.h: what RSA and EC keys share: building a key of OpenSSL from numbers and reading them back. */
#ifndef DOORWARD_CRYPTO_NUMBERS_H
#define DOORWARD_CRYPTO_NUMBERS_H

#include "crypto/algs.h"

#include <openssl/bn.h>
#include <openssl/param_build.h>

/* Big numbers and the parameters made of them, freed and wiped together. */
struct numbers {
    OSSL_PARAM_BLD *builder;
    BIGNUM *items[KEY_MAX_MEMBERS];
    size_t count;
};

struct numbers numbers_start(void);
void numbers_free(struct numbers *numbers);

/* The big-endian bytes as a number that numbers owns. */
BIGNUM *numbers_add(struct numbers *numbers, struct bytes value);

/* A key of that type from the parameters pushed so far; NULL when OpenSSL refuses it. */
EVP_PKEY *numbers_key(struct numbers *numbers, const char *type, bool is_private);

/* A member's number read from the key, padded to length bytes (0: as short as it is). */
struct bytes numbers_read(const struct jwk *key, const struct key_member *member, size_t length,
                          struct arena *arena);

/*
 * The key's context for this algorithm, which set_up() fills once (after EVP_PKEY_sign_init() or
 * EVP_PKEY_verify_init()); kept in the key, since setting it up costs as much as an ES256 signature.
 */
EVP_PKEY_CTX *prepared_context(const struct alg *alg, const struct jwk *key, bool sign,
                               bool (*set_up)(const struct alg *alg, EVP_PKEY_CTX *context));

#endif
