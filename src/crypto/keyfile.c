/*
 * keyfile.c: see keyfile.h. No key of the file is used as it is: each purpose has a key derived from
 * it, those used often being kept.
 */
#include "crypto/keyfile.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/fetched.h"
#include "crypto/random.h"
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_KEYS = 32,
    MAX_NAME = 16,
    KEY_LENGTH = 32,
    MAX_FILE = MAX_KEYS * (MAX_NAME + 1 + 43 + 1),
    MAX_PURPOSE = 63,
    NONCE_LENGTH = 12,
    TAG_LENGTH = 16,
};

/* All keys of the file, newest first, derived for one purpose. */
struct derived {
    char purpose[MAX_PURPOSE + 1]; /* "" marks a free place */
    unsigned char keys[MAX_KEYS][KEY_LENGTH];
};

/* Purposes are few fixed words; with more than there are places, the one kept longest makes room. */
struct cache {
    struct derived places[16];
    size_t next;
};

struct keyfile {
    struct arena *arena; /* holds everything, this struct too; wiped when destroyed */
    size_t count;
    char names[MAX_KEYS][MAX_NAME + 1];
    unsigned char keys[MAX_KEYS][KEY_LENGTH];
    struct cache *cache;
};

/* --- the file --- */

/* The load's message, which must outlive the keyfile that didn't come to be. */
static struct keyfile *refuse(struct keyfile *keyfile, const char **error_out, const char *format, ...)
    PRINTF_LIKE(3, 4);

static struct keyfile *refuse(struct keyfile *keyfile, const char **error_out, const char *format, ...)
{
    static char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    keyfile_free(keyfile);
    *error_out = message;
    return NULL;
}

static bool name_is_good(const char *name, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return length >= 1 && length <= MAX_NAME && strspn(name, allowed) == length;
}

static bool name_is_known(const struct keyfile *keyfile, const char *name)
{
    for (size_t i = 0; i < keyfile->count; i++) {
        if (text_equal(keyfile->names[i], name))
            return true;
    }
    return false;
}

/* "name base64url-of-32-bytes"; NULL, or what's wrong with it. */
static const char *read_line(struct keyfile *keyfile, const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    struct bytes key;
    char name[MAX_NAME + 1] = "";
    if (!space || (size_t)(space - line) > MAX_NAME)
        return "expected a name of at most 16 characters, a space and a key";
    memcpy(name, line, (size_t)(space - line));
    if (!name_is_good(name, (size_t)(space - line)))
        return "a name has only a-z, 0-9 and '-'";
    if (name_is_known(keyfile, name))
        return "this name stands above already";
    if (!base64url_decode(keyfile->arena, space + 1, length - (size_t)(space + 1 - line), &key) ||
        key.length != KEY_LENGTH)
        return "a key is 32 bytes as base64url without padding (43 characters)";
    if (keyfile->count == MAX_KEYS)
        return "too many keys (at most 32)";
    memcpy(keyfile->names[keyfile->count], name, sizeof(name));
    memcpy(keyfile->keys[keyfile->count++], key.data, KEY_LENGTH);
    return NULL;
}

