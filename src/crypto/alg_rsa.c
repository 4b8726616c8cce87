/* alg_rsa.c: RSA keys, RS256 to RS512 (PKCS #1 v1.5) and PS256 to PS512 (PSS) (RFC 7518 §3.3, §3.5, §6.3). */
#include "crypto/digest.h"
#include "crypto/fetched.h"
#include "crypto/numbers.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

/* A public exponent over 64 bits serves nobody but who wants verifying to be slow. */
enum { MIN_BITS = 2048, MAX_BITS = 16384, MAX_EXPONENT_BITS = 64, MAX_BYTES = MAX_BITS / 8 };

enum { N, E, D, P, Q, DP, DQ, QI, MEMBERS };

/* --- keys --- */

/*
 * Keys of a faulty generator (CVE-2017-15361): modulo every one of these primes, n is a power of
 * 65537. For a sound key that happens by chance once in 2^28 or rarer.
 */
static bool is_roca(const BIGNUM *n)
{
    static const unsigned char primes[] = { 3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                            47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                            107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };
    for (size_t i = 0; i < ARRAY_SIZE(primes); i++) {
        BN_ULONG rest = BN_mod_word(n, primes[i]), power = 1;
        unsigned tries = primes[i];
        while (power != rest && tries--)
            power = power * (65537 % primes[i]) % primes[i];
        if (power != rest)
            return false;
    }
    return true;
}

static const char *check_public(const BIGNUM *n, const BIGNUM *e)
{
    if (BN_num_bits(n) < MIN_BITS || BN_num_bits(n) > MAX_BITS)
        return "an RSA modulus must have 2048 to 16384 bits";
    if (!BN_is_odd(n) || is_roca(n))
        return "a weak RSA modulus";
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > MAX_EXPONENT_BITS)
        return "an RSA exponent must be odd, over 1 and of at most 64 bits";
    return NULL;
}

static bool primes_make_modulus(BIGNUM *const numbers[])
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *product = BN_new();
    if (!context || !product)
        fatal("out of memory");
    bool fine = BN_mul(product, numbers[P], numbers[Q], context) == 1 && BN_cmp(product, numbers[N]) == 0 &&
                !BN_is_one(numbers[P]) && !BN_is_one(numbers[Q]);
    BN_clear_free(product);
    BN_CTX_free(context);
    return fine;
}

/* Base64urlUInt (RFC 7518 §2) is as short as can be. */
static bool are_shortest(const struct bytes values[])
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (values[i].data && (!values[i].length || !values[i].data[0] || values[i].length > MAX_BYTES))
            return false;
    }
    return true;
}

static const char *make(struct jwk *key, struct numbers *numbers, const struct bytes values[])
{
    size_t count = key->is_private ? MEMBERS : D;
    for (size_t i = 0; i < count; i++) {
        BIGNUM *number = numbers_add(numbers, values[i]);
        if (OSSL_PARAM_BLD_push_BN(numbers->builder, family_rsa.members[i].parameter, number) != 1)
            fatal("out of memory");
    }
    const char *wrong = check_public(numbers->items[N], numbers->items[E]);
    if (wrong)
        return wrong;
    if (key->is_private && !primes_make_modulus(numbers->items))
        return "the primes don't make the RSA modulus";
    key->pkey = numbers_key(numbers, "RSA", key->is_private);
    return key->pkey ? NULL : "no RSA key";
}

static const char *rsa_build(struct jwk *key, const struct bytes values[])
{
    if (!are_shortest(values))
        return "a number of an RSA key isn't in its shortest form";
    struct numbers numbers = numbers_start();
    const char *wrong = make(key, &numbers, values);
    numbers_free(&numbers);
    return wrong;
}

static bool rsa_generate(struct jwk *key, const struct alg *alg)
{
    (void)alg;
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)MIN_BITS);
    return key->pkey != NULL;
}

static struct bytes rsa_value(const struct jwk *key, const struct key_member *member, struct arena *arena)
{
    return numbers_read(key, member, 0, arena);
}

const struct key_family family_rsa = {
    .kty = "RSA",
    .members = {
        [N] = { .name = "n", .parameter = OSSL_PKEY_PARAM_RSA_N },
        [E] = { .name = "e", .parameter = OSSL_PKEY_PARAM_RSA_E },
        [D] = { .name = "d", .parameter = OSSL_PKEY_PARAM_RSA_D, .is_private = true },
        [P] = { .name = "p", .parameter = OSSL_PKEY_PARAM_RSA_FACTOR1, .is_private = true },
        [Q] = { .name = "q", .parameter = OSSL_PKEY_PARAM_RSA_FACTOR2, .is_private = true },
        [DP] = { .name = "dp", .parameter = OSSL_PKEY_PARAM_RSA_EXPONENT1, .is_private = true },
        [DQ] = { .name = "dq", .parameter = OSSL_PKEY_PARAM_RSA_EXPONENT2, .is_private = true },
        [QI] = { .name = "qi", .parameter = OSSL_PKEY_PARAM_RSA_COEFFICIENT1, .is_private = true },
    },
    .thumbprint = { "e", "kty", "n" },
    .build = rsa_build,
    .generate = rsa_generate,
    .value = rsa_value,
};

/* --- signatures --- */

/* PSS with MGF1 on the same hash and a salt as long as it, exactly (RFC 7518 §3.5). */
static bool set_up(const struct alg *alg, EVP_PKEY_CTX *context)
{
    const EVP_MD *md = fetched_sha2(alg->bits);
    if (EVP_PKEY_CTX_set_rsa_padding(context, alg->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, md) != 1)
        return false;
    return !alg->pss || (EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 &&
                         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool rsa_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
              struct bytes *signature_out)
{
    unsigned char hash[64];
    size_t hash_length = sha2(alg->bits, input.data, input.length, hash);
    size_t length = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *signature = arena_alloc(arena, length);
    EVP_PKEY_CTX *context = prepared_context(alg, key, true, set_up);
    if (!context || EVP_PKEY_sign(context, signature, &length, hash, hash_length) != 1)
        return false;
    *signature_out = (struct bytes) { signature, length };
    return true;
}

bool rsa_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature)
{
    unsigned char hash[64];
    if (signature.length != (size_t)EVP_PKEY_get_size(key->pkey))
        return false;
    size_t hash_length = sha2(alg->bits, input.data, input.length, hash);
    EVP_PKEY_CTX *context = prepared_context(alg, key, false, set_up);
    return context && EVP_PKEY_verify(context, signature.data, signature.length, hash, hash_length) == 1;
}
