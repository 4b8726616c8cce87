/*
 * peer.c: addresses are compared as numbers, so that each has one spelling; an IPv4 address mapped
 * into IPv6 is the IPv4 one.
 */
#include "http/peer.h"

#include "core/text.h"

#include <arpa/inet.h>

/* IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), so that one type holds both. */
struct address {
    unsigned char bytes[16];
};

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool address_parse(const char *text, struct address *address_out)
{
    if (inet_pton(AF_INET6, text, address_out->bytes) == 1)
        return true;
    memcpy(address_out->bytes, mapped_prefix, sizeof mapped_prefix);
    return inet_pton(AF_INET, text, address_out->bytes + sizeof mapped_prefix) == 1;
}

static bool address_is_mapped(const struct address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

static const char *address_print(struct arena *arena, const struct address *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (address_is_mapped(address))
        inet_ntop(AF_INET, address->bytes + sizeof mapped_prefix, text, sizeof text);
    else
        inet_ntop(AF_INET6, address->bytes, text, sizeof text);
    return arena_strdup(arena, text);
}

static bool address_is_loopback(const struct address *address)
{
    static const struct address one = { .bytes = { [15] = 1 } };

    if (address_is_mapped(address))
        return address->bytes[12] == 127;
    return memcmp(address, &one, sizeof one) == 0;
}

static bool address_is_listed(struct arena *arena, const struct address *address, const char *list)
{
    const char *word;
    size_t length;

    while (list && text_next_word(&list, ' ', &word, &length)) {
        struct address listed;
        if (address_parse(arena_strndup(arena, word, length), &listed) &&
            memcmp(&listed, address, sizeof listed) == 0)
            return true;
    }
    return false;
}

/* The last address of X-Forwarded-For that isn't a trusted proxy's own: what is left of it may be
 * the client's invention. */
static bool read_forwarded_for(struct request *request, const char *trusted_proxies, struct address *address)
{
    bool repeated;
    const char *list = request_header(request, "X-Forwarded-For", &repeated);

    if (!list)
        return true;
    if (repeated)
        return false;
    for (size_t end = strlen(list); end > 0;) {
        size_t start = end;
        while (start > 0 && list[start - 1] != ',')
            start--;
        if (!address_parse(
                text_trim(request->arena, arena_strndup(request->arena, list + start, end - start)), address))
            return false;
        if (!address_is_listed(request->arena, address, trusted_proxies))
            return true;
        end = start > 0 ? start - 1 : 0;
    }
    return true;
}

static bool read_forwarded_proto(struct request *request)
{
    bool repeated;
    const char *scheme = request_header(request, "X-Forwarded-Proto", &repeated);

    if (!scheme)
        return true;
    request->secure = text_equal(scheme, "https");
    return !repeated && (request->secure || text_equal(scheme, "http"));
}

static bool server_says_secure(const struct request *request)
{
    const char *https = request_server_parameter(request, "HTTPS");

    if (https)
        return text_equal_ascii_case(https, "on") || text_equal(https, "1");
    return text_equal(request_server_parameter(request, "REQUEST_SCHEME"), "https");
}

bool peer_read(struct request *request, const char *trusted_proxies)
{
    const char *remote = request_server_parameter(request, "REMOTE_ADDR");
    struct address peer;

    request->secure = server_says_secure(request);
    if (!remote || !address_parse(remote, &peer))
        return false;
    struct address client = peer;
    bool understood = true;
    if (address_is_listed(request->arena, &peer, trusted_proxies))
        understood = read_forwarded_proto(request) && read_forwarded_for(request, trusted_proxies, &client);
    request->address = address_print(request->arena, understood ? &client : &peer);
    request->loopback = address_is_loopback(&peer) && address_is_loopback(&client);
    return understood;
}
