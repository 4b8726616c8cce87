/* random.c: see random.h. */
#include "crypto/random.h"

#include "core/clock.h"
#include "core/encode.h"

#include <openssl/rand.h>

/* Going on with bytes that somebody can guess would be worse than any outage. */
void random_bytes(void *data_out, size_t length)
{
    if (length > INT32_MAX || RAND_bytes(data_out, (int)length) != 1)
        bug("no random bytes from OpenSSL");
}

char *random_text(struct arena *arena, size_t length)
{
    unsigned char *data = arena_alloc(arena, length);
    random_bytes(data, length);
    return base64url_encode(arena, data, length);
}

/* RFC 9562 §4.1, §4.2: the variant's two bits and the version's four. */
static void mark_uuid(unsigned char id[16], unsigned version)
{
    id[6] = (unsigned char)(version << 4 | (id[6] & 0x0f));
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
}

void random_uuid(unsigned char id_out[16])
{
    random_bytes(id_out, 16);
    mark_uuid(id_out, 4);
}

/* How long ago that millisecond began, in 4 µs, as far as 12 bits reach. */
static unsigned since(int64_t now_ms)
{
    enum { UNIT_US = 4, MOST = 0xfff };
    int64_t units = (clock_now_us() - now_ms * 1000) / UNIT_US;
    return units < 0 ? 0 : units > MOST ? MOST : (unsigned)units;
}

void random_uuid_timed(int64_t now_ms, unsigned char id_out[16])
{
    unsigned units = since(now_ms);
    for (int i = 0; i < 6; i++)
        id_out[i] = (unsigned char)((uint64_t)now_ms >> (40 - 8 * i));
    id_out[6] = (unsigned char)(units >> 8);
    id_out[7] = (unsigned char)units;
    random_bytes(id_out + 8, 8);
    mark_uuid(id_out, 7);
}
