/* issuer.c: see issuer.h. */
#include "domain/providers/issuer.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/providers/provider_call.h"
#include "net/egress.h"
#include "net/outgoing.h"

/* RFC 8725 §3.1 and §3.2: what a key that is published can verify; no HMAC, whose key would be public. */
static const char algs[] = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519";

enum { MAX_KEYS = 100, MAX_TRIED = 8 };

/* --- discovery --- */

/* OpenID Connect Discovery §4 puts it behind the issuer, RFC 8414 §3.1 between host and path. */
static const char *document_url(struct context *context, const struct provider *provider)
{
    const char *issuer = provider->issuer;
    size_t length = strlen(issuer);
    struct uri uri;
    while (length && issuer[length - 1] == '/')
        length--;
    if (provider->kind->is_oidc)
        return arena_printf(context->arena, "%.*s/.well-known/openid-configuration", (int)length, issuer);
    if (!uri_parse(context->arena, issuer, &uri) || uri.authority_end > length)
        return issuer;
    return arena_printf(context->arena, "%.*s/.well-known/oauth-authorization-server%.*s",
                        (int)uri.authority_end, issuer, (int)(length - uri.authority_end),
                        issuer + uri.authority_end);
}

/* An issuer of a kind with tenants, in three: "https://login.example/", "common", "/v2.0". */
struct authority {
    const char *front, *tenant, *rest;
};

static bool read_authority(struct arena *arena, const char *issuer, struct authority *authority_out)
{
    const char *host = issuer ? strstr(issuer, "://") : NULL, *at = host ? strchr(host + 3, '/') : NULL;
    if (!at)
        return false;
    size_t length = strcspn(++at, "/");
    *authority_out = (struct authority) { .front = arena_strndup(arena, issuer, (size_t)(at - issuer)),
                                          .tenant = arena_strndup(arena, at, length),
                                          .rest = at + length };
    return length > 0;
}

/* Two of them stand for many tenants, and their document says so. Every other word is a name of one tenant
 * ("consumers", a domain), whose id the document tells; who named it by its id gets no other. */
static bool is_tenant(const struct authority *asked, const struct authority *told)
{
    unsigned char id[16];
    if (text_has_word("common organizations", ' ', asked->tenant))
        return text_equal(told->tenant, "{tenantid}");
    if (uuid_decode(asked->tenant, id))
        return text_equal_ascii_case(asked->tenant, told->tenant);
    return uuid_decode(told->tenant, id);
}

/* RFC 8414 §3.3: the issuer in the document is the one that was asked, to the byte; but for the tenant. */
static bool is_issuer(struct arena *arena, const struct provider *provider, const char *issuer)
{
    struct authority asked, told;
    if (text_equal(issuer, provider->issuer))
        return true;
    if (!provider->kind->has_tenants || !read_authority(arena, provider->issuer, &asked) ||
        !read_authority(arena, issuer, &told))
        return false;
    return text_equal(asked.front, told.front) && text_equal(asked.rest, told.rest) &&
           is_tenant(&asked, &told);
}

/* Who may sign in shows in the token alone: a person can go to another authority than we sent them to. */
static const char *excluded_tenant(struct arena *arena, const struct provider *provider)
{
    struct authority asked;
    bool leaves_out = provider->kind->has_tenants && read_authority(arena, provider->issuer, &asked) &&
                      text_equal(asked.tenant, "organizations");
    return leaves_out ? provider->kind->consumers_tenant : NULL;
}

/* What the provider doesn't say itself; what can't be asked is as if it weren't there. */
static void take_endpoint(struct context *context, const struct json *document, const char *name,
                          const char **endpoint)
{
    struct uri uri;
    const char *url = json_member_text(document, name);
    if (*endpoint || !url || egress_check_url(context->arena, context->settings, url, &uri))
        return;
    *endpoint = url;
}

static bool holds(const struct json *array, const char *word)
{
    for (size_t i = 0; i < json_count(array); i++) {
        if (text_equal(json_text(json_item(array, i)), word))
            return true;
    }
    return false;
}

/* RFC 8414 §2: client_secret_basic when it isn't said. */
static const char *choose_method(const struct json *document, const struct provider *provider)
{
    const struct json *methods = json_member(document, "token_endpoint_auth_methods_supported");
    if (!*provider->client_secret)
        return "none";
    if (!methods || holds(methods, "client_secret_basic") || !holds(methods, "client_secret_post"))
        return "client_secret_basic";
    return "client_secret_post";
}

