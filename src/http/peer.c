/* peer.c: see peer.h. Addresses are compared as numbers (core/network.h), so that each has one spelling. */
#include "http/peer.h"

#include "core/network.h"
#include "core/text.h"

/* The last address of X-Forwarded-For that isn't a trusted proxy's own: what is left of it may be
 * the client's invention. */
static bool read_forwarded_for(struct request *request, const char *trusted_proxies,
                               struct ip_address *address)
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
        if (!ip_parse(text_trim(request->arena, arena_strndup(request->arena, list + start, end - start)),
                      address))
            return false;
        if (!network_list_holds(trusted_proxies, address))
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
    struct ip_address peer;

    request->secure = server_says_secure(request);
    if (!remote || !ip_parse(remote, &peer))
        return false;
    struct ip_address client = peer;
    bool understood = true;
    if (network_list_holds(trusted_proxies, &peer))
        understood = read_forwarded_proto(request) && read_forwarded_for(request, trusted_proxies, &client);
    request->address = ip_print(request->arena, understood ? &client : &peer);
    request->loopback = ip_is_loopback(&peer) && ip_is_loopback(&client);
    return understood;
}
