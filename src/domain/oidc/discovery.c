/* discovery.c: see discovery.h. */
#include "domain/oidc/discovery.h"

#include "core/text.h"
#include "domain/keyring.h"
#include "domain/oauth/client_auth.h"
#include "domain/oauth/client_certificate.h"
#include "domain/oauth/dpop.h"
#include "domain/oauth/scope.h"
#include "domain/oauth/token.h"
#include "domain/oidc/claims.h"

/* Members that hold an address below the issuer. */
static const struct {
    const char *name, *path;
} endpoints[] = {
    { "authorization_endpoint", "/api/oauth/authorize" },
    { "token_endpoint", "/api/oauth/token" },
    { "userinfo_endpoint", "/api/oauth/userinfo" },
    { "jwks_uri", "/.well-known/jwks.json" },
    { "revocation_endpoint", "/api/oauth/revoke" },
    { "introspection_endpoint", "/api/oauth/introspect" },
    { "end_session_endpoint", "/api/oauth/logout" },
};

/* Endpoints that a client calls with its certificate (RFC 8705 §5). */
static const char mtls_endpoints[] =
    "token_endpoint userinfo_endpoint revocation_endpoint introspection_endpoint";

/* Members that hold a list of words. */
static const struct {
    const char *name, *words;
} lists[] = {
    { "response_types_supported", "code" },
    { "response_modes_supported", "query form_post" },
    { "grant_types_supported", token_grant_types },
    { "subject_types_supported", "public" },
    { "scopes_supported", scope_standard },
    { "id_token_signing_alg_values_supported", keyring_algs },
    { "token_endpoint_auth_methods_supported", client_way_names },
    { "token_endpoint_auth_signing_alg_values_supported", client_way_algs },
    { "revocation_endpoint_auth_methods_supported", client_way_names },
    { "revocation_endpoint_auth_signing_alg_values_supported", client_way_algs },
    { "introspection_endpoint_auth_methods_supported", client_way_proving_names },
    { "introspection_endpoint_auth_signing_alg_values_supported", client_way_algs },
    { "code_challenge_methods_supported", "S256" },
    { "dpop_signing_alg_values_supported", dpop_algs },
    { "prompt_values_supported", "none login consent select_account" },
    { "claim_types_supported", "normal" },
    { "ui_locales_supported", "en de" },
};

static const struct {
    const char *name;
    bool value;
} flags[] = {
    { "authorization_response_iss_parameter_supported", true },
    { "claims_parameter_supported", false },
    { "request_parameter_supported", false },
    { "request_uri_parameter_supported", false },
    { "require_request_uri_registration", false },
};

/* Ways that need a certificate exist where the web server hands certificates over. */
static void write_words(struct json_writer *writer, const struct settings *settings, const char *name,
                        const char *words)
{
    const char *word;
    size_t length;
    json_open_array(writer, name);
    while (text_next_word(&words, ' ', &word, &length)) {
        struct arena *arena = writer->text.arena;
        const char *copy = arena_strndup(arena, word, length);
        bool by_certificate =
            text_equal(copy, TLS_CLIENT_AUTH) || text_equal(copy, SELF_SIGNED_TLS_CLIENT_AUTH);
        if (settings->client_certificates || !by_certificate)
            json_write_text(writer, NULL, copy);
    }
    json_close_array(writer);
}

static void write_endpoints(struct json_writer *writer, struct arena *arena, const char *base,
                            const char *names)
{
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        if (!names || text_has_word(names, ' ', endpoints[i].name))
            json_write_text(writer, endpoints[i].name, arena_printf(arena, "%s%s", base, endpoints[i].path));
    }
}

static void write_certificates(struct json_writer *writer, struct arena *arena,
                               const struct settings *settings)
{
    json_write_boolean(writer, "tls_client_certificate_bound_access_tokens", settings->client_certificates);
    if (!settings->client_certificates || !*settings->mtls_url)
        return;
    json_open_object(writer, "mtls_endpoint_aliases");
    write_endpoints(writer, arena, settings->mtls_url, mtls_endpoints);
    json_close_object(writer);
}

const char *discovery_document(struct arena *arena, const struct settings *settings)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "issuer", settings->issuer);
    write_endpoints(&writer, arena, settings->issuer, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        write_words(&writer, settings, lists[i].name, lists[i].words);
    claims_write_names(&writer, "claims_supported");
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        json_write_boolean(&writer, flags[i].name, flags[i].value);
    write_certificates(&writer, arena, settings);
    json_close_object(&writer);
    return writer.text.data;
}
