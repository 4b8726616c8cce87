/* egress.c: see egress.h. The ranges are those of IANA's registries of special-purpose addresses that aren't
 * globally reachable (RFC 6890), and what clouds keep their metadata at. */
#include "net/egress.h"

#include "core/text.h"

/* Of IPv6 only 2000::/3 is global unicast, so that loopback, unspecified, link-local, site-local, unique
 * local and multicast addresses need no row. */
static const char not_public[] =
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "168.63.129.16 " /* metadata of one cloud, in the midst of public addresses */
    "2001::/23 2001:db8::/32 2002::/16 3fff::/20";

static const char global_unicast[] = "2000::/3";

/* An IPv4 address at the end of an IPv6 one, for networks that translate (RFC 6052 §2.1). */
static const char nat64[] = "64:ff9b::/96";

/* The address that a packet ends up at. */
static struct ip_address unwrapped(const struct ip_address *address)
{
    struct ip_address inner = *address;

    if (network_list_holds(nat64, address))
        ip_from_v4(address->bytes + 12, &inner);
    return inner;
}

bool egress_is_public(const struct ip_address *address)
{
    struct ip_address inner = unwrapped(address);

    if (!ip_is_v4(&inner) && !network_list_holds(global_unicast, &inner))
        return false;
    return !network_list_holds(not_public, &inner);
}

/* Whether a host is an address, of IPv6 in brackets. */
static bool host_is_address(struct arena *arena, const char *host, struct ip_address *address_out)
{
    size_t length = strlen(host);
    const char *bare = host[0] == '[' && length > 2 ? arena_strndup(arena, host + 1, length - 2) : host;

    return ip_parse(bare, address_out);
}

/* Whether the host itself is listed, as a name or as an address. */
static bool host_is_listed(struct arena *arena, const struct settings *settings, const char *host)
{
    struct ip_address address;

    if (host_is_address(arena, host, &address))
        return network_list_holds(settings->egress_allow, &address);
    return text_has_word(settings->egress_allow, ' ', host);
}

bool egress_allows(const struct settings *settings, const char *host, const struct ip_address *address)
{
    struct ip_address inner = unwrapped(address);

    return egress_is_public(&inner) || network_list_holds(settings->egress_allow, &inner) ||
           text_has_word(settings->egress_allow, ' ', host);
}

static bool is_forbidden_address(struct arena *arena, const struct settings *settings, const char *host)
{
    struct ip_address address;

    return host_is_address(arena, host, &address) && !egress_allows(settings, host, &address);
}

const char *egress_check_url(struct arena *arena, const struct settings *settings, const char *url,
                             struct uri *uri_out)
{
    if (!uri_parse(arena, url, uri_out) || !uri_is_web(uri_out) || uri_out->has_userinfo ||
        uri_out->has_fragment)
        return "it must be an https URL in a plain spelling, without a user and a fragment";
    if (text_equal(uri_out->scheme, "http") && !host_is_listed(arena, settings, uri_out->host))
        return "it must be an https URL";
    if (is_forbidden_address(arena, settings, uri_out->host))
        return "it must not name a private address";
    return NULL;
}
