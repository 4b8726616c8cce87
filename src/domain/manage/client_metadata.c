/* client_metadata.c: see client_metadata.h. One table says what each member must be; a few checks behind
 * it look at several members together. */
#include "domain/manage/client_metadata.h"

#include "core/network.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/certificate.h"
#include "domain/login/canonical.h"
#include "domain/oauth/client_auth.h"
#include "domain/oauth/client_keys.h"
#include "domain/oauth/scope.h"
#include "net/egress.h"

enum {
    MAX_URIS = 32,
    MAX_URI_BYTES = 2000,
    MAX_NAME_CHARACTERS = 200,
    MAX_AGE_S = 10 * 365 * 86400,
    MAX_SUBJECT_BYTES = 1000
};

typedef enum outcome (*check_fn)(struct context *context, const char *name, const struct json *value,
                                 const char *choices);

static enum outcome refuse_member(struct context *context, const char *name, const char *what)
{
    return refuse(context, OUTCOME_INVALID_CLIENT_METADATA,
                  arena_printf(context->arena, "%s %s", name, what));
}

static enum outcome check_name(struct context *context, const char *name, const struct json *value,
                               const char *choices)
{
    (void)choices;
    const char *text = json_text(value);
    if (!text || !person_name_is_plain(text, 1, MAX_NAME_CHARACTERS))
        return refuse_member(context, name, "must be a string of 1 to 200 visible characters");
    return OUTCOME_OK;
}

/* A link that pages show: T-60, nothing but https ever stands in an href of ours. */
static enum outcome check_link(struct context *context, const char *name, const struct json *value,
                               const char *choices)
{
    (void)choices;
    struct uri uri;
    const char *text = json_text(value);
    if (!text || strlen(text) > MAX_URI_BYTES || !uri_parse(context->arena, text, &uri) ||
        !text_equal(uri.scheme, "https") || uri.has_userinfo)
        return refuse_member(context, name, "must be an https URI");
    return OUTCOME_OK;
}

static enum outcome check_choice(struct context *context, const char *name, const struct json *value,
                                 const char *choices)
{
    const char *text = json_text(value);
    if (!text || strchr(text, ' ') || !text_has_word(choices, ' ', text))
        return refuse_member(context, name, arena_printf(context->arena, "must be one of: %s", choices));
    return OUTCOME_OK;
}

static enum outcome check_choices(struct context *context, const char *name, const struct json *value,
                                  const char *choices)
{
    bool good = json_kind(value) == JSON_ARRAY && json_count(value) > 0;
    for (size_t i = 0; good && i < json_count(value); i++) {
        const char *text = json_text(json_item(value, i));
        good = text && !strchr(text, ' ') && text_has_word(choices, ' ', text);
        for (size_t j = 0; good && j < i; j++)
            good = !text_equal(text, json_text(json_item(value, j)));
    }
    if (!good)
        return refuse_member(
            context, name,
            arena_printf(context->arena, "must be an array of different words of: %s", choices));
    return OUTCOME_OK;
}

/* A client that gets no codes has no response types. */
static enum outcome check_choices_if_any(struct context *context, const char *name, const struct json *value,
                                         const char *choices)
{
    bool none = json_kind(value) == JSON_ARRAY && json_count(value) == 0;
    return none ? OUTCOME_OK : check_choices(context, name, value, choices);
}

static enum outcome check_boolean(struct context *context, const char *name, const struct json *value,
                                  const char *choices)
{
    (void)choices;
    bool boolean;
    return json_boolean(value, &boolean) ? OUTCOME_OK : refuse_member(context, name, "must be true or false");
}

static enum outcome check_age(struct context *context, const char *name, const struct json *value,
                              const char *choices)
{
    (void)choices;
    int64_t age;
    if (!json_integer(value, &age) || age < 0 || age > MAX_AGE_S)
        return refuse_member(context, name, "must be a number of seconds");
    return OUTCOME_OK;
}

