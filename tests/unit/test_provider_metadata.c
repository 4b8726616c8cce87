/* Kinds and metadata of providers: what may be said, and what comes of it. */
#include "with_arena.h"

#include "core/text.h"
#include "domain/providers/provider_metadata.h"

static struct settings settings = { .egress_allow = "fake.example 127.0.0.1" };

/* What is wrong with it; NULL: nothing. */
static const char *read_metadata(const char *text, struct provider_metadata *metadata_out)
{
    const char *error;
    const struct json *object = json_parse(arena, text, strlen(text), &error);
    assert_non_null(object);
    if (!provider_metadata_read(arena, &settings, object, metadata_out, &error))
        return error;
    return provider_metadata_take_secret(arena, metadata_out, metadata_out->secret, &error) ? NULL : error;
}

static struct provider_metadata fine(const char *text)
{
    struct provider_metadata metadata;
    const char *error = read_metadata(text, &metadata);
    if (error)
        fail_msg("%s: %s", text, error);
    return metadata;
}

#define CLIENT "\"client_id\": \"c\", \"client_secret\": \"s\""

static void provider_kinds__each_says_who_somebody_is_and_how_its_secret_is_told(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct provider_kind *kind; (kind = provider_kind_at(count)); count++) {
        assert_ptr_equal(provider_kind_find(kind->name), kind);
        assert_non_null(kind->display_name);
        assert_non_null(kind->subject);
        assert_non_null(kind->sign_in_scopes);
        assert_true(!kind->is_oidc || !kind->issuer || kind->jwks_uri);
        assert_true(!kind->token_endpoint || kind->is_oidc || kind->userinfo_endpoint);
    }
    assert_int_equal(count, 7);
    assert_null(provider_kind_find("myspace"));
}

static void provider_kinds__need_no_discovery_with_a_client_id_alone(void **state)
{
    (void)state;
    static const char *const kinds[] = { "google", "facebook", "github", "microsoft" };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct provider_metadata metadata =
            fine(arena_printf(arena, "{\"kind\": \"%s\", " CLIENT "}", kinds[i]));
        assert_string_equal(metadata.provider.name, kinds[i]);
        assert_non_null(metadata.provider.authorization_endpoint);
        assert_false(provider_needs_discovery(&metadata.provider));
        assert_true(metadata.provider.offers_sign_in);
        assert_string_equal(metadata.provider.token_auth_method, "client_secret_post");
    }
}

static void
provider_metadata__a_name_of_a_kind_says_the_kind_and_an_issuer_alone_is_openid_connect(void **state)
{
    (void)state;
    assert_string_equal(fine("{\"name\": \"GitHub\", " CLIENT "}").kind->name, "github");
    assert_string_equal(fine("{\"name\": \"GitHub\", " CLIENT "}").provider.name, "github");
    struct provider_metadata metadata =
        fine("{\"name\": \"Corporate\", \"issuer\": \"https://login.example.com/\", " CLIENT "}");
    assert_string_equal(metadata.kind->name, "oidc");
    assert_string_equal(metadata.provider.name, "Corporate");
    assert_string_equal(metadata.provider.display_name, "Corporate");
    assert_string_equal(metadata.provider.issuer, "https://login.example.com/");
    assert_true(provider_needs_discovery(&metadata.provider));
}

static void provider_metadata__own_endpoints_replace_all_of_the_kinds(void **state)
{
    (void)state;
    struct provider_metadata metadata =
        fine("{\"kind\": \"google\", \"authorization_endpoint\": \"http://127.0.0.1:4000/authorize\","
             " \"token_endpoint\": \"http://127.0.0.1:4000/token\","
             " \"userinfo_endpoint\": \"http://fake.example:4000/me\", " CLIENT "}");
    const struct provider *provider = &metadata.provider;
    assert_string_equal(provider->token_endpoint, "http://127.0.0.1:4000/token");
    assert_null(provider->issuer);
    assert_null(provider->jwks_uri);
    assert_null(provider->revocation_endpoint);
    assert_false(provider->kind->is_oidc); /* no issuer, no ID Token that could be checked */
    assert_false(provider_needs_discovery(provider));
    metadata = fine("{\"kind\": \"google\", \"issuer\": \"http://127.0.0.1:4000\", " CLIENT "}");
    assert_true(metadata.kind->is_oidc);
    assert_null(metadata.provider.token_endpoint);
    assert_true(provider_needs_discovery(&metadata.provider));
}

