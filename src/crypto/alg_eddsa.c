/* alg_eddsa.c: Ed25519 keys and EdDSA (RFC 8037; RFC 8032 §5.1). */
#include "crypto/algs.h"

#include <openssl/bn.h>

enum { X, D, LENGTH = 32, SIGNATURE_LENGTH = 64 };

static const char *const curves[] = { "Ed25519", NULL };

/* --- keys --- */

/* The field of 2^255 - 19, and the curve's d = -121665/121666. */
struct field {
    BN_CTX *context;
    BIGNUM *prime, *d;
};

static bool field_start(struct field *field)
{
    BIGNUM *divisor;
    BN_CTX_start(field->context);
    field->prime = BN_CTX_get(field->context);
    field->d = BN_CTX_get(field->context);
    divisor = BN_CTX_get(field->context);
    return divisor && BN_set_bit(field->prime, 255) && BN_sub_word(field->prime, 19) &&
           BN_set_word(divisor, 121666) && BN_mod_inverse(divisor, divisor, field->prime, field->context) &&
           BN_set_word(field->d, 121665) &&
           BN_mod_mul(field->d, field->d, divisor, field->prime, field->context) &&
           BN_sub(field->d, field->prime, field->d);
}

/* Whether (y^2 - 1) / (d y^2 + 1) is a square other than zero: its Euler symbol, of the product, is 1. */
static bool has_x(const struct field *field, const BIGNUM *y2)
{
    BIGNUM *above = BN_CTX_get(field->context), *below = BN_CTX_get(field->context);
    BIGNUM *half = BN_CTX_get(field->context);
    return half && BN_sub(above, y2, BN_value_one()) &&
           BN_mod_mul(below, y2, field->d, field->prime, field->context) && BN_add_word(below, 1) &&
           BN_mod_mul(above, above, below, field->prime, field->context) && BN_rshift1(half, field->prime) &&
           BN_mod_exp(above, above, half, field->prime, field->context) && BN_is_one(above);
}

/*
 * Points of order 1, 2, 4 and 8 accept signatures that nobody made. Those of order 1 and 2 have x = 0,
 * which has_x() refuses; order 4 is y = 0, and order 8 is d y^4 + 2 y^2 - 1 = 0.
 */
static bool has_small_order(const struct field *field, const BIGNUM *y2)
{
    BIGNUM *sum = BN_CTX_get(field->context);
    return !sum || BN_is_zero(y2) || !BN_mod_mul(sum, field->d, y2, field->prime, field->context) ||
           !BN_add_word(sum, 2) || !BN_mod_mul(sum, sum, y2, field->prime, field->context) || BN_is_one(sum);
}

static bool check_point(struct field *field, const unsigned char *encoded)
{
    unsigned char bytes[LENGTH];
    memcpy(bytes, encoded, LENGTH);
    bytes[LENGTH - 1] &= 0x7f; /* the sign of x, which any x but zero can have */
    if (!field_start(field))
        return false;
    BIGNUM *y = BN_CTX_get(field->context), *y2 = BN_CTX_get(field->context);
    return y2 && BN_lebin2bn(bytes, LENGTH, y) && BN_cmp(y, field->prime) < 0 &&
           BN_mod_sqr(y2, y, field->prime, field->context) && has_x(field, y2) && !has_small_order(field, y2);
}

/* A point of the curve in its one spelling, and of large order. OpenSSL checks nothing before a signature. */
static bool is_point(const unsigned char encoded[LENGTH])
{
    struct field field = { .context = BN_CTX_new() };
    if (!field.context)
        fatal("out of memory");
    bool fine = check_point(&field, encoded);
    BN_CTX_end(field.context);
    BN_CTX_free(field.context);
    return fine;
}

static bool private_belongs(const EVP_PKEY *pkey, struct bytes x)
{
    unsigned char found[LENGTH];
    size_t length = sizeof(found);
    return EVP_PKEY_get_raw_public_key(pkey, found, &length) == 1 && length == x.length &&
           memcmp(found, x.data, length) == 0;
}

static const char *okp_build(struct jwk *key, const struct bytes values[])
{
    if (values[X].length != LENGTH || (values[D].data && values[D].length != LENGTH))
        return "an Ed25519 key has 32 bytes";
    if (!is_point(values[X].data))
        return "no point on its curve";
    key->pkey = key->is_private
                    ? EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, values[D].data, LENGTH)
                    : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, values[X].data, LENGTH);
    return key->pkey && private_belongs(key->pkey, values[X]) ? NULL : "x doesn't belong to d";
}

static bool okp_generate(struct jwk *key, const struct alg *alg)
{
    key->crv = alg->crv;
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return key->pkey != NULL;
}

static struct bytes okp_value(const struct jwk *key, const struct key_member *member, struct arena *arena)
{
    size_t length = LENGTH;
    unsigned char *data = arena_alloc(arena, length);
    int got = member->is_private ? EVP_PKEY_get_raw_private_key(key->pkey, data, &length)
                                 : EVP_PKEY_get_raw_public_key(key->pkey, data, &length);
    if (got != 1)
        bug("a key without its %s", member->name);
    return (struct bytes) { data, length };
}

const struct key_family family_okp = {
    .kty = "OKP",
    .curves = curves,
    .members = { [X] = { .name = "x" }, [D] = { .name = "d", .is_private = true } },
    .thumbprint = { "crv", "kty", "x" },
    .build = okp_build,
    .generate = okp_generate,
    .value = okp_value,
};

/* --- signatures: pure EdDSA hashes the message itself, so there's no hash to prepare --- */

bool eddsa_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
                struct bytes *signature_out)
{
    (void)alg;
    size_t length = SIGNATURE_LENGTH;
    unsigned char *signature = arena_alloc(arena, length);
    if (EVP_DigestSignInit_ex(key->digest_context, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1 ||
        EVP_DigestSign(key->digest_context, signature, &length, input.data, input.length) != 1)
        return false;
    *signature_out = (struct bytes) { signature, length };
    return true;
}

bool eddsa_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature)
{
    (void)alg;
    return signature.length == SIGNATURE_LENGTH &&
           EVP_DigestVerifyInit_ex(key->digest_context, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
           EVP_DigestVerify(key->digest_context, signature.data, signature.length, input.data,
                            input.length) == 1;
}
