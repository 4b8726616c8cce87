/* provider_metadata.c: see provider_metadata.h. */
#include "domain/providers/provider_metadata.h"

#include "core/file.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/login/canonical.h"
#include "domain/providers/signed_secret.h"
#include "net/egress.h"

#include <errno.h>

enum {
    LINE_MAX_CHARACTERS = 60,
    WORD_MAX_BYTES = 400,
    SCOPES_MAX_BYTES = 2000,
    MEMBER_PATH_MAX_BYTES = 200,
    SECRET_MAX_BYTES = 8000
};

struct reader {
    struct arena *arena;
    const struct settings *settings; /* NULL: URLs aren't judged */
    struct provider_metadata *metadata;
    const char *error;
};

/* --- members: each takes its value, or says what it must be --- */

typedef const char *(*take_fn)(struct reader *reader, const struct json *value, void *target);

static const char *put(void *target, const char *text)
{
    *(const char **)target = text;
    return NULL;
}

static bool name_is_fine(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strspn(name, letters);
    return length && length <= PROVIDER_NAME_MAX && !name[length] && !strchr("._-", *name);
}

/* Sessions and their ID Tokens name the provider where they else name one of these. */
static bool name_is_of_ours(const char *name)
{
    static const char words[] = "pwd otp kba pin mfa hwk swk password mail unknown";
    return text_has_word(words, ' ', name);
}

static const char *take_name(struct reader *reader, const struct json *value, void *target)
{
    const char *name = json_text(value);
    if (!name || !name_is_fine(name))
        return "must be 1 to 40 letters, digits, '.', '_' or '-', the first a letter or digit";
    if (name_is_of_ours(name))
        return "must not be the word for another way to sign in (pwd, otp, mail and the like)";
    return put(target, provider_name_canonical(reader->arena, name));
}

/* What it names was found before the members were read. */
static const char *take_nothing(struct reader *reader, const struct json *value, void *target)
{
    (void)reader, (void)value, (void)target;
    return NULL;
}

static const char *take_line(struct reader *reader, const struct json *value, void *target)
{
    const char *text = json_text(value);
    (void)reader;
    if (!text || !person_name_is_plain(text, 1, LINE_MAX_CHARACTERS))
        return "must be a string of 1 to 60 visible characters";
    return put(target, text);
}

static const char *take_word(struct reader *reader, const struct json *value, void *target)
{
    const char *text = json_text(value);
    (void)reader;
    if (text_empty(text) || strlen(text) > WORD_MAX_BYTES || !text_is_printable(text) || strchr(text, ' '))
        return "must be a string of 1 to 400 printable characters without spaces";
    return put(target, text);
}

/* Placeholders ("{client_id}") are filled in for the check: braces don't belong in a URL. */
static const char *filled(struct arena *arena, const char *url)
{
    char *copy = arena_strdup(arena, url);
    for (char *at = copy; *at; at++)
        if (*at == '{' || *at == '}')
            *at = 'x';
    return copy;
}

static const char *take_url(struct reader *reader, const struct json *value, void *target)
{
    struct uri uri;
    const char *url = json_text(value), *wrong = NULL;
    if (!url || !uri_parse(reader->arena, filled(reader->arena, url), &uri) || !uri_is_web(&uri) ||
        uri.has_userinfo || uri.has_fragment)
        return "must be an https URL without a user and a fragment";
    if (reader->settings)
        wrong = egress_check_url(reader->arena, reader->settings, filled(reader->arena, url), &uri);
    if (wrong)
        return arena_printf(reader->arena, "can't be used: %s, or one of a host that egress_allow lists",
                            wrong);
    return put(target, url);
}

static const char *take_issuer(struct reader *reader, const struct json *value, void *target)
{
    const char *issuer = json_text(value);
    if (issuer && (strchr(issuer, '?') || strchr(issuer, '#')))
        return "must be an https URL without a query and a fragment";
    return take_url(reader, value, target);
}

static const char *take_secret(struct reader *reader, const struct json *value, void *target)
{
    const char *secret = json_text(value);
    (void)reader;
    if (text_empty(secret) || strlen(secret) > SECRET_MAX_BYTES)
        return "must be a string of 1 to 8000 bytes";
    return put(target, secret);
}

static const char *take_path(struct reader *reader, const struct json *value, void *target)
{
    const char *path = json_text(value);
    (void)reader;
    if (!path || *path != '/')
        return "must be a path that starts with /";
    return put(target, path);
}