/* scope-token, RFC 6749 §3.3; T-119: bounded in bytes and in words. */
static enum outcome check_scope(struct context *context, const char *name, const struct json *value,
                                const char *choices)
{
    (void)choices;
    const char *scope = json_text(value);
    const char *cursor = scope, *word;
    size_t length, words = 0;
    if (!scope || strlen(scope) > SCOPE_MAX_BYTES || !text_is_printable(scope) || strpbrk(scope, "\"\\"))
        return refuse_member(context, name, "must be a string of scope words");
    while (text_next_word(&cursor, ' ', &word, &length))
        words++;
    if (words > SCOPE_MAX_WORDS)
        return refuse_member(context, name, "has too many words");
    return OUTCOME_OK;
}

static enum outcome check_list(struct context *context, const char *name, const struct json *value,
                               const char *choices)
{
    (void)choices;
    bool good = json_kind(value) == JSON_ARRAY && json_count(value) <= MAX_URIS;
    for (size_t i = 0; good && i < json_count(value); i++)
        good = json_text(json_item(value, i)) != NULL;
    return good ? OUTCOME_OK : refuse_member(context, name, "must be an array of at most 32 strings");
}

static enum outcome check_keys(struct context *context, const char *name, const struct json *value,
                               const char *choices)
{
    (void)choices;
    const char *wrong = client_keys_check(context->arena, value);
    return wrong ? refuse_member(context, name, wrong) : OUTCOME_OK;
}

/* T-52: what can be said without resolving a name; the address is checked whenever it's connected to. */
static enum outcome check_keys_uri(struct context *context, const char *name, const struct json *value,
                                   const char *choices)
{
    (void)choices;
    struct uri uri;
    const char *text = json_text(value);
    if (!text || strlen(text) > MAX_URI_BYTES ||
        egress_check_url(context->arena, context->settings, text, &uri))
        return refuse_member(context, name, "must be an https URI of a public host");
    return OUTCOME_OK;
}

/* A name in a certificate; of a subject and of an address its form is checked as well. */
static enum outcome check_certificate_name(struct context *context, const char *name,
                                           const struct json *value, const char *choices)
{
    (void)choices;
    const char *text = json_text(value);
    struct ip_address address;
    bool subject = text_equal(name, "tls_client_auth_subject_dn"),
         ip = text_equal(name, "tls_client_auth_san_ip");
    if (text_empty(text) || strlen(text) > MAX_SUBJECT_BYTES ||
        (subject && !certificate_subject_is_readable(context->arena, text)) ||
        (ip && !ip_parse(text, &address)))
        return refuse_member(context, name, "must be a name as a certificate has it");
    return OUTCOME_OK;
}

static enum outcome check_addresses(struct context *context, const char *name, const struct json *value,
                                    const char *choices)
{
    (void)choices;
    bool good = json_kind(value) == JSON_ARRAY && json_count(value) <= MAX_URIS;
    for (size_t i = 0; good && i < json_count(value); i++) {
        struct network network;
        const char *text = json_text(json_item(value, i));
        good = text && network_parse(text, strlen(text), &network);
    }
    return good ? OUTCOME_OK
                : refuse_member(context, name, "must be an array of addresses and ranges such as 10.0.0.0/8");
}

