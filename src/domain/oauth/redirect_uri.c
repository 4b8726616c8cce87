/* redirect_uri.c: see redirect_uri.h. */
#include "domain/oauth/redirect_uri.h"

#include "core/text.h"
#include "core/uri.h"

static bool is_listed(const char *const *list, const char *uri)
{
    for (; list && *list; list++) {
        if (text_equal(*list, uri))
            return true;
    }
    return false;
}

/* The text of a URI with its port cut out. */
static const char *without_port(struct arena *arena, const char *text, const struct uri *uri)
{
    return arena_printf(arena, "%.*s%s", (int)uri->port_start, text, text + uri->authority_end);
}

static bool is_loopback(struct arena *arena, const char *text, struct uri *uri_out)
{
    return uri_parse(arena, text, uri_out) && text_equal(uri_out->scheme, "http") && !uri_out->has_userinfo &&
           !uri_out->has_fragment && uri_host_is_loopback(uri_out);
}

static bool differs_by_port_only(struct arena *arena, const char *registered, const char *asked)
{
    struct uri a, b;
    if (!is_loopback(arena, registered, &a) || !is_loopback(arena, asked, &b))
        return false;
    return text_equal(without_port(arena, registered, &a), without_port(arena, asked, &b));
}

bool redirect_uri_is_registered(struct arena *arena, const struct client *client, const char *uri)
{
    if (is_listed(client->redirect_uris, uri))
        return true;
    if (!text_equal(client->application_type, "native"))
        return false;
    for (const char *const *at = client->redirect_uris; at && *at; at++) {
        if (differs_by_port_only(arena, *at, uri))
            return true;
    }
    return false;
}

bool post_logout_uri_is_registered(const struct client *client, const char *uri)
{
    return is_listed(client->post_logout_redirect_uris, uri);
}

bool redirect_uri_is_local(struct arena *arena, const char *text)
{
    struct uri uri;
    if (!uri_parse(arena, text, &uri))
        return true;
    return !text_equal(uri.scheme, "https");
}