static const char *take_method(struct reader *reader, const struct json *value, void *target)
{
    const char *method = json_text(value);
    (void)reader;
    if (!method || strchr(method, ' ') ||
        !text_has_word("client_secret_basic client_secret_post none", ' ', method))
        return "must be one of: client_secret_basic client_secret_post none";
    return put(target, method);
}

/* RFC 6749 §3.3 */
static bool scope_is_fine(const char *word)
{
    return !text_empty(word) && text_is_printable(word) && !strpbrk(word, " \"\\");
}

static const char *join_words(struct arena *arena, const struct json *array)
{
    struct strbuf words = strbuf_start(arena);
    for (size_t i = 0; i < json_count(array); i++) {
        const char *word = json_text(json_item(array, i));
        if (!scope_is_fine(word))
            return NULL;
        strbuf_add_format(&words, "%s%s", i ? " " : "", word);
    }
    return words.data;
}

/* An array of words, or one string of them. */
static const char *take_scopes(struct reader *reader, const struct json *value, void *target)
{
    const char *scopes = json_kind(value) == JSON_ARRAY ? join_words(reader->arena, value) : json_text(value);
    if (!scopes || strlen(scopes) > SCOPES_MAX_BYTES || !text_is_printable(scopes) || strpbrk(scopes, "\"\\"))
        return "must be scopes: an array of words, or a string with spaces between them";
    return put(target, scopes);
}

static const char *take_boolean(struct reader *reader, const struct json *value, void *target)
{
    (void)reader;
    return json_boolean(value, target) ? NULL : "must be true or false";
}

static const char *take_pkce(struct reader *reader, const struct json *value, void *target)
{
    reader->metadata->says_pkce = true;
    return take_boolean(reader, value, target);
}

static const char *take_vouches(struct reader *reader, const struct json *value, void *target)
{
    reader->metadata->says_vouches = true;
    return take_boolean(reader, value, target);
}

static const char *take_separator(struct reader *reader, const struct json *value, void *target)
{
    const char *separator = json_text(value);
    (void)target;
    if (!text_equal(separator, " ") && !text_equal(separator, ","))
        return "must be a space or a comma";
    reader->metadata->kind->scope_separator = reader->metadata->kind->answer_separator = *separator;
    return NULL;
}

/* --- the profile --- */

static const struct {
    const char *name;
    size_t offset;
} profile_members[] = {
    { "subject", offsetof(struct provider_kind, subject) },
    { "name", offsetof(struct provider_kind, name_member) },
    { "email", offsetof(struct provider_kind, email) },
    { "email_verified", offsetof(struct provider_kind, email_verified) },
    { "picture", offsetof(struct provider_kind, picture) },
};

static void take_profile_member(const char *name, struct json *member, void *context)
{
    struct reader *reader = context;
    const char *path = json_text(member);
    if (reader->error)
        return;
    if (!path || strlen(path) > MEMBER_PATH_MAX_BYTES || !text_is_printable(path)) {
        reader->error = "profile must hold names of members";
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(profile_members); i++) {
        if (text_equal(profile_members[i].name, name)) {
            put((char *)reader->metadata->kind + profile_members[i].offset, *path ? path : NULL);
            return;
        }
    }
    reader->error = "profile may hold subject, name, email, email_verified and picture";
}

static const char *take_profile(struct reader *reader, const struct json *value, void *target)
{
    (void)target;
    if (json_kind(value) != JSON_OBJECT)
        return "must be an object that says which member is which";
    json_each(value, take_profile_member, reader);
    if (!reader->error && !reader->metadata->kind->subject)
        reader->error = "profile.subject can't be empty";
    return NULL;
}

#define AT(member) offsetof(struct provider_metadata, member)

/* is_endpoint: when one of them is said, none of the kind's is used, so that no secret of a stand-in goes to
 * the real one. */
static const struct member {
    const char *name;
    take_fn take;
    size_t offset;
    bool is_endpoint;
} members[] = {
    { "name", take_name, AT(provider.name), false },
    { "kind", take_nothing, 0, false },
    { "display_name", take_line, AT(provider.display_name), false },
    { "issuer", take_issuer, AT(provider.issuer), true },
    { "authorization_endpoint", take_url, AT(provider.authorization_endpoint), true },
    { "token_endpoint", take_url, AT(provider.token_endpoint), true },
    { "userinfo_endpoint", take_url, AT(provider.userinfo_endpoint), true },
    { "emails_endpoint", take_url, AT(provider.emails_endpoint), true },
    { "revocation_endpoint", take_url, AT(provider.revocation_endpoint), true },
    { "jwks_uri", take_url, AT(provider.jwks_uri), true },
    { "client_id", take_word, AT(provider.client_id), false },
    { "client_secret", take_secret, AT(secret), false },
    { "client_secret_file", take_path, AT(secret_file), false },
    { "token_endpoint_auth_method", take_method, AT(provider.token_auth_method), false },
    { "scopes", take_scopes, AT(provider.sign_in_scopes), false },
    { "sign_in", take_boolean, AT(provider.offers_sign_in), false },
    { "profile", take_profile, 0, false },
    { "addresses_verified", take_vouches, AT(vouches), false },
    { "pkce", take_pkce, AT(has_pkce), false },
    { "scope_separator", take_separator, 0, false },
    { "team_id", take_word, AT(provider.team_id), false },
    { "key_id", take_word, AT(provider.key_id), false },
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (text_equal(members[i].name, name))
            return &members[i];
    }
    return NULL;
}

