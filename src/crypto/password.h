/*
 * password.h: hashing what people choose. scrypt (RFC 7914) in libscrypt's form
 * "$s1$NNRRPP$salt$hash" (hex parameters: log2 N, r, p); OpenSSL does the maths (twice as fast for the
 * same bytes), libscrypt's format is only read and written. Parameters are in the hash, so they can
 * rise.
 */
#ifndef DOORWARD_CRYPTO_PASSWORD_H
#define DOORWARD_CRYPTO_PASSWORD_H

#include "core/arena.h"

enum { PASSWORD_MIN_CHARACTERS = 8, PASSWORD_MAX_BYTES = 1024 };

struct scrypt_cost {
    int64_t log_n, r, p;
};

/* A new hash with a random salt, in the arena. A password over PASSWORD_MAX_BYTES, or a cost that needs
 * over 1 GiB, is a bug of the caller. */
const char *password_hash(struct arena *arena, const char *password, const struct scrypt_cost *cost);

/* Constant time. False for a mismatch, for an empty password or one over PASSWORD_MAX_BYTES, and for a
 * hash that is not of this form. */
bool password_check(struct arena *arena, const char *password, const char *hash) MUST_CHECK;

/* Whether the hash was made with a lower cost (memory or work) than wanted, or is of another form. */
bool password_is_outdated(const char *hash, const struct scrypt_cost *cost);

/* The same work as a check, for a user who doesn't exist (T-86). */
void password_check_nobody(struct arena *arena, const char *password, const struct scrypt_cost *cost);

#endif