static const struct {
    const char *name;
    check_fn check;
    const char *choices;
} member_checks[] = {
    { "client_name", check_name, NULL },
    { "client_uri", check_link, NULL },
    { "logo_uri", check_link, NULL },
    { "policy_uri", check_link, NULL },
    { "tos_uri", check_link, NULL },
    { "redirect_uris", check_list, NULL },
    { "post_logout_redirect_uris", check_list, NULL },
    { "grant_types", check_choices, "authorization_code refresh_token client_credentials" },
    { "response_types", check_choices_if_any, "code" },
    { "scope", check_scope, NULL },
    { "application_type", check_choice, "web native" },
    { "token_endpoint_auth_method", check_choice, client_way_names },
    { "token_endpoint_auth_signing_alg", check_choice, client_way_algs },
    { "jwks", check_keys, NULL },
    { "jwks_uri", check_keys_uri, NULL },
    { "tls_client_auth_subject_dn", check_certificate_name, NULL },
    { "tls_client_auth_san_dns", check_certificate_name, NULL },
    { "tls_client_auth_san_uri", check_certificate_name, NULL },
    { "tls_client_auth_san_ip", check_certificate_name, NULL },
    { "tls_client_auth_san_email", check_certificate_name, NULL },
    { "tls_client_certificate_bound_access_tokens", check_boolean, NULL },
    { "dpop_bound_access_tokens", check_boolean, NULL },
    { "enhanced_security", check_boolean, NULL },
    { "allowed_addresses", check_addresses, NULL },
    { "id_token_signed_response_alg", check_choice, "RS256 ES256 EdDSA" },
    { "require_pkce", check_boolean, NULL },
    { "skip_consent", check_boolean, NULL },
    { "requires_permission", check_boolean, NULL },
    { "default_max_age", check_age, NULL },
};

static void note_ignored(const char *name, struct json *member, void *names)
{
    struct strbuf *list = names;
    (void)member;
    for (size_t i = 0; i < ARRAY_SIZE(member_checks); i++) {
        if (text_equal(member_checks[i].name, name))
            return;
    }
    strbuf_add_format(list, "%s%s", list->length ? ", " : "", name);
}

const char *client_metadata_ignored(struct arena *arena, const struct json *metadata)
{
    struct strbuf names = strbuf_start(arena);
    json_each(metadata, note_ignored, &names);
    return names.data;
}

/* --- redirect URIs --- */

/*
 * Which URIs may ever be redirected to: an allow-list of schemes (T-10). https; http to a loopback
 * literal; and for native clients a private-use scheme with a dot (RFC 8252 §7.1), which javascript:,
 * data: and their like never have.
 */
static bool scheme_is_allowed(const struct client *client, const struct uri *uri)
{
    if (text_equal(uri->scheme, "https"))
        return true;
    if (text_equal(uri->scheme, "http"))
        return uri_host_is_loopback(uri);
    return text_equal(client->application_type, "native") && strchr(uri->scheme, '.');
}

static enum outcome check_redirect_uris(struct context *context, const char *name,
                                        const struct client *client, const char *const *list)
{
    for (; *list; list++) {
        struct uri uri;
        if (strlen(*list) > MAX_URI_BYTES || !uri_parse(context->arena, *list, &uri) || uri.has_fragment ||
            uri.has_userinfo || !scheme_is_allowed(client, &uri))
            return refuse(context, OUTCOME_INVALID_REDIRECT_URI,
                          arena_printf(context->arena,
                                       "%s must be https URIs without fragment or user name, http ones of "
                                       "127.0.0.1 or [::1], or a native client's own scheme with a dot",
                                       name));
    }
    return OUTCOME_OK;
}

/* --- what its way of authentication needs --- */

/* RFC 7591 §2: not both; RFC 7523 §3 and RFC 8705 §2.2: but one, for who proves itself by keys. */
static enum outcome check_way_keys(struct context *context, const struct client *client,
                                   const struct client_way *way)
{
    const char *alg = client->token_endpoint_auth_signing_alg;
    if (client->jwks && client->jwks_uri)
        return refuse_member(context, "jwks", "and jwks_uri can't be there both");
    if (way->needs != NEEDS_KEYS)
        return OUTCOME_OK;
    if (!client->jwks && !client->jwks_uri)
        return refuse_member(context, "jwks", "or jwks_uri is needed for this token_endpoint_auth_method");
    if (client->jwks && way->algs && !client_keys_fit(client->jwks, alg ? alg : way->algs))
        return refuse_member(context, "jwks", "holds no key for signatures that fits");
    return OUTCOME_OK;
}