static void take_member(const char *name, struct json *value, void *context)
{
    struct reader *reader = context;
    const struct member *member = find_member(name);
    if (reader->error)
        return;
    if (!member) {
        reader->error =
            arena_printf(reader->arena, "%.60s isn't a member of a provider",
                         text_is_printable(name) && !strpbrk(name, "\"\\") ? name : "what was given");
        return;
    }
    const char *wrong = member->take(reader, value, (char *)reader->metadata + member->offset);
    if (wrong)
        reader->error = arena_printf(reader->arena, "%s %s", name, wrong);
}

/* --- all together --- */

/* A name of a kind says the kind too, and an issuer alone is enough for OpenID Connect. */
static const struct provider_kind *find_kind(struct arena *arena, const struct json *object)
{
    const char *kind = json_member_text(object, "kind"), *name = json_member_text(object, "name");
    if (json_has_member(object, "kind"))
        return provider_kind_find(kind);
    const struct provider_kind *found =
        name ? provider_kind_find(provider_name_canonical(arena, name)) : NULL;
    return found || !json_has_member(object, "issuer") ? found : provider_kind_find("oidc");
}

static const char *list_kinds(struct arena *arena)
{
    struct strbuf list = strbuf_start(arena);
    for (size_t i = 0; provider_kind_at(i); i++)
        strbuf_add_format(&list, "%s%s", i ? " " : "", provider_kind_at(i)->name);
    return list.data;
}

static bool has_own_endpoints(const struct json *object)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (members[i].is_endpoint && json_has_member(object, members[i].name))
            return true;
    }
    return false;
}

static void copy_endpoints(const struct provider_kind *kind, struct provider *provider_out)
{
    provider_out->issuer = kind->issuer;
    provider_out->authorization_endpoint = kind->authorization_endpoint;
    provider_out->token_endpoint = kind->token_endpoint;
    provider_out->userinfo_endpoint = kind->userinfo_endpoint;
    provider_out->emails_endpoint = kind->emails_endpoint;
    provider_out->revocation_endpoint = kind->revocation_endpoint;
    provider_out->jwks_uri = kind->jwks_uri;
}

/* OpenID Connect with endpoints of its own and no issuer is OAuth 2.0: without one, no ID Token can be
 * checked. Who somebody is then comes from the userinfo endpoint alone. */
static const char *check_endpoints(const struct provider *provider, struct provider_kind *kind)
{
    bool named = text_equal(kind->name, "oidc");
    if (named && !provider->issuer)
        return "issuer is missing";
    if (!provider->issuer)
        kind->is_oidc = false;
    if (provider->issuer && kind->is_oidc)
        return NULL;
    if (!provider->issuer && !provider->authorization_endpoint)
        return "authorization_endpoint is missing";
    if (!provider->issuer && !provider->token_endpoint)
        return "token_endpoint is missing";
    return provider->userinfo_endpoint ? NULL : "userinfo_endpoint is missing";
}

/* Where anybody can have a tenant and write any address into it. */
static bool is_open_to_all_tenants(const struct provider_metadata *metadata)
{
    static const char *const words[] = { "{tenantid}", "/common/", "/organizations/" };
    const char *issuer = metadata->provider.issuer;
    bool all = !issuer;
    for (size_t i = 0; !all && i < ARRAY_SIZE(words); i++)
        all = strstr(issuer, words[i]) != NULL;
    return metadata->kind->has_tenants && all;
}

