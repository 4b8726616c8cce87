/*
 * fetched.h: OpenSSL's algorithms, each fetched once per process and kept, since a fetch costs more
 * than a short hash. The first use fetches; one that OpenSSL lacks ends the process.
 */
#ifndef DOORWARD_CRYPTO_FETCHED_H
#define DOORWARD_CRYPTO_FETCHED_H

#include "core/base.h"

#include <openssl/evp.h>

/* SHA-256, SHA-384 or SHA-512 for bits of 256, 384, 512; anything else is a bug. */
const EVP_MD *fetched_sha2(int bits);

/* The name of the same hash in OpenSSL's words: "SHA2-256". */
const char *fetched_sha2_name(int bits);

const EVP_CIPHER *fetched_aes_256_gcm(void);
EVP_MAC *fetched_hmac(void);

#endif
