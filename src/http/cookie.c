/*
 * cookie.c: reads the Cookie parameter of the request at hand, each time anew: it is short, bounded
 * before it is looked at (T-116), and nothing of it is kept.
 */
#include "http/cookie.h"

#include "core/strbuf.h"
#include "core/text.h"

enum { MAX_BYTES = 8 * 1024, MAX_COOKIES = 64 };

struct search {
    const char *name;
    const char *value; /* of the first cookie of this name, not NUL-terminated */
    size_t value_length;
    size_t found, cookies, bytes;
};

/* RFC 6265 §4.1.1: no control byte, space, '"', ',', ';', '\', and nothing beyond ASCII. */
static bool is_cookie_octet(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f && !strchr("\",;\\", byte);
}

static bool is_cookie_value(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_cookie_octet((unsigned char)value[i]))
            return false;
    return true;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

static void search_pair(struct search *search, const char *pair, size_t length)
{
    while (length > 0 && is_space(pair[0])) {
        pair++;
        length--;
    }
    while (length > 0 && is_space(pair[length - 1]))
        length--;
    size_t name_length = strlen(search->name);
    if (length <= name_length || pair[name_length] != '=' || memcmp(pair, search->name, name_length) != 0)
        return;
    if (search->found++ == 0) {
        search->value = pair + name_length + 1;
        search->value_length = length - name_length - 1;
    }
}

/* Looks through one Cookie parameter; what is past the limits is only counted. */
static void search_parameter(struct search *search, const char *text)
{
    search->bytes += strnlen(text, MAX_BYTES + 1);
    while (search->bytes <= MAX_BYTES && search->cookies <= MAX_COOKIES && *text) {
        size_t length = strcspn(text, ";");
        search->cookies++;
        search_pair(search, text, length);
        text += length + (text[length] == ';');
    }
}

const char *cookie_read(const struct request *request, const char *name)
{
    static const char prefix[] = "HTTP_COOKIE=";
    struct search search = { .name = name };

    for (char *const *parameter = request->parameters; parameter && *parameter; parameter++)
        if (text_starts(*parameter, prefix))
            search_parameter(&search, *parameter + sizeof prefix - 1);
    if (search.found != 1 || search.bytes > MAX_BYTES || search.cookies > MAX_COOKIES ||
        search.value_length == 0 || !is_cookie_value(search.value, search.value_length))
        return NULL;
    return arena_strndup(request->arena, search.value, search.value_length);
}

static void check_cookie(const struct cookie *cookie)
{
    if (text_empty(cookie->name) || strpbrk(cookie->name, "=;, \t\"\\") || !text_is_printable(cookie->name))
        bug("cookie with a name that is no token");
    if (!is_cookie_value(cookie->value, strlen(cookie->value)))
        bug("cookie %s with a value outside cookie-octet", cookie->name);
    if (text_starts(cookie->name, "__Host-") && !text_empty(cookie->domain))
        bug("cookie %s with a domain", cookie->name);
    if (!text_has_word("Lax Strict None", ' ', cookie->same_site))
        bug("cookie %s with SameSite=%s", cookie->name, cookie->same_site);
}

void cookie_write(struct response *response, const struct cookie *cookie)
{
    check_cookie(cookie);
    struct strbuf text = strbuf_start(response->arena);

    strbuf_add_format(&text, "%s=%s; Path=/; Secure; HttpOnly; SameSite=%s", cookie->name, cookie->value,
                      cookie->same_site);
    if (cookie->max_age_s >= 0)
        strbuf_add_format(&text, "; Max-Age=%lld", (long long)cookie->max_age_s);
    if (!text_empty(cookie->domain))
        strbuf_add_format(&text, "; Domain=%s", cookie->domain);
    response_add_header(response, "Set-Cookie", text.data);
}