static const char *check_together(const struct provider_metadata *metadata)
{
    const struct provider *provider = &metadata->provider;
    if (metadata->says_vouches && metadata->vouches && is_open_to_all_tenants(metadata))
        return "addresses_verified can be true for the issuer of one tenant alone";
    if (!provider->client_id)
        return "client_id is missing";
    if (metadata->kind->signs_secret && !provider->team_id)
        return "team_id is missing";
    if (metadata->kind->signs_secret && !provider->key_id)
        return "key_id is missing";
    if (metadata->secret && metadata->secret_file)
        return "client_secret and client_secret_file can't both be given";
    return check_endpoints(provider, metadata->kind);
}

static void start(struct arena *arena, const struct provider_kind *kind, bool own_endpoints,
                  struct provider_metadata *metadata_out)
{
    *metadata_out = (struct provider_metadata) { .kind = arena_alloc(arena, sizeof(*kind)) };
    *metadata_out->kind = *kind;
    metadata_out->provider = (struct provider) { .kind = metadata_out->kind,
                                                 .name = kind->name,
                                                 .client_secret = "",
                                                 .sign_in_scopes = kind->sign_in_scopes,
                                                 .token_auth_method = kind->token_auth_method,
                                                 .offers_sign_in = true,
                                                 .active = true };
    if (!own_endpoints)
        copy_endpoints(kind, &metadata_out->provider);
}

static void finish(struct provider_metadata *metadata)
{
    bool is_generic = !metadata->kind->token_endpoint;
    struct provider *provider = &metadata->provider;
    if (!provider->display_name)
        provider->display_name = is_generic ? provider->name : metadata->kind->display_name;
    if (metadata->says_pkce)
        metadata->kind->has_pkce = metadata->has_pkce;
    if (metadata->says_vouches) {
        metadata->kind->vouches = metadata->vouches;
        if (!metadata->vouches)
            metadata->kind->email_verified = NULL;
    }
}

bool provider_metadata_read(struct arena *arena, const struct settings *settings, const struct json *object,
                            struct provider_metadata *metadata_out, const char **error_out)
{
    struct reader reader = { .arena = arena, .settings = settings, .metadata = metadata_out };
    *error_out = "a provider must be a JSON object";
    if (json_kind(object) != JSON_OBJECT)
        return false;
    const struct provider_kind *kind = find_kind(arena, object);
    *error_out = arena_printf(arena, "kind must be one of: %s", list_kinds(arena));
    if (!kind)
        return false;
    start(arena, kind, has_own_endpoints(object), metadata_out);
    json_each(object, take_member, &reader);
    if (!reader.error && !kind->token_endpoint && !json_has_member(object, "name"))
        reader.error = "name is missing";
    if (!reader.error)
        reader.error = check_together(metadata_out);
    *error_out = reader.error;
    if (reader.error)
        return false;
    finish(metadata_out);
    return true;
}

bool provider_needs_discovery(const struct provider *provider)
{
    if (!provider->issuer)
        return false;
    return !provider->authorization_endpoint || !provider->token_endpoint ||
           (provider->kind->is_oidc && !provider->jwks_uri);
}

/* --- the secret --- */

bool provider_metadata_read_secret(struct arena *arena, struct provider_metadata *metadata,
                                   const char **error_out)
{
    char buffer[SECRET_MAX_BYTES + 1];
    const char *path = metadata->secret_file;
    if (!path)
        return true;
    size_t length;
    if (!file_read(path, buffer, sizeof(buffer), &length)) {
        *error_out = arena_printf(arena, "client_secret_file %s: %s", path, strerror(errno));
        return false;
    }
    bool fine = length && length < sizeof(buffer) && text_is_utf8(buffer, length);
    metadata->secret = fine ? text_trim(arena, arena_strndup(arena, buffer, length)) : NULL;
    explicit_bzero(buffer, sizeof(buffer));
    fine = !text_empty(metadata->secret);
    if (!fine)
        *error_out = arena_printf(arena, "client_secret_file %s holds no secret", path);
    return fine;
}

static const char *check_secret(struct arena *arena, const struct provider *provider)
{
    bool none = text_equal(provider->token_auth_method, "none");
    const char *secret = provider->client_secret;
    if (none && *secret)
        return "client_secret can't be given with token_endpoint_auth_method none";
    if (provider->kind->signs_secret)
        return signed_secret_check(arena, secret);
    if (!none && !*secret)
        return "client_secret is missing; a client without one has token_endpoint_auth_method none";
    return text_is_printable(secret) ? NULL : "client_secret must be printable characters";
}

bool provider_metadata_take_secret(struct arena *arena, struct provider_metadata *metadata,
                                   const char *secret, const char **error_out)
{
    struct provider *provider = &metadata->provider;
    provider->client_secret = secret ? secret : "";
    *error_out = check_secret(arena, provider);
    return !*error_out;
}
