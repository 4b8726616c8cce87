/* password.c: see password.h. The only file that knows libscrypt. */
#include "crypto/password.h"

#include "core/encode.h"
#include "crypto/random.h"
#include "crypto/secret.h"

#include <libscrypt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

enum {
    SALT_LENGTH = SCRYPT_SALT_LEN,
    MAX_SALT = 64,
    HASH_LENGTH = SCRYPT_HASH_LEN,
    COST_DIGITS = 6,
    MAX_LOG_N = 24,
    MAX_MEMORY = 1024 * 1024 * 1024,
};

/* A hash taken apart. */
struct parts {
    struct scrypt_cost cost;
    struct bytes salt, hash;
};

/* What one block row takes: 128 * r bytes, N of them (RFC 7914 §6); 0 for a cost that isn't taken. */
static uint64_t memory_of(const struct scrypt_cost *cost)
{
    bool sane = cost->log_n >= 1 && cost->log_n <= MAX_LOG_N && cost->r >= 1 && cost->r <= 255 &&
                cost->p >= 1 && cost->p <= 255;
    uint64_t memory = sane ? ((uint64_t)128 * (uint64_t)cost->r) << cost->log_n : 0;
    return memory <= MAX_MEMORY ? memory : 0;
}

static bool derive(const char *password, struct bytes salt, const struct scrypt_cost *cost,
                   unsigned char hash_out[HASH_LENGTH])
{
    uint64_t memory = memory_of(cost), r = (uint64_t)cost->r, p = (uint64_t)cost->p;
    /* maxmem has to be given: OpenSSL's default of 32 MiB refuses the costs that we use. */
    uint64_t limit = memory + 128 * r * p + 1024 * 1024;
    bool fine = memory && EVP_PBE_scrypt(password, strlen(password), salt.data, salt.length,
                                         (uint64_t)1 << cost->log_n, r, p, limit, hash_out, HASH_LENGTH) == 1;
    if (!fine)
        ERR_clear_error();
    return fine;
}

const char *password_hash(struct arena *arena, const char *password, const struct scrypt_cost *cost)
{
    unsigned char salt[SALT_LENGTH], hash[HASH_LENGTH];
    if (strlen(password) > PASSWORD_MAX_BYTES)
        bug("a password of %zu bytes", strlen(password));
    random_bytes(salt, sizeof(salt));
    if (!derive(password, (struct bytes) { salt, sizeof(salt) }, cost, hash))
        bug("scrypt failed: log_n %d, r %d, p %d", (int)cost->log_n, (int)cost->r, (int)cost->p);
    char *text = arena_alloc(arena, SCRYPT_MCF_LEN);
    if (libscrypt_mcf((uint32_t)1 << cost->log_n, (uint32_t)cost->r, (uint32_t)cost->p,
                      base64_encode(arena, salt, sizeof(salt)), base64_encode(arena, hash, sizeof(hash)),
                      text) != 1)
        bug("libscrypt can't write the hash");
    OPENSSL_cleanse(hash, sizeof(hash));
    return text;
}

/* Six hex digits, lower case as libscrypt writes them: log2 N, r, p. */
static bool read_cost(const char *text, struct scrypt_cost *cost_out)
{
    unsigned char bytes[3];
    char digits[COST_DIGITS + 1] = "";
    if (strspn(text, "0123456789abcdef") != COST_DIGITS)
        return false;
    memcpy(digits, text, COST_DIGITS);
    if (!hex_decode(digits, bytes, sizeof(bytes)))
        return false;
    *cost_out = (struct scrypt_cost) { .log_n = bytes[0], .r = bytes[1], .p = bytes[2] };
    return memory_of(cost_out) > 0;
}

/* "$s1$NNRRPP$": where the salt begins, or NULL. */
static const char *read_head(const char *text, struct scrypt_cost *cost_out)
{
    static const char id[] = SCRYPT_MCF_ID "$";
    size_t length = strlen(id);
    if (!text || strncmp(text, id, length) != 0 || !read_cost(text + length, cost_out) ||
        text[length + COST_DIGITS] != '$')
        return NULL;
    return text + length + COST_DIGITS + 1;
}

static bool read_parts(struct arena *arena, const char *text, struct parts *parts_out)
{
    const char *salt = read_head(text, &parts_out->cost);
    const char *dollar = salt ? strchr(salt, '$') : NULL;
    return dollar && base64_decode(arena, salt, (size_t)(dollar - salt), &parts_out->salt) &&
           parts_out->salt.length >= 1 && parts_out->salt.length <= MAX_SALT &&
           base64_decode(arena, dollar + 1, strlen(dollar + 1), &parts_out->hash) &&
           parts_out->hash.length == HASH_LENGTH;
}

bool password_check(struct arena *arena, const char *password, const char *hash)
{
    struct parts parts;
    unsigned char found[HASH_LENGTH];
    if (!password || !*password || strlen(password) > PASSWORD_MAX_BYTES || !read_parts(arena, hash, &parts))
        return false;
    bool fine = derive(password, parts.salt, &parts.cost, found) &&
                secret_equal((struct bytes) { found, HASH_LENGTH }, parts.hash);
    OPENSSL_cleanse(found, sizeof(found));
    return fine;
}

bool password_is_outdated(const char *hash, const struct scrypt_cost *cost)
{
    struct scrypt_cost old;
    if (!read_head(hash, &old))
        return true;
    uint64_t old_memory = memory_of(&old), memory = memory_of(cost);
    return old_memory < memory || old_memory * (uint64_t)old.p < memory * (uint64_t)cost->p;
}

void password_check_nobody(struct arena *arena, const char *password, const struct scrypt_cost *cost)
{
    if (password && *password && strlen(password) <= PASSWORD_MAX_BYTES)
        (void)password_hash(arena, password, cost);
}