/* The open file's bytes in the arena, or -1 with errno; more than MAX_FILE are MAX_FILE + 1. */
static ssize_t read_all(int file, char *text_out)
{
    size_t length = 0;
    while (length <= MAX_FILE) {
        ssize_t got = read(file, text_out + length, MAX_FILE + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

static struct keyfile *keyfile_make(void)
{
    struct arena *arena = arena_make(256 * 1024);
    struct keyfile *keyfile = arena_alloc(arena, sizeof(*keyfile));
    keyfile->arena = arena;
    keyfile->cache = arena_alloc(arena, sizeof(*keyfile->cache));
    return keyfile;
}

static struct keyfile *read_keys(struct keyfile *keyfile, const char *path, int file, const char **error_out)
{
    char *text = arena_alloc(keyfile->arena, MAX_FILE + 2);
    ssize_t length = read_all(file, text);
    if (length < 0)
        return refuse(keyfile, error_out, "key file %s: %s", path, strerror(errno));
    if (length > MAX_FILE)
        return refuse(keyfile, error_out, "key file %s: larger than %d keys can be", path, MAX_KEYS);
    const char *end = text + length;
    int number = 1;
    for (const char *line = text; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        const char *wrong = read_line(keyfile, line, (size_t)(stop - line));
        if (wrong)
            return refuse(keyfile, error_out, "key file %s, line %d: %s", path, number, wrong);
        line = stop + 1;
    }
    if (!keyfile->count)
        return refuse(keyfile, error_out, "key file %s is empty: make one with 'doorward key-file create'",
                      path);
    return keyfile;
}

struct keyfile *keyfile_load(const char *path, const char **error_out)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return refuse(NULL, error_out, "key file %s is missing: make one with 'doorward key-file create'",
                      path);
    if (file < 0)
        return refuse(NULL, error_out, "key file %s: %s", path, strerror(errno));
    struct keyfile *keyfile = NULL;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        refuse(NULL, error_out, "key file %s is no regular file", path);
    else if (status.st_mode & 0137)
        refuse(NULL, error_out, "key file %s has mode %04o: chmod it to 0600 or 0640", path,
               (unsigned)status.st_mode & 07777);
    else
        keyfile = read_keys(keyfile_make(), path, file, error_out);
    close(file);
    return keyfile;
}

void keyfile_free(struct keyfile *keyfile)
{
    if (keyfile)
        arena_destroy(keyfile->arena);
}

static bool write_all(int file, const char *text, size_t length)
{
    while (length) {
        ssize_t put = write(file, text, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text += put;
        length -= (size_t)put;
    }
    return true;
}

bool keyfile_create(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    struct arena *arena = arena_make(64 * 1024);
    unsigned char name[4];
    random_bytes(name, sizeof(name));
    const char *key = random_text(arena, KEY_LENGTH);
    const char *line = arena_printf(arena, "k-%s %s\n", hex_encode(arena, name, sizeof(name)), key);
    bool fine = fchmod(file, 0600) == 0 && write_all(file, line, strlen(line)) && fsync(file) == 0;
    int error = errno;
    arena_destroy(arena);
    fine = close(file) == 0 && fine;
    if (!fine) {
        unlink(path);
        errno = error;
    }
    return fine;
}

size_t keyfile_count(const struct keyfile *keyfile)
{
    return keyfile->count;
}

const char *keyfile_name(const struct keyfile *keyfile, size_t index)
{
    if (index >= keyfile->count)
        bug("key %zu of %zu", index, keyfile->count);
    return keyfile->names[index];
}

bool keyfile_is_name(const char *name)
{
    return name_is_good(name, strlen(name));
}

/* --- derived keys --- */

static const struct derived *derived_keys(const struct keyfile *keyfile, const char *purpose)
{
    struct cache *cache = keyfile->cache;
    size_t length = strlen(purpose);
    if (length < 1 || length > MAX_PURPOSE)
        bug("a purpose of %zu bytes", length);
    for (size_t i = 0; i < ARRAY_SIZE(cache->places); i++) {
        if (text_equal(cache->places[i].purpose, purpose))
            return &cache->places[i];
    }
    struct derived *place = &cache->places[cache->next++ % ARRAY_SIZE(cache->places)];
    memcpy(place->purpose, purpose, length + 1);
    for (size_t i = 0; i < keyfile->count; i++)
        hkdf_sha256((struct bytes) { keyfile->keys[i], KEY_LENGTH }, purpose, place->keys[i]);
    return place;
}

/* --- sealing: name length (1) | name | nonce (12) | ciphertext | tag (16) --- */

static const char seal_purpose[] = "seal";

struct gcm {
    const unsigned char *key;
    struct bytes head; /* name length, name and nonce: authenticated, as is what the value is bound to */
    const char *bound_to;
    bool seal;
};

static bool gcm_start(EVP_CIPHER_CTX *context, const struct gcm *gcm)
{
    int ignored;
    size_t length = strlen(gcm->bound_to);
    const unsigned char *nonce = gcm->head.data + gcm->head.length - NONCE_LENGTH;
    const void *bound_to = gcm->bound_to;
    return length <= INT32_MAX &&
           EVP_CipherInit_ex2(context, fetched_aes_256_gcm(), gcm->key, nonce, gcm->seal, NULL) == 1 &&
           EVP_CipherUpdate(context, NULL, &ignored, gcm->head.data, (int)gcm->head.length) == 1 &&
           (!length || EVP_CipherUpdate(context, NULL, &ignored, bound_to, (int)length) == 1);
}

/* Reads the tag when it opens, writes it when it seals. False when the tag is wrong. */
static bool gcm_run(const struct gcm *gcm, struct bytes in, unsigned char *out, unsigned char tag[TAG_LENGTH])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context)
        fatal("out of memory");
    int written = 0, ignored;
    unsigned char none[16];
    bool fine = in.length <= INT32_MAX && gcm_start(context, gcm) &&
                (!in.length || EVP_CipherUpdate(context, out, &written, in.data, (int)in.length) == 1) &&
                (gcm->seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_LENGTH, tag) == 1) &&
                EVP_CipherFinal_ex(context, none, &ignored) == 1 && (size_t)written == in.length &&
                (!gcm->seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_LENGTH, tag) == 1);
    EVP_CIPHER_CTX_free(context);
    return fine;
}

