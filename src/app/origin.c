/* origin.c: see origin.h. */
#include "app/origin.h"

#include "app/route.h"
#include "core/text.h"
#include "core/uri.h"

static bool origin_is_listed(const struct call *call, const char *origin)
{
    return text_has_word(call->context.settings->cors_origins, ' ', origin);
}

/* An Origin header's whole text: one origin in the one spelling that browsers have (T-125). */
static bool origin_is_ours(const struct call *call, const char *origin)
{
    struct uri issuer;
    return uri_parse(call->arena, call->context.settings->issuer, &issuer) &&
           text_equal(origin, uri_origin(call->arena, &issuer));
}

static bool origin_is_fine(const struct call *call, const char *origin)
{
    return origin_is_ours(call, origin) || (!text_equal(origin, "*") && origin_is_listed(call, origin));
}

static bool referer_is_fine(const struct call *call, const char *referer)
{
    struct uri source;
    return uri_parse(call->arena, referer, &source) && origin_is_fine(call, uri_origin(call->arena, &source));
}

/* Another site may be a listed one: then Origin says which, and it isn't our own. */
static bool site_is_fine(const struct call *call, const char *site, const char *origin)
{
    if (text_equal(site, "same-origin") || text_equal(site, "none"))
        return true;
    return origin && origin_is_listed(call, origin) && !origin_is_ours(call, origin);
}

/* A cookie travels with requests that other sites caused: who calls must not come from elsewhere, as far
 * as the browser tells; where the cookie decides, it has to tell, in Origin or, when it leaves that out, in
 * Referer. */
enum outcome origin_check(struct call *call)
{
    enum origin_rule rule = call->route->origin;
    const char *origin = request_header(call->request, "Origin", NULL);
    const char *referer = request_header(call->request, "Referer", NULL);
    const char *site = request_header(call->request, "Sec-Fetch-Site", NULL);
    if (rule == ORIGIN_ANY)
        return OUTCOME_OK;
    bool fine = (!origin || origin_is_fine(call, origin)) && (!site || site_is_fine(call, site, origin)) &&
                (origin || !referer || referer_is_fine(call, referer));
    if (fine && (origin || referer || rule == ORIGIN_NOT_FOREIGN))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_FOREIGN_FORM, "Request origin not allowed");
}

static void allow_origin(struct call *call, const char *origin, bool with_cookies)
{
    response_header(&call->response, "Access-Control-Allow-Origin", origin);
    if (with_cookies)
        response_header(&call->response, "Access-Control-Allow-Credentials", "true");
}

/* The first of the listed origins; NULL when none is. */
static const char *first_listed(const struct call *call)
{
    const char *cursor = call->context.settings->cors_origins, *word;
    size_t length;
    return text_next_word(&cursor, ' ', &word, &length) ? arena_strndup(call->arena, word, length) : NULL;
}

/* With cookies for an origin that is listed by name, never for "*". Anyone else learns the first that is
 * listed, which a browser doesn't take for itself. */
static void allow_with_cookies(struct call *call, const char *origin)
{
    const char *first = first_listed(call);
    if (origin && !text_equal(origin, "*") && origin_is_listed(call, origin))
        allow_origin(call, origin, true);
    else if (origin_is_listed(call, "*"))
        allow_origin(call, "*", false);
    else if (first)
        allow_origin(call, first, false);
}

static void allow_without_cookies(struct call *call, const char *origin)
{
    if (origin && origin_is_listed(call, "*"))
        allow_origin(call, "*", false);
    else if (origin && origin_is_listed(call, origin))
        allow_origin(call, origin, false);
}

/* The rules of CORS: everybody may read public documents, which caches keep for everybody and so say it
 * whoever asks; listed origins the rest, with cookies where they make the person. */
void origin_cors_headers(struct call *call)
{
    enum cors cors = call->route ? call->route->cors : CORS_NONE;
    const char *origin = request_header(call->request, "Origin", NULL);
    if (cors == CORS_PUBLIC)
        allow_origin(call, "*", false);
    if (cors != CORS_LISTED && cors != CORS_CREDENTIALS)
        return;
    response_header(&call->response, "Vary", "Origin");
    if (cors == CORS_LISTED)
        response_header(&call->response, "Access-Control-Expose-Headers",
                        "DPoP-Nonce, ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, "
                        "RateLimit-Reset, Retry-After, WWW-Authenticate");
    else if (call->route->who & BY_BEARER)
        response_header(&call->response, "Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate");
    if (cors == CORS_CREDENTIALS)
        allow_with_cookies(call, origin);
    else
        allow_without_cookies(call, origin);
}

void origin_answer_preflight(struct call *call)
{
    bool with_cookies = call->route->cors == CORS_CREDENTIALS;
    response_header(&call->response, "Access-Control-Allow-Methods",
                    with_cookies ? "GET, POST, PUT, PATCH, DELETE, OPTIONS" : call->allow);
    const char *headers = "Content-Type, Authorization, DPoP, Idempotency-Key, If-Match";
    if (with_cookies)
        headers = call->route->who & BY_BEARER ? "Content-Type, Authorization, DPoP"
                                               : "Content-Type, Authorization";
    response_header(&call->response, "Access-Control-Allow-Headers", headers);
    response_header(&call->response, "Access-Control-Max-Age", "600");
    response_empty(&call->response, 204);
    call->allow = NULL;
}
