/* digest.h: hashes and MACs, with the algorithms fetched once per process. */
#ifndef DOORWARD_CRYPTO_DIGEST_H
#define DOORWARD_CRYPTO_DIGEST_H

#include "core/arena.h"

void sha256(const void *data, size_t length, unsigned char hash_out[32]);
void sha256_text(const char *text, unsigned char hash_out[32]);

/* SHA-256, SHA-384 or SHA-512 (bits 256, 384, 512); returns the number of bytes written. */
size_t sha2(int bits, const void *data, size_t length, unsigned char hash_out[64]);

/* HMAC (RFC 2104) over SHA-2 of that many bits; returns the number of bytes written. */
size_t hmac_sha2(int bits, struct bytes key, const void *data, size_t length, unsigned char mac_out[64]);

/* HKDF-SHA256 (RFC 5869) of a key for one purpose. */
void hkdf_sha256(struct bytes key, const char *purpose, unsigned char key_out[32]);

#endif
