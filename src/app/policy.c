/* policy.c: see policy.h. One function per way of asking, in a table. */
#include "app/policy.h"

#include "app/admin_side.h"
#include "app/route.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/login/browser.h"
#include "domain/login/device.h"
#include "domain/manage/api_key_auth.h"
#include "domain/oauth/client_auth.h"

#define TOKEN_ENDPOINT "/api/oauth/token"

/* The credentials of an Authorization header of this scheme (any case, RFC 9110 §11.1); NULL when the
 * header is absent or of another scheme. */
static const char *authorization(const struct call *call, const char *scheme)
{
    const char *header = request_header(call->request, "Authorization", NULL);
    size_t length = strlen(scheme);
    if (!header || strlen(header) <= length || header[length] != ' ')
        return NULL;
    if (!text_equal_ascii_case(arena_strndup(call->arena, header, length), scheme))
        return NULL;
    return header + length + strspn(header + length, " ");
}

static bool header_repeated(const struct call *call, const char *name)
{
    bool repeated = false;
    (void)request_header(call->request, name, &repeated);
    return repeated;
}

/* RFC 6749 §2.3.1: both halves are form-encoded inside the Basic credentials. */
static bool basic_decode(struct call *call, const char *text, struct client_credentials *credentials)
{
    struct bytes plain;
    char *id, *secret;
    if (!base64_decode(call->arena, text, strlen(text), &plain) || memchr(plain.data, '\0', plain.length))
        return false;
    const char *pair = arena_strndup(call->arena, (const char *)plain.data, plain.length);
    const char *colon = strchr(pair, ':');
    if (!colon || !percent_decode(call->arena, pair, (size_t)(colon - pair), true, &id) ||
        !percent_decode(call->arena, colon + 1, strlen(colon + 1), true, &secret))
        return false;
    credentials->basic_id = id;
    credentials->basic_secret = secret;
    return true;
}

/* What an assertion may be meant for beside the issuer: the endpoint that is called, by any of its names, and
 * the token endpoint, whose address clients take for all (RFC 7523 §3). */
static const char *const *endpoint_urls(struct call *call)
{
    const struct settings *settings = call->context.settings;
    const struct route *route = call->route;
    const char *bases[] = { settings->issuer, settings->mtls_url };
    const char *paths[ROUTE_MAX_ALIASES + 2] = { TOKEN_ENDPOINT, route->path };
    const char **urls = arena_array(call->arena, ARRAY_SIZE(bases) * ARRAY_SIZE(paths) + 1, sizeof(*urls));
    size_t count = 0;
    memcpy(paths + 2, route->aliases, sizeof(route->aliases));
    for (size_t i = 0; i < ARRAY_SIZE(bases) && !text_empty(bases[i]); i++)
        for (size_t j = 0; j < ARRAY_SIZE(paths) && paths[j]; j++)
            urls[count++] = arena_printf(call->arena, "%s%s", bases[i], paths[j]);
    return urls;
}

static bool came(const struct call *call, const char *name)
{
    return form_times(&call->form, name) > 0;
}

static enum outcome by_client(struct call *call)
{
    static const char *const names[] = { "client_id", "client_secret", "client_assertion",
                                         "client_assertion_type", NULL };
    struct client_credentials credentials = {
        .body_id = call_parameter(call, "client_id"),
        .body_secret = call_parameter(call, "client_secret"),
        .assertion = call_parameter(call, "client_assertion"),
        .assertion_type = call_parameter(call, "client_assertion_type"),
        .has_secret = came(call, "client_secret"),
        .has_assertion = came(call, "client_assertion") || came(call, "client_assertion_type"),
    };
    if (call_repeated(call, names) || header_repeated(call, "Authorization"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "client credentials came more than once");
    /* RFC 6749 §2.3.1: what proves must not travel in a URI, where logs keep it. */
    if (form_times(&call->request->query, "client_secret") ||
        form_times(&call->request->query, "client_assertion"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      "client_secret and client_assertion must not be in the query");
    if (came(call, "client_id") && !credentials.body_id)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "client_id is empty");
    if (credentials.has_assertion)
        credentials.endpoint_urls = endpoint_urls(call);
    const char *basic = authorization(call, "Basic");
    call->client_used_basic = basic != NULL;
    if (basic && !basic_decode(call, basic, &credentials))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "malformed Basic credentials");
    return client_authenticate(&call->context, &credentials, &call->client);
}

/* RFC 6750 §2: the header, or a field of a form body; never the query (RFC 9700 §4.3.2). RFC 9449 §7.1: a
 * token that is bound to a DPoP key comes in the header alone. */
