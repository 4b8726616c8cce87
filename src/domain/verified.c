/* verified.c: a table with one place per hash, told by its first bytes; see verified.h. */
#include "domain/verified.h"

#include "crypto/secret.h"

enum { PLACES = 4096 }; /* a power of two; only what is used of the 128 KiB is ever touched */

struct verified {
    bool is_used;
    unsigned char hashes[PLACES][32]; /* all zero: free, as no token's hash is */
};

struct verified *verified_make(void)
{
    struct verified *verified = calloc(1, sizeof(*verified));
    if (!verified)
        fatal("out of memory");
    return verified;
}

void verified_free(struct verified *verified)
{
    free(verified);
}

static size_t place_of(const unsigned char hash[32])
{
    return ((size_t)hash[0] << 8 | hash[1]) % PLACES;
}

bool verified_has(const struct verified *verified, const unsigned char hash[32])
{
    return secret_equal_hash(verified->hashes[place_of(hash)], hash);
}

void verified_add(struct verified *verified, const unsigned char hash[32])
{
    verified->is_used = true;
    memcpy(verified->hashes[place_of(hash)], hash, 32);
}

void verified_forget(struct verified *verified)
{
    if (verified->is_used)
        memset(verified, 0, sizeof(*verified));
}