/* RFC 8705 §2.1.2: exactly one name. */
static enum outcome check_way_subject(struct context *context, const struct client *client,
                                      const struct client_way *way)
{
    const char *const names[] = { client->tls_client_auth_subject_dn, client->tls_client_auth_san_dns,
                                  client->tls_client_auth_san_uri, client->tls_client_auth_san_ip,
                                  client->tls_client_auth_san_email };
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        count += names[i] != NULL;
    if (way->needs == NEEDS_SUBJECT && count != 1)
        return refuse_member(context, "tls_client_auth_subject_dn",
                             "or one of the tls_client_auth_san members is needed, and only one of them");
    return OUTCOME_OK;
}

static enum outcome check_way(struct context *context, const struct client *client)
{
    const char *name = client->token_endpoint_auth_method, *alg = client->token_endpoint_auth_signing_alg;
    const struct client_way *way = client_way_find(name ? name : "client_secret_basic");
    if (alg && (!way->algs || !text_has_word(way->algs, ' ', alg)))
        return refuse_member(context, "token_endpoint_auth_signing_alg",
                             "does not fit the token_endpoint_auth_method");
    enum outcome outcome = check_way_keys(context, client, way);
    return outcome == OUTCOME_OK ? check_way_subject(context, client, way) : outcome;
}

static enum outcome check_enhanced(struct context *context, const struct client *client)
{
    const char *alg = client->token_endpoint_auth_signing_alg;
    const struct client_way *way = client_way_find(client->token_endpoint_auth_method);
    if (!client->enhanced_security)
        return OUTCOME_OK;
    if (!way || !way->strong)
        return refuse_member(context, "enhanced_security",
                             "needs private_key_jwt, tls_client_auth or self_signed_tls_client_auth");
    if (!way->algs)
        return OUTCOME_OK;
    if (alg && !text_has_word(client_strong_algs, ' ', alg))
        return refuse_member(context, "token_endpoint_auth_signing_alg",
                             "must be PS256, ES256 or EdDSA with enhanced_security");
    if (client->jwks && !client_keys_fit(client->jwks, client_strong_algs))
        return refuse_member(context, "jwks", "needs a key for PS256, ES256 or EdDSA with enhanced_security");
    if (client->jwks && !client_keys_are_named(client->jwks))
        return refuse_member(context, "jwks", "needs a kid in every key with enhanced_security");
    return OUTCOME_OK;
}

/* --- members together --- */

static enum outcome check_together(struct context *context, const struct client *client)
{
    bool code = client_may_use_grant(client, "authorization_code");
    if (client_is_public(client) && client_may_use_grant(client, "client_credentials"))
        return refuse_member(context, "grant_types", "can't hold client_credentials without a secret");
    if (client_may_use_grant(client, "refresh_token") && !code)
        return refuse_member(context, "grant_types", "can't hold refresh_token without authorization_code");
    if (code && !text_has_word(client->response_types, ' ', "code"))
        return refuse_member(context, "response_types", "must hold code for the grant authorization_code");
    if (code && !client->redirect_uris[0])
        return refuse(context, OUTCOME_INVALID_REDIRECT_URI, "redirect_uris must name at least one");
    enum outcome outcome = check_way(context, client);
    if (outcome == OUTCOME_OK)
        outcome = check_enhanced(context, client);
    if (outcome == OUTCOME_OK)
        outcome = check_redirect_uris(context, "redirect_uris", client, client->redirect_uris);
    if (outcome != OUTCOME_OK)
        return outcome;
    return check_redirect_uris(context, "post_logout_redirect_uris", client,
                               client->post_logout_redirect_uris);
}

/* The words of a list, each once and with one space between. */
static const char *unique_words(struct arena *arena, const char *list)
{
    struct strbuf words = strbuf_start(arena);
    const char *word;
    size_t length;
    while (text_next_word(&list, ' ', &word, &length)) {
        const char *copy = arena_strndup(arena, word, length);
        if (text_has_word(words.data, ' ', copy))
            continue;
        strbuf_add_format(&words, "%s%s", words.length ? " " : "", copy);
    }
    return words.data;
}