struct bytes keyfile_beginning(const struct keyfile *keyfile, struct arena *arena)
{
    const char *name = keyfile->names[0];
    size_t length = strlen(name);
    unsigned char *beginning = arena_alloc(arena, 1 + length);
    beginning[0] = (unsigned char)length;
    memcpy(beginning + 1, name, length);
    return (struct bytes) { beginning, 1 + length };
}

struct bytes keyfile_seal(const struct keyfile *keyfile, struct arena *arena, const char *bound_to,
                          struct bytes plain)
{
    const struct bytes beginning = keyfile_beginning(keyfile, arena);
    size_t head = beginning.length + NONCE_LENGTH, total = head + plain.length + TAG_LENGTH;
    unsigned char *sealed = arena_alloc(arena, total + 1);
    memcpy(sealed, beginning.data, beginning.length);
    random_bytes(sealed + beginning.length, NONCE_LENGTH);
    struct gcm gcm = { derived_keys(keyfile, seal_purpose)->keys[0], { sealed, head }, bound_to, true };
    if (!gcm_run(&gcm, plain, sealed + head, sealed + head + plain.length))
        bug("sealing failed");
    return (struct bytes) { sealed, total };
}

/* The index of the key that the sealed value names, or count for none. */
static size_t find_key(const struct keyfile *keyfile, struct bytes sealed)
{
    size_t length = sealed.data[0];
    for (size_t i = 0; i < keyfile->count; i++) {
        const char *name = keyfile->names[i];
        if (strlen(name) == length && memcmp(name, sealed.data + 1, length) == 0)
            return i;
    }
    return keyfile->count;
}

bool keyfile_open(const struct keyfile *keyfile, struct arena *arena, const char *bound_to,
                  struct bytes sealed, struct bytes *plain_out)
{
    if (sealed.length < 1 || sealed.length < (size_t)1 + sealed.data[0] + NONCE_LENGTH + TAG_LENGTH)
        return false;
    size_t index = find_key(keyfile, sealed);
    if (index == keyfile->count)
        return false;
    size_t head = 1 + (size_t)sealed.data[0] + NONCE_LENGTH;
    struct bytes text = { sealed.data + head, sealed.length - head - TAG_LENGTH };
    unsigned char tag[TAG_LENGTH], *plain = arena_alloc(arena, text.length + 1);
    memcpy(tag, text.data + text.length, TAG_LENGTH);
    const unsigned char *key = derived_keys(keyfile, seal_purpose)->keys[index];
    struct gcm gcm = { key, { sealed.data, head }, bound_to, false };
    if (!gcm_run(&gcm, text, plain, tag)) {
        OPENSSL_cleanse(plain, text.length);
        ERR_clear_error();
        return false;
    }
    *plain_out = (struct bytes) { plain, text.length };
    return true;
}

/* --- signing --- */

void keyfile_sign(const struct keyfile *keyfile, const char *purpose, const void *data, size_t size,
                  unsigned char *mac_out, size_t length)
{
    unsigned char mac[64];
    if (length < 1 || length > 32)
        bug("a MAC of %zu bytes", length);
    const struct derived *derived = derived_keys(keyfile, purpose);
    hmac_sha2(256, (struct bytes) { derived->keys[0], KEY_LENGTH }, data, size, mac);
    memcpy(mac_out, mac, length);
}

bool keyfile_verify(const struct keyfile *keyfile, const char *purpose, const void *data, size_t size,
                    const unsigned char *mac, size_t length)
{
    unsigned char wanted[64];
    bool found = false;
    if (length < 1 || length > 32)
        return false;
    const struct derived *derived = derived_keys(keyfile, purpose);
    for (size_t i = 0; i < keyfile->count; i++) {
        hmac_sha2(256, (struct bytes) { derived->keys[i], KEY_LENGTH }, data, size, wanted);
        found |= secret_equal((struct bytes) { wanted, length }, (struct bytes) { mac, length });
    }
    return found;
}