static void provider_metadata__maps_profiles_and_takes_scopes_either_way(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\": \"forge\", \"kind\": \"oauth2\", \"authorization_endpoint\": \"https://forge.example/a\","
        " \"token_endpoint\": \"https://forge.example/t\", \"userinfo_endpoint\": "
        "\"https://forge.example/u\","
        " \"scopes\": %s, \"profile\": {\"subject\": \"data.id\", \"email_verified\": \"\"},"
        " \"scope_separator\": \",\", \"pkce\": false, \"addresses_verified\": true,"
        " \"token_endpoint_auth_method\": \"client_secret_basic\", " CLIENT "}";
    static const char *const scopes[] = { "[\"read\", \"user:email\"]", "\"read user:email\"" };
    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
        char *written = arena_printf(arena, "%s", text);
        const char *at = strstr(written, "%s");
        struct provider_metadata metadata =
            fine(arena_printf(arena, "%.*s%s%s", (int)(at - written), written, scopes[i], at + strlen("%s")));
        assert_string_equal(metadata.provider.sign_in_scopes, "read user:email");
        assert_string_equal(metadata.kind->subject, "data.id");
        assert_string_equal(metadata.kind->name_member, "name");
        assert_null(metadata.kind->email_verified);
        assert_true(metadata.kind->vouches);
        assert_false(metadata.kind->has_pkce);
        assert_int_equal(metadata.kind->scope_separator, ',');
    }
    assert_string_equal(provider_kind_find("oauth2")->subject, "sub"); /* the row itself stays */
}

static void provider_metadata__addresses_verified_false_lets_no_profile_vouch(void **state)
{
    (void)state;
    struct provider_metadata metadata =
        fine("{\"kind\": \"google\", \"addresses_verified\": false, " CLIENT "}");
    assert_false(metadata.kind->vouches);
    assert_null(metadata.kind->email_verified);
    metadata =
        fine("{\"kind\": \"microsoft\", \"addresses_verified\": true,"
             " \"issuer\": \"https://login.example/11111111-2222-3333-4444-555555555555/v2.0\", " CLIENT "}");
    assert_true(metadata.kind->vouches); /* whose tenant it is, that's who vouches */
}

