/* address_list.c: see address_list.h. All addresses are compared as IPv6, IPv4 ones as mapped (RFC 4291
 * §2.5.5.2). */
#include "core/address_list.h"

#include "core/text.h"

#include <arpa/inet.h>

enum { ADDRESS_BYTES = 16, MAPPED_BITS = 96, WORD_MAX = INET6_ADDRSTRLEN + 4 };

struct range {
    unsigned char bytes[ADDRESS_BYTES];
    int64_t bits; /* of the prefix */
};

static bool read_address(const char *text, struct range *range_out)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    range_out->bits = 8 * ADDRESS_BYTES;
    if (inet_pton(AF_INET6, text, range_out->bytes) == 1)
        return true;
    memcpy(range_out->bytes, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, range_out->bytes + sizeof(mapped)) == 1;
}

static bool bit(const unsigned char *bytes, int64_t index)
{
    return (bytes[index / 8] >> (7 - index % 8)) & 1;
}

/* One word of a list. */
static bool read_range(const char *word, size_t length, struct range *range_out)
{
    char text[WORD_MAX + 1];
    if (length > WORD_MAX)
        return false;
    memcpy(text, word, length);
    text[length] = '\0';
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (!read_address(text, range_out))
        return false;
    if (!slash)
        return true;
    int64_t before = strchr(text, ':') ? 0 : MAPPED_BITS;
    if (!text_to_int(slash + 1, 0, 8 * ADDRESS_BYTES - before, &range_out->bits))
        return false;
    range_out->bits += before;
    for (int64_t i = range_out->bits; i < 8 * ADDRESS_BYTES; i++) {
        if (bit(range_out->bytes, i))
            return false;
    }
    return true;
}

bool address_list_is_valid(const char *list)
{
    struct range range;
    const char *word;
    size_t length;
    while (list && text_next_word(&list, ' ', &word, &length)) {
        if (!read_range(word, length, &range))
            return false;
    }
    return true;
}

static bool is_within(const struct range *range, const unsigned char *address)
{
    for (int64_t i = 0; i < range->bits; i++) {
        if (bit(range->bytes, i) != bit(address, i))
            return false;
    }
    return true;
}

bool address_list_holds(const char *list, const char *address)
{
    struct range wanted, range;
    const char *word;
    size_t length;
    if (!address || !read_address(address, &wanted))
        return false;
    while (list && text_next_word(&list, ' ', &word, &length)) {
        if (read_range(word, length, &range) && is_within(&range, wanted.bytes))
            return true;
    }
    return false;
}
