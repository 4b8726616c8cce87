/*
 * uri.c: see uri.h. Each part is held against the characters that RFC 3986 gives it, less those whose
 * reading differs between browsers, proxies and servers.
 */
#include "core/uri.h"

#include "core/text.h"

#include <arpa/inet.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define UNRESERVED LOWER UPPER DIGITS "-._~"
#define SUB_DELIMS "!$&'()*+,;="

enum { HOST_MAX = 253, LABEL_MAX = 63, PORT_MAX = 65535 };

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit >= 'A' && digit <= 'F' ? digit + 32 : digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The byte that an escape stands for; -1 when at isn't one whole escape. */
static int escaped_byte(const char *at)
{
    if (at[0] != '%' || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
        return -1;
    return hex_digit(at[1]) << 4 | hex_digit(at[2]);
}

static bool is_control(int byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/* An escape that hides another ("%252e") decodes differently the second time (T-03). */
static bool escapes_escape(const char *at)
{
    return escaped_byte(at) == '%' && hex_digit(at[3]) >= 0 && hex_digit(at[4]) >= 0;
}

/* In a path, an escape of an unreserved character or of a separator is a second spelling. */
static bool path_escape_is_plain(const char *at)
{
    int byte = escaped_byte(at);
    return byte >= 0 && !is_control(byte) && !strchr(UNRESERVED "/\\%", byte);
}

static bool query_escape_is_plain(const char *at)
{
    int byte = escaped_byte(at);
    return byte >= 0 && !is_control(byte) && !escapes_escape(at);
}

/* Whether a run holds only these characters and escapes that the check lets through. */
static bool is_made_of(const char *text, const char *characters, bool (*escape_is_plain)(const char *at))
{
    for (; *text; text++) {
        if (*text == '%') {
            if (!escape_is_plain(text))
                return false;
            text += 2;
        } else if (!strchr(characters, *text)) {
            return false;
        }
    }
    return true;
}

/* "." and "..", also with parameters behind: servers drop ";x" before they resolve dots (T-01). */
static bool is_dot_segment(const char *segment, size_t length)
{
    size_t dots = 0;
    while (dots < length && segment[dots] == '.')
        dots++;
    if (dots != 1 && dots != 2)
        return false;
    return dots == length || segment[dots] == ';' || escaped_byte(segment + dots) == ';';
}

/* No dot segment anywhere, and no empty one but the last. */
static bool segments_are_plain(const char *path)
{
    while (*path) {
        if (*path == '/')
            path++;
        size_t length = strcspn(path, "/");
        if (is_dot_segment(path, length) || (!length && *path))
            return false;
        path += length;
    }
    return true;
}

static bool path_is_plain(const char *path)
{
    return is_made_of(path, UNRESERVED SUB_DELIMS ":@/", path_escape_is_plain) && segments_are_plain(path);
}

static bool query_is_plain(const char *query)
{
    return is_made_of(query, UNRESERVED SUB_DELIMS ":@/?", query_escape_is_plain);
}

/* The spelling that inet_ntop() gives, so that [0::1] or 127.1 never pass for something else. */
static bool address_is_plain(int family, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    char printed[INET6_ADDRSTRLEN];
    return inet_pton(family, text, address) == 1 && inet_ntop(family, address, printed, sizeof(printed)) &&
           text_equal(printed, text);
}

/* Whether a browser would read the host as an IPv4 address: its last label is a number. */
static bool looks_like_ipv4(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot ? dot + 1 : host;
    return text_starts(label, "0x") || !label[strspn(label, DIGITS)];
}

static bool name_is_plain(const char *host)
{
    if (host[strspn(host, LOWER DIGITS "-._")] || strlen(host) > HOST_MAX)
        return false;
    for (const char *label = host;; label++) {
        size_t length = strcspn(label, ".");
        if (!length || length > LABEL_MAX)
            return false;
        label += length;
        if (!*label)
            return true;
    }
}

static bool host_is_plain(struct arena *arena, const char *host)
{
    size_t length = strlen(host);
    if (*host == '[')
        return length > 2 && host[length - 1] == ']' &&
               address_is_plain(AF_INET6, arena_strndup(arena, host + 1, length - 2));
    return name_is_plain(host) && (!looks_like_ipv4(host) || address_is_plain(AF_INET, host));
}

static bool port_is_plain(const char *port)
{
    int64_t number;
    return *port != '0' && *port != '-' && text_to_int(port, 1, PORT_MAX, &number);
}

/* "userinfo@host:port" of length bytes at text + start. */
static bool take_authority(struct arena *arena, const char *text, size_t start, size_t length,
                           struct uri *uri)
{
    const char *authority = arena_strndup(arena, text + start, length);
    const char *at = strchr(authority, '@');
    const char *host = at ? at + 1 : authority;
    uri->has_userinfo = at != NULL;
    uri->authority_end = uri->port_start = start + length;
    /* A second '@' fails as a host. */
    if (at && !is_made_of(arena_strndup(arena, authority, (size_t)(at - authority)),
                          UNRESERVED SUB_DELIMS ":", query_escape_is_plain))
        return false;
    const char *bracket = strchr(host, ']');
    const char *colon = strchr(bracket ? bracket : host, ':');
    if (colon) {
        uri->port = colon + 1;
        uri->port_start = start + (size_t)(colon - authority);
        if (!port_is_plain(uri->port))
            return false;
    }
    uri->host = colon ? arena_strndup(arena, host, (size_t)(colon - host)) : host;
    /* Only a private-use scheme may leave it empty: "com.example.app:///back". */
    return *uri->host ? host_is_plain(arena, uri->host) : !at && !colon && !uri_is_web(uri);
}

/* The path, query and fragment. */
static bool take_rest(struct arena *arena, const char *text, struct uri *uri)
{
    const char *rest = arena_strdup(arena, text);
    char *fragment = strchr(rest, '#');
    if (fragment) {
        *fragment++ = '\0';
        uri->has_fragment = true;
        if (!query_is_plain(fragment))
            return false;
    }
    char *query = strchr(rest, '?');
    if (query) {
        *query++ = '\0';
        uri->query = query;
        if (!query_is_plain(query))
            return false;
    }
    uri->path = rest;
    return path_is_plain(rest);
}

bool uri_parse(struct arena *arena, const char *text, struct uri *uri_out)
{
    *uri_out = (struct uri) { .scheme = "", .host = "", .port = "", .path = "" };
    size_t scheme = strspn(text, LOWER DIGITS "+-.");
    if (strlen(text) > URI_MAX_LENGTH || !scheme || text[scheme] != ':' || !strchr(LOWER, *text))
        return false;
    uri_out->scheme = arena_strndup(arena, text, scheme);
    size_t start = scheme + 1;
    uri_out->authority_end = uri_out->port_start = start;
    if (text_starts(text + start, "//")) {
        start += 2;
        if (!take_authority(arena, text, start, strcspn(text + start, "/?#"), uri_out))
            return false;
    } else if (uri_is_web(uri_out) || !text[start]) {
        return false;
    }
    return take_rest(arena, text + uri_out->authority_end, uri_out);
}

bool uri_is_web(const struct uri *uri)
{
    return text_equal(uri->scheme, "https") || text_equal(uri->scheme, "http");
}

bool uri_host_is_loopback(const struct uri *uri)
{
    return text_equal(uri->host, "127.0.0.1") || text_equal(uri->host, "[::1]");
}

const char *uri_origin(struct arena *arena, const struct uri *uri)
{
    if (!uri_is_web(uri))
        return arena_printf(arena, "%s:", uri->scheme);
    const char *usual = text_equal(uri->scheme, "https") ? "443" : "80";
    bool shown = *uri->port && !text_equal(uri->port, usual);
    return arena_printf(arena, "%s://%s%s%s", uri->scheme, uri->host, shown ? ":" : "",
                        shown ? uri->port : "");
}

const char *uri_add_query(struct arena *arena, const char *uri, const char *encoded_pairs)
{
    if (text_empty(encoded_pairs))
        return uri;
    const char *query = strchr(uri, '?');
    const char *joint = query ? "&" : "?";
    if (query && (text_ends(uri, "?") || text_ends(uri, "&")))
        joint = "";
    return arena_printf(arena, "%s%s%s", uri, joint, encoded_pairs);
}

bool uri_is_local_path(const char *text)
{
    size_t length = strcspn(text, "?#");
    char path[URI_MAX_LENGTH + 1];
    if (*text != '/' || strlen(text) > URI_MAX_LENGTH || strchr(text, '#'))
        return false;
    memcpy(path, text, length);
    path[length] = '\0';
    return path_is_plain(path) && (!text[length] || query_is_plain(text + length + 1));
}
