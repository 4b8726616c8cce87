/* fetched.c: see fetched.h. Workers have one thread, so plain statics do. */
#include "crypto/fetched.h"

static struct {
    int bits;
    const char *name;
    EVP_MD *md;
} hashes[] = {
    { .bits = 256, .name = "SHA2-256" },
    { .bits = 384, .name = "SHA2-384" },
    { .bits = 512, .name = "SHA2-512" },
};

static size_t hash_index(int bits)
{
    for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
        if (hashes[i].bits == bits)
            return i;
    }
    bug("no SHA-2 of %d bits", bits);
}

static void require(const void *algorithm, const char *name)
{
    if (!algorithm)
        fatal("OpenSSL offers no %s: check its configuration (openssl.cnf, providers)", name);
}

const EVP_MD *fetched_sha2(int bits)
{
    size_t i = hash_index(bits);
    if (!hashes[i].md)
        hashes[i].md = EVP_MD_fetch(NULL, hashes[i].name, NULL);
    require(hashes[i].md, hashes[i].name);
    return hashes[i].md;
}

const char *fetched_sha2_name(int bits)
{
    return hashes[hash_index(bits)].name;
}

const EVP_CIPHER *fetched_aes_256_gcm(void)
{
    static EVP_CIPHER *cipher;
    if (!cipher)
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    require(cipher, "AES-256-GCM");
    return cipher;
}

EVP_MAC *fetched_hmac(void)
{
    static EVP_MAC *mac;
    if (!mac)
        mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    require(mac, "HMAC");
    return mac;
}
