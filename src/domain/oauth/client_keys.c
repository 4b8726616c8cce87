/* client_keys.c: see client_keys.h. */
#include "domain/oauth/client_keys.h"

#include "core/text.h"
#include "net/outgoing.h"

enum { MAX_SET_BYTES = 64 * 1024, MAX_KID_BYTES = 256, REFETCH_WINDOW_S = 60 };

/* --- sets of keys --- */

/* The keys of a set that is one, with as many as we look at. */
static const struct json *keys_of(const struct json *jwks)
{
    const struct json *keys = json_member(jwks, "keys");
    size_t count = json_count(keys);
    return json_kind(keys) == JSON_ARRAY && count > 0 && count <= CLIENT_MAX_KEYS ? keys : NULL;
}

static bool is_for_signatures(const struct json *key)
{
    const char *use = json_member_text(key, "use");
    return !use || text_equal(use, "sig");
}

/* NULL for what isn't a good public key. */
static struct jwk *parse_public(const struct json *object, const char **error_out)
{
    struct jwk *key = jwk_parse(object, error_out);
    if (!key || !jwk_is_private(key))
        return key;
    *error_out = "it is private";
    jwk_free(key);
    return NULL;
}

/* What looking for the key of a signature found. */
struct search {
    size_t found; /* keys that it could be */
    bool good;
};

static void try_key(const struct json *object, const struct jws *jws, struct search *search)
{
    const char *error;
    struct jwk *key = parse_public(object, &error);
    if (key && is_for_signatures(object) && jws_alg_fits(jws->alg, key)) {
        search->found++;
        search->good |= jws_verify(jws, key, NULL);
    }
    jwk_free(key);
}

/* By kid, or all that fit: without kid it must be the only one. */
static struct search search_keys(const struct json *jwks, const struct jws *jws)
{
    const struct json *keys = keys_of(jwks);
    struct search search = { 0 };
    for (size_t i = 0; i < json_count(keys); i++) {
        const struct json *key = json_item(keys, i);
        if (!jws->kid || text_equal(json_member_text(key, "kid"), jws->kid))
            try_key(key, jws, &search);
    }
    return search;
}

/* --- where they are from --- */

static const struct json *fetch(struct context *context, const char *uri, int64_t newer_than_ms,
                                const char **error_out)
{
    struct document document;
    const struct json *jwks = NULL;
    if (outgoing_document(context->outgoing, context->arena, uri, newer_than_ms, DOCUMENT_LIMIT_MS,
                          &document) != HTTP_ANSWERED) {
        *error_out = arena_printf(context->arena, "jwks_uri could not be read: %s", document.error);
        return NULL;
    }
    if (document.body.length <= MAX_SET_BYTES)
        jwks = json_parse(context->arena, (const char *)document.body.data, document.body.length, error_out);
    *error_out = "jwks_uri gives no set of 1 to 20 keys";
    return keys_of(jwks) ? jwks : NULL;
}

/* Whoever knows a client's id can name keys that aren't there: its server hears of it once a minute (security
 * 89). */
static bool may_refetch(const struct context *context, const char *uri)
{
    struct limit_state state;
    return shared_limit_take(context->shared, shared_limit_key("jwks_uri", uri), context->now_ms,
                             REFETCH_WINDOW_S, 1, 1, &state);
}

const struct json *client_keys_set(struct context *context, const struct client *client, bool again,
                                   const char **error_out)
{
    *error_out = "the client has no keys";
    if (client->jwks)
        return keys_of(client->jwks) && !again ? client->jwks : NULL;
    if (!client->jwks_uri || (again && !may_refetch(context, client->jwks_uri)))
        return NULL;
    return fetch(context, client->jwks_uri, again ? context->now_ms : 0, error_out);
}

const char *client_keys_verify(struct context *context, const struct client *client, const struct jws *jws)
{
    const char *error = NULL;
    if (!jws->kid && client->enhanced_security)
        return "kid is missing";
    if (jws->kid && strlen(jws->kid) > MAX_KID_BYTES)
        return "kid is too long";
    const struct json *jwks = client_keys_set(context, client, false, &error);
    if (!jwks)
        return error;
    struct search search = search_keys(jwks, jws);
    if (!search.found && jws->kid && (jwks = client_keys_set(context, client, true, &error)) != NULL)
        search = search_keys(jwks, jws);
    if (!search.found)
        return "there is no such key";
    if (!jws->kid && search.found > 1)
        return "kid is missing, and several keys fit";
    return search.good ? NULL : "the signature is not by the client's key";
}

/* --- at registration --- */

static bool kid_is_used_before(const struct json *keys, size_t index, const char *kid)
{
    for (size_t i = 0; i < index; i++)
        if (text_equal(json_member_text(json_item(keys, i), "kid"), kid))
            return true;
    return false;
}

static const char *check_key(const struct json *keys, size_t index)
{
    const char *error, *kid = json_member_text(json_item(keys, index), "kid");
    struct jwk *key = parse_public(json_item(keys, index), &error);
    if (!key)
        return error;
    jwk_free(key);
    if (kid && (!*kid || strlen(kid) > MAX_KID_BYTES))
        return "its kid is empty or too long";
    return kid && kid_is_used_before(keys, index, kid) ? "its kid is another key's as well" : NULL;
}

const char *client_keys_check(struct arena *arena, const struct json *jwks)
{
    const struct json *keys = keys_of(jwks);
    if (!keys || strlen(json_print(arena, jwks)) > MAX_SET_BYTES)
        return "must be an object with 1 to 20 keys";
    for (size_t i = 0; i < json_count(keys); i++) {
        const char *wrong = check_key(keys, i);
        if (wrong)
            return arena_printf(arena, "holds a key that can't be used: %s", wrong);
    }
    return NULL;
}

static bool fits_any(const struct jwk *key, const char *algs)
{
    const char *word;
    size_t length;
    char alg[16];
    while (text_next_word(&algs, ' ', &word, &length)) {
        if (length >= sizeof(alg))
            continue;
        memcpy(alg, word, length);
        alg[length] = '\0';
        if (jws_alg_fits(alg, key))
            return true;
    }
    return false;
}

bool client_keys_fit(const struct json *jwks, const char *algs)
{
    const struct json *keys = keys_of(jwks);
    bool fit = false;
    for (size_t i = 0; !fit && i < json_count(keys); i++) {
        const char *error;
        struct jwk *key = parse_public(json_item(keys, i), &error);
        fit = key && is_for_signatures(json_item(keys, i)) && fits_any(key, algs);
        jwk_free(key);
    }
    return fit;
}

bool client_keys_are_named(const struct json *jwks)
{
    const struct json *keys = keys_of(jwks);
    for (size_t i = 0; i < json_count(keys); i++)
        if (text_empty(json_member_text(json_item(keys, i), "kid")))
            return false;
    return true;
}
