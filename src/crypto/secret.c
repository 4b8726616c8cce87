/* secret.c: see secret.h. */
#include "crypto/secret.h"

#include <openssl/crypto.h>

bool secret_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || CRYPTO_memcmp(a.data, b.data, a.length) == 0);
}

bool secret_equal_hash(const unsigned char a[32], const unsigned char b[32])
{
    return CRYPTO_memcmp(a, b, 32) == 0;
}
