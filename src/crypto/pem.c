/* pem.c: see pem.h. */
#include "crypto/pem.h"

#include "core/encode.h"
#include "core/text.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { COORDINATE = 32, GROUP_MAX = 64 };

/* A key with a passphrase is refused, not asked for. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    if (!bio)
        fatal("out of memory");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return key;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[GROUP_MAX] = "";
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) == 1 &&
           (text_equal(group, "prime256v1") || text_equal(group, "P-256"));
}

/* Adds a number of the key as a member: as long as the curve has it. */
static bool put_number(struct arena *arena, struct json *object, const char *name, const EVP_PKEY *key,
                       const char *parameter)
{
    unsigned char bytes[COORDINATE];
    BIGNUM *number = NULL;
    bool fine = EVP_PKEY_get_bn_param(key, parameter, &number) == 1 &&
                BN_bn2binpad(number, bytes, sizeof(bytes)) == COORDINATE;
    if (fine)
        json_put_text(object, name, base64url_encode(arena, bytes, sizeof(bytes)));
    explicit_bzero(bytes, sizeof(bytes));
    BN_clear_free(number);
    return fine;
}

struct jwk *pem_read_p256(struct arena *arena, const char *pem, const char *kid)
{
    const char *error;
    struct jwk *jwk = NULL;
    struct json *object = json_new_object(arena);
    EVP_PKEY *key = read_key(pem);
    json_put_text(object, "kty", "EC");
    json_put_text(object, "crv", "P-256");
    if (kid)
        json_put_text(object, "kid", kid);
    if (key && is_p256(key) && put_number(arena, object, "x", key, OSSL_PKEY_PARAM_EC_PUB_X) &&
        put_number(arena, object, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y) &&
        put_number(arena, object, "d", key, OSSL_PKEY_PARAM_PRIV_KEY))
        jwk = jwk_parse(object, &error);
    json_wipe(object);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return jwk;
}
