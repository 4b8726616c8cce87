/* discovery.c: see discovery.h. */
#include "domain/oidc/discovery.h"

#include "domain/keyring.h"
#include "domain/oauth/client_auth.h"
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

const char *discovery_document(struct arena *arena, const struct settings *settings)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "issuer", settings->issuer);
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        const char *address = arena_printf(arena, "%s%s", settings->issuer, endpoints[i].path);
        json_write_text(&writer, endpoints[i].name, address);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        json_write_words(&writer, lists[i].name, lists[i].words, ' ');
    claims_write_names(&writer, "claims_supported");
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        json_write_boolean(&writer, flags[i].name, flags[i].value);
    json_close_object(&writer);
    return writer.text.data;
}
