/* network.c: see network.h. */
#include "core/network.h"

#include "core/text.h"

#include <arpa/inet.h>

enum { V4_OFFSET = 12, V4_BITS = 32, ALL_BITS = 128 };

static const unsigned char v4_prefix[V4_OFFSET] = { [10] = 0xff, [11] = 0xff };

void ip_from_v4(const unsigned char bytes[4], struct ip_address *address_out)
{
    memcpy(address_out->bytes, v4_prefix, sizeof(v4_prefix));
    memcpy(address_out->bytes + V4_OFFSET, bytes, 4);
}

bool ip_is_v4(const struct ip_address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool ip_is_loopback(const struct ip_address *address)
{
    static const struct ip_address one = { .bytes = { [15] = 1 } };

    if (ip_is_v4(address))
        return address->bytes[V4_OFFSET] == 127;
    return memcmp(address, &one, sizeof(one)) == 0;
}

const char *ip_print(struct arena *arena, const struct ip_address *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (ip_is_v4(address))
        inet_ntop(AF_INET, address->bytes + V4_OFFSET, text, sizeof(text));
    else
        inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
    return arena_strdup(arena, text);
}

bool ip_parse(const char *text, struct ip_address *address_out)
{
    unsigned char v4[4];

    if (inet_pton(AF_INET6, text, address_out->bytes) == 1)
        return true;
    if (inet_pton(AF_INET, text, v4) != 1)
        return false;
    ip_from_v4(v4, address_out);
    return true;
}

static bool ends_in_zeros(const struct network *network)
{
    for (int bit = network->bits; bit < ALL_BITS; bit++) {
        if (network->base.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    }
    return true;
}

bool network_parse(const char *text, size_t length, struct network *network_out)
{
    char copy[INET6_ADDRSTRLEN + sizeof("/128")];
    int64_t bits;

    if (length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    if (!ip_parse(copy, &network_out->base))
        return false;
    bool is_v4 = !strchr(copy, ':');
    int most = is_v4 ? V4_BITS : ALL_BITS;
    bits = most;
    if (slash && !text_to_int(slash + 1, 0, most, &bits))
        return false;
    network_out->bits = (int)bits + (is_v4 ? ALL_BITS - V4_BITS : 0);
    return ends_in_zeros(network_out);
}

bool network_holds(const struct network *network, const struct ip_address *address)
{
    size_t whole = (size_t)network->bits / 8;
    unsigned mask = (0xff00U >> (network->bits % 8)) & 0xff;

    if (memcmp(network->base.bytes, address->bytes, whole) != 0)
        return false;
    return mask == 0 || ((network->base.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

bool network_list_is_valid(const char *list)
{
    const char *word;
    size_t length;

    while (list && text_next_word(&list, ' ', &word, &length)) {
        struct network network;
        if (!network_parse(word, length, &network))
            return false;
    }
    return true;
}

bool network_list_holds(const char *list, const struct ip_address *address)
{
    const char *word;
    size_t length;

    while (list && text_next_word(&list, ' ', &word, &length)) {
        struct network network;
        if (network_parse(word, length, &network) && network_holds(&network, address))
            return true;
    }
    return false;
}

const char *network_of_customer(struct arena *arena, const char *address)
{
    struct ip_address parsed;

    if (!ip_parse(address, &parsed) || ip_is_v4(&parsed))
        return address;
    memset(parsed.bytes + 8, 0, 8);
    return ip_print(arena, &parsed);
}
