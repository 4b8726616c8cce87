/* secret.h: the one helper by which secrets, keys and tokens are compared: in constant time. */
#ifndef DOORWARD_CRYPTO_SECRET_H
#define DOORWARD_CRYPTO_SECRET_H

#include "core/arena.h"

/* Same length and bytes; the time depends on the lengths only. */
bool secret_equal(struct bytes a, struct bytes b) MUST_CHECK;
bool secret_equal_hash(const unsigned char a[32], const unsigned char b[32]) MUST_CHECK;

#endif
