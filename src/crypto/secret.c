/* secret.c: see secret.h. */
#include "crypto/secret.h"

#include <malloc.h>
#include <openssl/crypto.h>

bool secret_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || CRYPTO_memcmp(a.data, b.data, a.length) == 0);
}

bool secret_equal_hash(const unsigned char a[32], const unsigned char b[32])
{
    return CRYPTO_memcmp(a, b, 32) == 0;
}

static bool wipes = true;

/* As OpenSSL's own has it, nothing is asked for by 0. */
static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size ? malloc(size) : NULL;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    if (memory && wipes)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Never in place where it matters: what is moved is wiped where it was. */
static void *resize(void *memory, size_t size, const char *file, int line)
{
    if (!wipes && size)
        return realloc(memory, size);
    void *larger = take(size, file, line);
    if (!larger && size)
        return NULL;
    size_t held = memory ? malloc_usable_size(memory) : 0;
    if (held && size)
        memcpy(larger, memory, held < size ? held : size);
    give_back(memory, file, line);
    return larger;
}

bool secret_wipe_freed(void)
{
    return CRYPTO_set_mem_functions(take, resize, give_back) == 1;
}

void secret_leave_freed(void)
{
    wipes = false;
}
