/* algs.c: the tables of all key families and signature algorithms; see algs.h. */
#include "crypto/algs.h"

#include "core/text.h"

static const struct key_family *const families[] = { &family_oct, &family_rsa, &family_ec, &family_okp };

#define HMAC .family = &family_oct, .sign = hmac_sign, .verify = hmac_verify
#define RSA_FAMILY .family = &family_rsa, .sign = rsa_sign, .verify = rsa_verify
#define EC .family = &family_ec, .sign = ec_sign, .verify = ec_verify
#define OKP .family = &family_okp, .sign = eddsa_sign, .verify = eddsa_verify

/* RFC 7518 §3.1 without "none", RFC 8037 §3.1, and the name that says the curve as well (RFC 9864 §2.2). */
const struct alg algs[] = {
    { .name = "HS256", HMAC, .bits = 256 },
    { .name = "HS384", HMAC, .bits = 384 },
    { .name = "HS512", HMAC, .bits = 512 },
    { .name = "RS256", RSA_FAMILY, .bits = 256 },
    { .name = "RS384", RSA_FAMILY, .bits = 384 },
    { .name = "RS512", RSA_FAMILY, .bits = 512 },
    { .name = "PS256", RSA_FAMILY, .bits = 256, .pss = true },
    { .name = "PS384", RSA_FAMILY, .bits = 384, .pss = true },
    { .name = "PS512", RSA_FAMILY, .bits = 512, .pss = true },
    { .name = "ES256", EC, .bits = 256, .crv = "P-256" },
    { .name = "ES384", EC, .bits = 384, .crv = "P-384" },
    { .name = "ES512", EC, .bits = 512, .crv = "P-521" },
    { .name = "EdDSA", OKP, .crv = "Ed25519" },
    { .name = "Ed25519", OKP, .crv = "Ed25519" },
};
const size_t algs_count = ARRAY_SIZE(algs);

const struct alg *alg_find(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(algs); i++) {
        if (text_equal(algs[i].name, name))
            return &algs[i];
    }
    return NULL;
}

const struct key_family *key_family_find(const char *kty)
{
    for (size_t i = 0; kty && i < ARRAY_SIZE(families); i++) {
        if (text_equal(families[i]->kty, kty))
            return families[i];
    }
    return NULL;
}
