/* digest.c: see digest.h. One context for all hashes and one per MAC: a new one costs as much as a short
 * hash. */
#include "crypto/digest.h"

#include "crypto/fetched.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

size_t sha2(int bits, const void *data, size_t length, unsigned char hash_out[64])
{
    static EVP_MD_CTX *context;
    if (!context && !(context = EVP_MD_CTX_new()))
        fatal("out of memory");
    unsigned written = 0;
    if (EVP_DigestInit_ex2(context, fetched_sha2(bits), NULL) != 1 ||
        EVP_DigestUpdate(context, data, length) != 1 || EVP_DigestFinal_ex(context, hash_out, &written) != 1)
        bug("SHA-%d failed", bits);
    return written;
}

void sha256(const void *data, size_t length, unsigned char hash_out[32])
{
    unsigned char hash[64];
    sha2(256, data, length, hash);
    memcpy(hash_out, hash, 32);
}

void sha256_text(const char *text, unsigned char hash_out[32])
{
    sha256(text, strlen(text), hash_out);
}

/* A context whose hash is set once, so that a MAC only brings its key. */
static EVP_MAC_CTX *hmac_context(int bits)
{
    static EVP_MAC_CTX *contexts[3];
    EVP_MAC_CTX **context = &contexts[bits == 256 ? 0 : bits == 384 ? 1 : 2];
    if (*context)
        return *context;
    char *name = (char *)(uintptr_t)fetched_sha2_name(bits);
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                OSSL_PARAM_construct_end() };
    *context = EVP_MAC_CTX_new(fetched_hmac());
    if (!*context || EVP_MAC_CTX_set_params(*context, parameters) != 1)
        bug("HMAC can't be set up");
    return *context;
}

size_t hmac_sha2(int bits, struct bytes key, const void *data, size_t length, unsigned char mac_out[64])
{
    EVP_MAC_CTX *context = hmac_context(bits);
    size_t written = 0;
    /* A NULL key would mean the one of the last call; an empty one is its own. */
    const unsigned char *key_data = key.length ? key.data : (const unsigned char *)"";
    if (EVP_MAC_init(context, key_data, key.length, NULL) != 1 ||
        EVP_MAC_update(context, data, length) != 1 || EVP_MAC_final(context, mac_out, &written, 64) != 1)
        bug("HMAC failed");
    return written;
}

/* Extract without salt (RFC 5869 §2.2), then the first block of expand (§2.3), which is all of 32 bytes. */
void hkdf_sha256(struct bytes key, const char *purpose, unsigned char key_out[32])
{
    static const unsigned char no_salt[32];
    enum { MAX_PURPOSE = 255 };
    unsigned char extracted[64], expanded[64], info[MAX_PURPOSE + 1];
    size_t length = strlen(purpose);
    if (length > MAX_PURPOSE)
        bug("a purpose of %zu bytes", length);
    hmac_sha2(256, (struct bytes) { no_salt, sizeof(no_salt) }, key.data, key.length, extracted);
    memcpy(info, purpose, length);
    info[length] = 1;
    hmac_sha2(256, (struct bytes) { extracted, 32 }, info, length + 1, expanded);
    memcpy(key_out, expanded, 32);
    OPENSSL_cleanse(extracted, sizeof(extracted));
    OPENSSL_cleanse(expanded, sizeof(expanded));
}
