/* alg_ec.c: EC keys, ES256, ES384 and ES512 (RFC 7518 §3.4, §6.2). */
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/fetched.h"
#include "crypto/numbers.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

enum { X, Y, D, MAX_COORDINATE = 66, MAX_DER = 160 };

/* JOSE's names of the curves are OpenSSL's names of the groups too. */
static const char *const curves[] = { "P-256", "P-384", "P-521", NULL };

static size_t coordinate_length(const char *crv)
{
    static const size_t lengths[] = { 32, 48, 66 };
    for (size_t i = 0; curves[i]; i++) {
        if (text_equal(curves[i], crv))
            return lengths[i];
    }
    bug("no curve %s", crv);
}

/* --- keys --- */

/* OpenSSL takes only a point on the curve; a private key must also be in range and belong to it. */
static bool check(const struct jwk *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!context)
        fatal("out of memory");
    bool fine = key->is_private ? EVP_PKEY_check(context) == 1 : EVP_PKEY_public_check_quick(context) == 1;
    EVP_PKEY_CTX_free(context);
    return fine;
}

static EVP_PKEY *make(const struct jwk *key, struct numbers *numbers, const struct bytes values[])
{
    unsigned char point[1 + 2 * MAX_COORDINATE];
    size_t length = values[X].length;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, values[X].data, length);
    memcpy(point + 1 + length, values[Y].data, length);
    OSSL_PARAM_BLD *builder = numbers->builder;
    if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, key->crv, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * length) != 1)
        fatal("out of memory");
    if (key->is_private &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, numbers_add(numbers, values[D])) != 1)
        fatal("out of memory");
    return numbers_key(numbers, "EC", key->is_private);
}

static const char *ec_build(struct jwk *key, const struct bytes values[])
{
    size_t length = coordinate_length(key->crv);
    for (size_t i = X; i <= D; i++) {
        if (values[i].data && values[i].length != length)
            return "a coordinate hasn't the length of its curve";
    }
    struct numbers numbers = numbers_start();
    key->pkey = make(key, &numbers, values);
    numbers_free(&numbers);
    return key->pkey && check(key) ? NULL : "no point on its curve, or no private key of it";
}

static bool ec_generate(struct jwk *key, const struct alg *alg)
{
    key->crv = alg->crv;
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->crv);
    return key->pkey != NULL;
}

static struct bytes ec_value(const struct jwk *key, const struct key_member *member, struct arena *arena)
{
    return numbers_read(key, member, coordinate_length(key->crv), arena);
}

const struct key_family family_ec = {
    .kty = "EC",
    .curves = curves,
    .members = {
        [X] = { .name = "x", .parameter = OSSL_PKEY_PARAM_EC_PUB_X },
        [Y] = { .name = "y", .parameter = OSSL_PKEY_PARAM_EC_PUB_Y },
        [D] = { .name = "d", .parameter = OSSL_PKEY_PARAM_PRIV_KEY, .is_private = true },
    },
    .thumbprint = { "crv", "kty", "x", "y" },
    .build = ec_build,
    .generate = ec_generate,
    .value = ec_value,
};

/* --- signatures: JOSE has r | s of fixed length, OpenSSL has DER --- */

static bool set_up(const struct alg *alg, EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_signature_md(context, fetched_sha2(alg->bits)) == 1;
}

static bool der_to_pair(const unsigned char *der, size_t der_length, unsigned char *pair_out, size_t length)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)der_length);
    if (!signature)
        return false;
    bool fine = BN_bn2binpad(ECDSA_SIG_get0_r(signature), pair_out, (int)length) > 0 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), pair_out + length, (int)length) > 0;
    ECDSA_SIG_free(signature);
    return fine;
}

/* The length of the DER form, 0 when r or s is zero (CVE-2022-21449). */
static size_t pair_to_der(struct bytes pair, unsigned char der_out[MAX_DER])
{
    size_t half = pair.length / 2;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair.data, (int)half, NULL), *s = BN_bin2bn(pair.data + half, (int)half, NULL);
    if (!signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1)
        fatal("out of memory");
    int length = BN_is_zero(r) || BN_is_zero(s) ? 0 : i2d_ECDSA_SIG(signature, NULL);
    if (length > 0 && length <= MAX_DER)
        length = i2d_ECDSA_SIG(signature, &der_out);
    else
        length = 0;
    ECDSA_SIG_free(signature);
    return length > 0 ? (size_t)length : 0;
}

bool ec_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
             struct bytes *signature_out)
{
    unsigned char hash[64], der[MAX_DER];
    size_t hash_length = sha2(alg->bits, input.data, input.length, hash), der_length = sizeof(der);
    size_t length = coordinate_length(key->crv);
    unsigned char *pair = arena_alloc(arena, 2 * length);
    EVP_PKEY_CTX *context = prepared_context(alg, key, true, set_up);
    if (!context || EVP_PKEY_sign(context, der, &der_length, hash, hash_length) != 1 ||
        !der_to_pair(der, der_length, pair, length))
        return false;
    *signature_out = (struct bytes) { pair, 2 * length };
    return true;
}

bool ec_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature)
{
    unsigned char hash[64], der[MAX_DER];
    if (signature.length != 2 * coordinate_length(key->crv))
        return false;
    size_t der_length = pair_to_der(signature, der);
    if (!der_length)
        return false;
    size_t hash_length = sha2(alg->bits, input.data, input.length, hash);
    EVP_PKEY_CTX *context = prepared_context(alg, key, false, set_up);
    return context && EVP_PKEY_verify(context, der, der_length, hash, hash_length) == 1;
}