static enum outcome by_bearer(struct call *call)
{
    const char *bearer = authorization(call, "Bearer"), *dpop = authorization(call, "DPoP");
    const char *token = bearer ? bearer : dpop;
    bool is_form = text_equal(call->request->content_type, "application/x-www-form-urlencoded");
    const char *field = is_form ? form_value(&call->form, "access_token") : NULL;
    if (form_times(&call->request->query, "access_token"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "access_token must not be in the query");
    if ((token && field) || header_repeated(call, "Authorization") ||
        form_times(&call->form, "access_token") > 1)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "the token came more than once");
    if (!token && !field)
        return refuse(&call->context, OUTCOME_UNAUTHENTICATED, "an access token is required");
    call->token_by_dpop = dpop != NULL;
    enum outcome outcome =
        access_token_check(&call->context, token ? token : field, call->token_by_dpop, &call->access);
    if (outcome == OUTCOME_OK)
        call->context.actor = call->access.has_user
                                  ? arena_printf(call->arena, "user:%s", call->access.sub)
                                  : arena_printf(call->arena, "client:%s", call->access.client_id);
    return outcome;
}

static void read_browser(struct call *call)
{
    const char *browser = cookie_read(call->request, BROWSER_COOKIE);
    call->browser = browser && browser_is_valid(browser) ? browser : NULL;
}

/* A browser may or may not be signed in; only a database that is away is a refusal. */
static enum outcome by_browser(struct call *call)
{
    read_browser(call);
    call->devices = cookie_read(call->request, DEVICE_COOKIE);
    call->session_cookie = cookie_read(call->request, SESSION_COOKIE);
    if (!call->session_cookie)
        return OUTCOME_OK;
    enum outcome outcome = session_find(&call->context, call->session_cookie, &call->session);
    return outcome == OUTCOME_UNAUTHENTICATED ? OUTCOME_OK : outcome;
}

static enum outcome by_session(struct call *call)
{
    enum outcome outcome = by_browser(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!call->session)
        return refuse(&call->context, OUTCOME_UNAUTHENTICATED, "nobody is signed in");
    call->context.actor =
        arena_printf(call->arena, "user:%s", uuid_encode(call->arena, call->session->user_id));
    return OUTCOME_OK;
}

static enum outcome by_anyone(struct call *call)
{
    (void)call;
    return OUTCOME_OK;
}

/* A service's key. Which service it is, and so whose data is meant, the key alone says. */
static enum outcome by_api_key(struct call *call)
{
    const char *key = request_header(call->request, "X-API-Key", NULL);
    if (header_repeated(call, "X-API-Key"))
        return refuse(&call->context, OUTCOME_UNAUTHENTICATED, "X-API-Key came more than once");
    enum outcome outcome = api_key_authenticate(&call->context, key, call->route->permission, &call->api_key);
    if (outcome == OUTCOME_OK)
        call->context.actor = arena_printf(call->arena, "api_key:%s", call->api_key->id_text);
    return outcome;
}

static enum outcome by_admin(struct call *call)
{
    read_browser(call);
    enum outcome outcome = admin_side_find(call);
    if (outcome == OUTCOME_OK)
        call->context.actor = arena_printf(call->arena, "admin:%s", call->admin->email);
    return outcome;
}

static bool has_authorization(const struct call *call)
{
    return request_header(call->request, "Authorization", NULL) != NULL;
}

static bool has_api_key(const struct call *call)
{
    return request_header(call->request, "X-API-Key", NULL) != NULL;
}

static bool has_admin_cookie(const struct call *call)
{
    return cookie_read(call->request, ADMIN_SESSION_COOKIE) != NULL;
}

static bool has_session_cookie(const struct call *call)
{
    return cookie_read(call->request, SESSION_COOKIE) != NULL;
}

/* In the order in which they are tried where a row names several. came: whether the caller sent what
 * this way looks at; NULL: that can't be told. */
static const struct {
    enum who who;
    bool (*came)(const struct call *call);
    enum outcome (*check)(struct call *call);
} policies[] = {
    { BY_CLIENT, NULL, by_client },
    { BY_API_KEY, has_api_key, by_api_key },
    { BY_BEARER, has_authorization, by_bearer },
    { BY_ADMIN, has_admin_cookie, by_admin },
    { BY_SESSION, has_session_cookie, by_session },
    { BY_BROWSER, NULL, by_browser },
    { BY_ANYONE, NULL, by_anyone },
};

/* The way whose credential came decides, good or bad: a bad token doesn't fall back to a cookie. Without
 * any, the row's first way says what is missing. */
enum outcome policy_check(struct call *call)
{
    size_t first = ARRAY_SIZE(policies);
    for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
        if (!(call->route->who & policies[i].who))
            continue;
        if (!policies[i].came || policies[i].came(call))
            return policies[i].check(call);
        if (first == ARRAY_SIZE(policies))
            first = i;
    }
    if (first == ARRAY_SIZE(policies))
        bug("route %s has no policy", call->route->path);
    return policies[first].check(call);
}