const char *issuer_read(struct context *context, const struct json *document, struct provider *provider)
{
    if (!is_issuer(context->arena, provider, json_member_text(document, "issuer")))
        return "the document is of another issuer";
    provider->excluded_tenant = excluded_tenant(context->arena, provider);
    provider->issuer = json_member_text(document, "issuer");
    take_endpoint(context, document, "authorization_endpoint", &provider->authorization_endpoint);
    take_endpoint(context, document, "token_endpoint", &provider->token_endpoint);
    take_endpoint(context, document, "userinfo_endpoint", &provider->userinfo_endpoint);
    take_endpoint(context, document, "revocation_endpoint", &provider->revocation_endpoint);
    take_endpoint(context, document, "jwks_uri", &provider->jwks_uri);
    if (!provider->token_auth_method)
        provider->token_auth_method = choose_method(document, provider);
    if (!json_boolean(json_member(document, "authorization_response_iss_parameter_supported"),
                      &provider->answers_iss))
        provider->answers_iss = false;
    if (!provider->authorization_endpoint || !provider->token_endpoint ||
        (provider->kind->is_oidc && !provider->jwks_uri))
        return "the document lacks an endpoint that this server may ask";
    return NULL;
}

/* A document that isn't an object is as one that wasn't had. */
static const struct json *fetch(struct context *context, const char *url, int64_t newer_than_ms,
                                int64_t limit_ms, int64_t *fetched_ms_out, const char **error_out)
{
    struct document document;
    enum http_result result =
        outgoing_document(context->outgoing, context->arena, url, newer_than_ms, limit_ms, &document);
    *fetched_ms_out = document.fetched_ms;
    *error_out = document.error;
    if (result != HTTP_ANSWERED)
        return NULL;
    const struct json *object =
        json_parse(context->arena, (const char *)document.body.data, document.body.length, error_out);
    if (object && json_kind(object) != JSON_OBJECT) {
        *error_out = "not a JSON object";
        return NULL;
    }
    return object;
}

enum outcome issuer_discover(struct context *context, struct provider *provider)
{
    int64_t fetched_ms;
    const char *error;
    const struct json *document =
        fetch(context, document_url(context, provider), 0, DOCUMENT_LIMIT_MS, &fetched_ms, &error);
    if (document)
        error = issuer_read(context, document, provider);
    return document && !error ? OUTCOME_OK : provider_fail(context, provider, "discovery", error);
}

/* --- keys --- */

/* Keys that can't be read, or aren't for signatures, are none: others may be there that are. */
static bool key_verifies(const struct json *object, const struct jws *jws)
{
    const char *error;
    struct jwk *key = jwk_parse(object, &error);
    bool good = key && !jwk_is_private(key) && jws_verify(jws, key, algs);
    jwk_free(key);
    return good;
}

bool issuer_keys_verify(struct arena *arena, const struct json *keys, const struct jws *jws, bool *known_out,
                        const char **key_issuer_out)
{
    const struct json *array = json_member(keys, "keys");
    size_t count = json_count(array), tried = 0;
    *known_out = false;
    for (size_t i = 0; i < count && i < MAX_KEYS && tried < MAX_TRIED; i++) {
        const struct json *key = json_item(array, i);
        if (jws->kid && !text_equal(jws->kid, json_member_text(key, "kid")))
            continue;
        *known_out = true;
        tried++;
        if (!key_verifies(key, jws))
            continue;
        *key_issuer_out = arena_strdup(arena, json_member_text(key, "issuer"));
        return true;
    }
    return false;
}

enum outcome issuer_verify(struct context *context, const struct provider *provider, const struct jws *jws,
                           const char **key_issuer_out)
{
    int64_t newer_than_ms = 0;
    for (int attempt = 0; attempt < 2; attempt++) {
        bool known;
        const char *error;
        const struct json *keys =
            fetch(context, provider->jwks_uri, newer_than_ms, provider_talk_until(context) - clock_now_ms(),
                  &newer_than_ms, &error);
        if (!keys)
            return provider_fail(context, provider, "its keys", error);
        if (issuer_keys_verify(context->arena, keys, jws, &known, key_issuer_out))
            return OUTCOME_OK;
        if (known)
            return provider_fail(context, provider, "ID Token", "the signature isn't of its keys");
    }
    return provider_fail(context, provider, "ID Token", "signed by a key that it doesn't publish");
}