/* A registration without scope gets what its grants are good for (RFC 7591 §2 leaves it to us). */
static const char *default_scope(const struct client *client)
{
    if (!client_may_use_grant(client, "authorization_code"))
        return "";
    return client_may_use_grant(client, "refresh_token") ? "openid profile email offline_access"
                                                         : "openid profile email";
}

enum outcome client_metadata_read(struct context *context, const char *text, struct client *client_out)
{
    const char *error = NULL;
    const struct json *object = json_parse(context->arena, text, strlen(text), &error);
    if (json_kind(object) != JSON_OBJECT)
        return refuse_member(context, "the metadata", "must be a JSON object");
    for (size_t i = 0; i < ARRAY_SIZE(member_checks); i++) {
        const struct json *value = json_member(object, member_checks[i].name);
        enum outcome outcome =
            value ? member_checks[i].check(context, member_checks[i].name, value, member_checks[i].choices)
                  : OUTCOME_OK;
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    if (!client_from_metadata(context->arena, text, client_out, &error))
        return refuse_member(context, error, "can't be used");
    client_out->scope = json_member(object, "scope") ? unique_words(context->arena, client_out->scope)
                                                     : default_scope(client_out);
    return check_together(context, client_out);
}

/* --- writing --- */

static void write_list(struct json_writer *writer, const char *name, const char *const *list)
{
    json_open_array(writer, name);
    for (; list && *list; list++)
        json_write_text(writer, NULL, *list);
    json_close_array(writer);
}

void client_metadata_write(struct json_writer *writer, const struct client *client)
{
    json_write_text(writer, "client_name", client->client_name);
    json_write_text(writer, "client_uri", client->client_uri);
    json_write_text(writer, "logo_uri", client->logo_uri);
    json_write_text(writer, "policy_uri", client->policy_uri);
    json_write_text(writer, "tos_uri", client->tos_uri);
    write_list(writer, "redirect_uris", client->redirect_uris);
    write_list(writer, "post_logout_redirect_uris", client->post_logout_redirect_uris);
    json_write_words(writer, "grant_types", client->grant_types, ' ');
    json_write_words(writer, "response_types", client->response_types, ' ');
    json_write_text(writer, "scope", client->scope);
    json_write_text(writer, "application_type", client->application_type);
    json_write_text(writer, "token_endpoint_auth_method", client->token_endpoint_auth_method);
    json_write_text(writer, "token_endpoint_auth_signing_alg", client->token_endpoint_auth_signing_alg);
    if (client->jwks)
        json_write_value(writer, "jwks", client->jwks);
    json_write_text(writer, "jwks_uri", client->jwks_uri);
    json_write_text(writer, "tls_client_auth_subject_dn", client->tls_client_auth_subject_dn);
    json_write_text(writer, "tls_client_auth_san_dns", client->tls_client_auth_san_dns);
    json_write_text(writer, "tls_client_auth_san_uri", client->tls_client_auth_san_uri);
    json_write_text(writer, "tls_client_auth_san_ip", client->tls_client_auth_san_ip);
    json_write_text(writer, "tls_client_auth_san_email", client->tls_client_auth_san_email);
    json_write_boolean(writer, "tls_client_certificate_bound_access_tokens",
                       client->tls_client_certificate_bound_access_tokens);
    json_write_boolean(writer, "dpop_bound_access_tokens", client->dpop_bound_access_tokens);
    if (client->enhanced_security)
        json_write_boolean(writer, "enhanced_security", true);
    if (!text_empty(client->allowed_addresses))
        json_write_words(writer, "allowed_addresses", client->allowed_addresses, ' ');
    json_write_text(writer, "id_token_signed_response_alg", client->id_token_signed_response_alg);
    json_write_boolean(writer, "require_pkce", client->require_pkce);
    json_write_boolean(writer, "skip_consent", client->skip_consent);
    json_write_boolean(writer, "requires_permission", client->requires_permission);
    if (client->default_max_age >= 0)
        json_write_integer(writer, "default_max_age", client->default_max_age);
}
