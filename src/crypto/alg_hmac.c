/* alg_hmac.c: symmetric keys and HS256, HS384, HS512 (RFC 7518 §3.2, §6.4). */
#include "crypto/algs.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"

/* --- keys --- */

static void take(struct jwk *key, struct bytes secret)
{
    key->secret = malloc(secret.length);
    if (!key->secret)
        fatal("out of memory");
    memcpy(key->secret, secret.data, secret.length);
    key->secret_length = secret.length;
}

/* Whether it's long enough is the algorithm's question: jws_alg_fits(). */
static const char *oct_build(struct jwk *key, const struct bytes values[])
{
    if (!values[0].length)
        return "an empty secret";
    take(key, values[0]);
    return NULL;
}

static bool oct_generate(struct jwk *key, const struct alg *alg)
{
    unsigned char secret[64];
    size_t length = (size_t)alg->bits / 8;
    random_bytes(secret, length);
    take(key, (struct bytes) { secret, length });
    OPENSSL_cleanse(secret, sizeof(secret));
    return true;
}

static struct bytes oct_value(const struct jwk *key, const struct key_member *member, struct arena *arena)
{
    (void)member;
    return arena_copy(arena, key->secret, key->secret_length);
}

const struct key_family family_oct = {
    .kty = "oct",
    .members = { { .name = "k", .is_private = true } },
    .thumbprint = { "k", "kty" },
    .build = oct_build,
    .generate = oct_generate,
    .value = oct_value,
};

/* --- signatures --- */

bool hmac_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
               struct bytes *signature_out)
{
    unsigned char mac[64];
    struct bytes secret = { key->secret, key->secret_length };
    size_t length = hmac_sha2(alg->bits, secret, input.data, input.length, mac);
    *signature_out = arena_copy(arena, mac, length);
    return true;
}

bool hmac_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature)
{
    unsigned char mac[64];
    struct bytes secret = { key->secret, key->secret_length };
    size_t length = hmac_sha2(alg->bits, secret, input.data, input.length, mac);
    return secret_equal((struct bytes) { mac, length }, signature);
}