static void provider_metadata__refuses_by_name_what_is_not_known_or_not_possible(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "[]", "a provider must be a JSON object" },
        { "{\"kind\": \"myspace\"}", "kind must be one of: google" },
        { "{\"kind\": 1}", "kind must be one of" },
        { "{\"name\": \"corporate\"}", "kind must be one of" },
        { "{\"kind\": \"google\", \"colour\": \"red\", " CLIENT "}", "colour isn't a member of a provider" },
        { "{\"kind\": \"google\"}", "client_id is missing" },
        { "{\"kind\": \"google\", \"client_id\": \"c\"}", "client_secret is missing" },
        { "{\"kind\": \"google\", \"client_id\": 7}", "client_id must" },
        { "{\"kind\": \"google\", \"client_id\": \"a b\"}", "client_id must" },
        { "{\"kind\": \"google\", \"client_id\": \"c\", \"client_secret\": \"\"}", "client_secret must" },
        { "{\"kind\": \"google\", \"client_id\": \"c\", \"client_secret\": \"a\\nb\"}",
          "client_secret must" },
        { "{\"kind\": \"google\", \"name\": \"a/b\", " CLIENT "}", "name must" },
        { "{\"kind\": \"google\", \"name\": \"..\", " CLIENT "}", "name must" },
        { "{\"kind\": \"google\", \"name\": \"otp\", " CLIENT "}", "name must not be" },
        { "{\"kind\": \"google\", \"name\": null, " CLIENT "}", "name must" },
        { "{\"kind\": \"oidc\", \"issuer\": \"https://i.example\", " CLIENT "}", "name is missing" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", " CLIENT "}", "issuer is missing" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", \"issuer\": \"http://i.example\", " CLIENT "}",
          "issuer can't be used: it must be an https URL" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", \"issuer\": \"https://10.0.0.1\", " CLIENT "}",
          "issuer can't be used: it must not name a private address" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", \"issuer\": \"https://i.example?a\", " CLIENT "}",
          "issuer must" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", \"issuer\": \"https://a@i.example\", " CLIENT "}",
          "issuer must" },
        { "{\"kind\": \"oidc\", \"name\": \"i\", \"issuer\": \"javascript:alert(1)\", " CLIENT "}",
          "issuer must" },
        { "{\"kind\": \"google\", \"token_endpoint\": \"https://i.example\", " CLIENT "}",
          "authorization_endpoint is missing" },
        { "{\"kind\": \"google\", \"authorization_endpoint\": \"https://i.example/a\", \"token_endpoint\": "
          "\"https://i.example/t\", " CLIENT "}",
          "userinfo_endpoint is missing" },
        { "{\"kind\": \"google\", \"sign_in\": \"yes\", " CLIENT "}", "sign_in must be true or false" },
        { "{\"kind\": \"google\", \"scopes\": [1], " CLIENT "}", "scopes must" },
        { "{\"kind\": \"google\", \"scopes\": [\"a b\"], " CLIENT "}", "scopes must" },
        { "{\"kind\": \"google\", \"scopes\": \"a\\tb\", " CLIENT "}", "scopes must" },
        { "{\"kind\": \"google\", \"profile\": {\"subject\": \"\"}, " CLIENT "}", "profile.subject" },
        { "{\"kind\": \"google\", \"profile\": {\"colour\": \"c\"}, " CLIENT "}", "profile may hold" },
        { "{\"kind\": \"google\", \"profile\": {\"subject\": 1}, " CLIENT "}", "profile must hold" },
        { "{\"kind\": \"google\", \"profile\": \"id\", " CLIENT "}", "profile must" },
        { "{\"kind\": \"google\", \"token_endpoint_auth_method\": \"private_key_jwt\", " CLIENT "}",
          "token_endpoint_auth_method must" },
        { "{\"kind\": \"google\", \"token_endpoint_auth_method\": \"none\", " CLIENT "}",
          "client_secret can't" },
        { "{\"kind\": \"google\", \"client_secret_file\": \"relative\", \"client_id\": \"c\"}",
          "client_secret_file must" },
        { "{\"kind\": \"google\", \"client_secret_file\": \"/a\", " CLIENT "}", "client_secret and" },
        { "{\"kind\": \"google\", \"scope_separator\": \";\", " CLIENT "}", "scope_separator must" },
        { "{\"kind\": \"google\", \"display_name\": \"a\\u202eb\", " CLIENT "}", "display_name must" },
        { "{\"kind\": \"microsoft\", \"addresses_verified\": true, " CLIENT "}", "addresses_verified can" },
        { "{\"kind\": \"microsoft\", \"addresses_verified\": true, "
          "\"issuer\": \"https://login.example/organizations/v2.0\", " CLIENT "}",
          "addresses_verified can" },
        { "{\"kind\": \"apple\", " CLIENT "}", "team_id is missing" },
        { "{\"kind\": \"apple\", \"team_id\": \"T\", " CLIENT "}", "key_id is missing" },
        { "{\"kind\": \"apple\", \"team_id\": \"T\", \"key_id\": \"K\", " CLIENT "}",
          "client_secret must be the private key" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct provider_metadata metadata;
        const char *error = read_metadata(wrong[i][0], &metadata);
        if (!error || !text_starts(error, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], error ? error : "accepted");
        assert_null(strpbrk(error, "\"\\"));
    }
}

static void provider_metadata__a_client_without_a_secret_says_so(void **state)
{
    (void)state;
    struct provider_metadata metadata =
        fine("{\"name\": \"i\", \"issuer\": \"https://i.example\", \"client_id\": \"c\","
             " \"token_endpoint_auth_method\": \"none\"}");
    assert_string_equal(metadata.provider.client_secret, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(provider_kinds__each_says_who_somebody_is_and_how_its_secret_is_told),
        TEST(provider_kinds__need_no_discovery_with_a_client_id_alone),
        TEST(provider_metadata__a_name_of_a_kind_says_the_kind_and_an_issuer_alone_is_openid_connect),
        TEST(provider_metadata__own_endpoints_replace_all_of_the_kinds),
        TEST(provider_metadata__maps_profiles_and_takes_scopes_either_way),
        TEST(provider_metadata__addresses_verified_false_lets_no_profile_vouch),
        TEST(provider_metadata__refuses_by_name_what_is_not_known_or_not_possible),
        TEST(provider_metadata__a_client_without_a_secret_says_so),
    };
    return UNIT_RUN(tests);
}
