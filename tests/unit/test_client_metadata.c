/* test_client_metadata.c: what a client may be registered with. */
#include "unit.h"

#include "core/text.h"
#include "domain/manage/client_metadata.h"

static int make_context(void **state)
{
    struct context *context = calloc(1, sizeof(*context));
    static const struct settings settings = { .egress_allow = "" };
    context->arena = arena_make(1 << 22);
    context->settings = &settings;
    *state = context;
    return 0;
}

static int drop_context(void **state)
{
    struct context *context = *state;
    arena_destroy(context->arena);
    free(context);
    return 0;
}

static enum outcome read(struct context *context, const char *text)
{
    struct client client = { 0 };
    return client_metadata_read(context, text, &client);
}

/* Metadata of a good web client but for one member, given as JSON text. */
static const char *with(struct context *context, const char *member)
{
    return arena_printf(context->arena, "{\"redirect_uris\":[\"https://rp.example/cb\"],%s}", member);
}

static const char *with_redirect(struct context *context, const char *type, const char *uri)
{
    return arena_printf(context->arena, "{\"application_type\":\"%s\",\"redirect_uris\":[\"%s\"]}", type,
                        uri);
}

static void metadata__what_is_left_out_has_its_default(void **state)
{
    struct context *context = *state;
    struct client client = { 0 };
    assert_int_equal(
        client_metadata_read(context, "{\"redirect_uris\":[\"https://rp.example/cb\"]}", &client),
        OUTCOME_OK);
    assert_string_equal(client.grant_types, "authorization_code");
    assert_string_equal(client.response_types, "code");
    assert_null(client.token_endpoint_auth_method); /* Basic, or in the body */
    assert_string_equal(client.application_type, "web");
    assert_string_equal(client.id_token_signed_response_alg, "RS256");
    assert_string_equal(client.scope, "openid profile email");
    assert_int_equal(client.default_max_age, -1);
    assert_false(client.skip_consent);
}

static void metadata__what_is_ignored_is_told(void **state)
{
    struct context *context = *state;
    const char *error = NULL;
    static const char text[] =
        "{\"client_name\":\"A\",\"enhanced_securty\":true,\"jwks\":{},\"client_secret\":\"x\"}";
    const struct json *json = json_parse(context->arena, text, strlen(text), &error);
    assert_string_equal(client_metadata_ignored(context->arena, json), "enhanced_securty, client_secret");
    assert_string_equal(client_metadata_ignored(context->arena, NULL), "");
}

static void metadata__what_is_written_is_read_as_the_same(void **state)
{
    struct context *context = *state;
    struct client client = { 0 }, again = { 0 };
    const char *text = "{\"client_name\":\"B\u00fccher\",\"redirect_uris\":[\"https://a.example/1\","
                       "\"https://a.example/2\"],\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
                       "\"scope\":\"openid read:x openid\",\"default_max_age\":0,\"require_pkce\":true,"
                       "\"logo_uri\":\"https://a.example/logo.png\",\"unknown\":{\"x\":[1]}}";
    assert_int_equal(client_metadata_read(context, text, &client), OUTCOME_OK);
    struct json_writer first = json_writer_start(context->arena), second = json_writer_start(context->arena);
    json_open_object(&first, NULL);
    client_metadata_write(&first, &client);
    json_close_object(&first);
    assert_int_equal(client_metadata_read(context, first.text.data, &again), OUTCOME_OK);
    json_open_object(&second, NULL);
    client_metadata_write(&second, &again);
    json_close_object(&second);
    assert_string_equal(first.text.data, second.text.data);
    assert_string_equal(again.scope, "openid read:x");
    assert_null(strstr(first.text.data, "unknown"));
}

/* T-10: schemes are an allow-list, and what a browser would run is never on it. */
static void metadata__redirect_uris_that_are_refused(void **state)
{
    static const struct {
        const char *type, *uri;
    } cases[] = {
        { "web", "javascript:alert(1)" },
        { "native", "javascript:alert(1)" },
        { "native", "data:text/html,x" },
        { "native", "vbscript:x" },
        { "native", "file:///etc/passwd" },
        { "native", "myapp:/cb" },
        { "web", "com.example.app:/cb" },
        { "web", "http://rp.example/cb" },
        { "native", "http://rp.example/cb" },
        { "web", "http://localhost/cb" },
        { "web", "http://127.0.0.1.evil.example/cb" },
        { "web", "https://rp.example/cb#fragment" },
        { "web", "https://rp.example/cb#" },
        { "web", "https://user@rp.example/cb" },
        { "web", "https://rp.example/a/../cb" },
        { "web", "https://rp.example/a/%2e%2e/cb" },
        { "web", "https://RP.example/cb" },
        { "web", "https:///cb" },
        { "web", "//rp.example/cb" },
        { "web", "/cb" },
        { "web", "" },
        { "web", "https://rp.example/c b" },
        { "web", "https://rp.example\\\\@evil.example/" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum outcome outcome = read(*state, with_redirect(*state, cases[i].type, cases[i].uri));
        if (outcome != OUTCOME_INVALID_REDIRECT_URI)
            print_message("# taken: %s %s\n", cases[i].type, cases[i].uri);
        assert_int_equal(outcome, OUTCOME_INVALID_REDIRECT_URI);
    }
}

static void metadata__redirect_uris_that_are_taken(void **state)
{
    static const struct {
        const char *type, *uri;
    } cases[] = {
        { "web", "https://rp.example" },       { "web", "https://rp.example:8443/cb?tenant=1" },
        { "web", "http://127.0.0.1:3000/cb" }, { "native", "http://127.0.0.1/cb" },
        { "native", "http://[::1]/cb" },       { "native", "com.example.app:/cb" },
        { "native", "com.example.app://cb" },  { "native", "https://app.example/cb" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum outcome outcome = read(*state, with_redirect(*state, cases[i].type, cases[i].uri));
        if (outcome != OUTCOME_OK)
            print_message("# refused: %s %s\n", cases[i].type, cases[i].uri);
        assert_int_equal(outcome, OUTCOME_OK);
    }
}

/* T-60: every URI that a page of ours would show is https. */
static void metadata__links_are_https(void **state)
{
    static const char *const members[] = { "client_uri", "logo_uri", "policy_uri", "tos_uri" };
    static const char *const uris[] = { "javascript:alert(1)", "http://a.example/", "data:image/png,x", "x",
                                        "" };
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(uris); j++) {
            struct context *context = *state;
            const char *member = arena_printf(context->arena, "\"%s\":\"%s\"", members[i], uris[j]);
            assert_int_equal(read(context, with(context, member)), OUTCOME_INVALID_CLIENT_METADATA);
            assert_non_null(strstr(context->reason, members[i]));
        }
    }
}

static void metadata__wrong_types_and_values_are_refused_by_name(void **state)
{
    static const struct {
        const char *name, *member;
    } cases[] = {
        { "client_name", "\"client_name\":3" },
        { "client_name", "\"client_name\":\"\"" },
        { "client_name", "\"client_name\":\"a\\u202eb\"" },
        { "grant_types", "\"grant_types\":\"authorization_code\"" },
        { "grant_types", "\"grant_types\":[]" },
        { "grant_types", "\"grant_types\":[\"implicit\"]" },
        { "grant_types", "\"grant_types\":[\"authorization_code refresh_token\"]" },
        { "grant_types", "\"grant_types\":[\"authorization_code\",\"authorization_code\"]" },
        { "grant_types", "\"grant_types\":[null]" },
        { "response_types", "\"response_types\":[\"token\"]" },
        { "scope", "\"scope\":[\"openid\"]" },
        { "scope", "\"scope\":\"a\\\"b\"" },
        { "application_type", "\"application_type\":\"desktop\"" },
        { "application_type", "\"application_type\":\"web native\"" },
        { "jwks", "\"token_endpoint_auth_method\":\"private_key_jwt\"" },
        { "tls_client_auth_subject_dn", "\"token_endpoint_auth_method\":\"tls_client_auth\"" },
        { "tls_client_auth_subject_dn", "\"token_endpoint_auth_method\":\"tls_client_auth\","
                                        "\"tls_client_auth_san_dns\":\"a.example\","
                                        "\"tls_client_auth_san_uri\":\"https://a.example\"" },
        { "tls_client_auth_subject_dn", "\"tls_client_auth_subject_dn\":\"client\"" },
        { "token_endpoint_auth_method", "\"token_endpoint_auth_method\":\"client_secret_\"" },
        { "token_endpoint_auth_signing_alg", "\"token_endpoint_auth_signing_alg\":\"none\"" },
        { "token_endpoint_auth_signing_alg", "\"token_endpoint_auth_signing_alg\":\"RS256\"" },
        { "enhanced_security", "\"enhanced_security\":true" },
        { "enhanced_security", "\"enhanced_security\":1" },
        { "allowed_addresses", "\"allowed_addresses\":[\"10.0.0.1/8\"]" },
        { "allowed_addresses", "\"allowed_addresses\":\"10.0.0.0/8\"" },
        { "jwks_uri", "\"jwks_uri\":\"http://keys.example/\"" },
        { "jwks_uri", "\"jwks_uri\":\"https://10.0.0.1/\"" },
        { "jwks", "\"jwks\":{\"keys\":[]}" },
        { "jwks", "\"jwks\":[]" },
        { "token_endpoint_auth_method", "\"token_endpoint_auth_method\":true" },
        { "id_token_signed_response_alg", "\"id_token_signed_response_alg\":\"none\"" },
        { "id_token_signed_response_alg", "\"id_token_signed_response_alg\":\"HS256\"" },
        { "default_max_age", "\"default_max_age\":-1" },
        { "default_max_age", "\"default_max_age\":1.5" },
        { "default_max_age", "\"default_max_age\":\"60\"" },
        { "require_pkce", "\"require_pkce\":\"true\"" },
        { "skip_consent", "\"skip_consent\":1" },
        { "post_logout_redirect_uris", "\"post_logout_redirect_uris\":\"https://a.example/\"" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct context *context = *state;
        assert_int_equal(read(context, with(context, cases[i].member)), OUTCOME_INVALID_CLIENT_METADATA);
        assert_non_null(strstr(context->reason, cases[i].name));
    }
}

static void metadata__a_public_client_has_no_client_credentials(void **state)
{
    assert_int_equal(read(*state, with(*state, "\"token_endpoint_auth_method\":\"none\",\"grant_types\":"
                                               "[\"authorization_code\",\"client_credentials\"]")),
                     OUTCOME_INVALID_CLIENT_METADATA);
    assert_int_equal(read(*state, with(*state, "\"token_endpoint_auth_method\":\"none\"")), OUTCOME_OK);
}

static void metadata__a_client_with_codes_needs_a_redirect_uri(void **state)
{
    assert_int_equal(read(*state, "{}"), OUTCOME_INVALID_REDIRECT_URI);
    assert_int_equal(read(*state, "{\"redirect_uris\":[]}"), OUTCOME_INVALID_REDIRECT_URI);
    assert_int_equal(read(*state, "{\"grant_types\":[\"client_credentials\"]}"), OUTCOME_OK);
    assert_int_equal(read(*state, "{\"grant_types\":[\"refresh_token\"],\"redirect_uris\":[]}"),
                     OUTCOME_INVALID_CLIENT_METADATA);
}

/* T-119: lists are bounded in number and length. */
/* RFC 7591 section 2.1: grant types and response types belong together. */
static void metadata__response_types_are_those_of_the_grants(void **state)
{
    assert_int_equal(read(*state, "{\"grant_types\":[\"client_credentials\"],\"response_types\":[]}"),
                     OUTCOME_OK);
    assert_int_equal(read(*state, with(*state, "\"response_types\":[]")), OUTCOME_INVALID_CLIENT_METADATA);
    assert_int_equal(read(*state, with(*state, "\"response_types\":[\"code\"]")), OUTCOME_OK);
}

static void metadata__lists_are_bounded(void **state)
{
    struct context *context = *state;
    struct strbuf words = strbuf_start(context->arena), uris = strbuf_start(context->arena);
    for (int i = 0; i < 65; i++) {
        strbuf_add_format(&words, "%sw%d", i ? " " : "", i);
        strbuf_add_format(&uris, "%s\"https://rp.example/%d\"", i ? "," : "", i);
    }
    const char *scope = arena_printf(context->arena, "\"scope\":\"%s\"", words.data);
    const char *list = arena_printf(context->arena, "{\"redirect_uris\":[%s]}", uris.data);
    assert_int_equal(read(context, with(context, scope)), OUTCOME_INVALID_CLIENT_METADATA);
    assert_int_equal(read(context, list), OUTCOME_INVALID_CLIENT_METADATA);
}

static void metadata__what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = { "", "[]", "null", "\"x\"", "{", "{\"a\":1,\"a\":2}", "{} {}" };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_int_equal(read(*state, texts[i]), OUTCOME_INVALID_CLIENT_METADATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metadata__what_is_left_out_has_its_default, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__what_is_ignored_is_told, make_context, drop_context),
        cmocka_unit_test_setup_teardown(metadata__what_is_written_is_read_as_the_same, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__redirect_uris_that_are_refused, make_context, drop_context),
        cmocka_unit_test_setup_teardown(metadata__redirect_uris_that_are_taken, make_context, drop_context),
        cmocka_unit_test_setup_teardown(metadata__links_are_https, make_context, drop_context),
        cmocka_unit_test_setup_teardown(metadata__wrong_types_and_values_are_refused_by_name, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__a_public_client_has_no_client_credentials, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__a_client_with_codes_needs_a_redirect_uri, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__response_types_are_those_of_the_grants, make_context,
                                        drop_context),
        cmocka_unit_test_setup_teardown(metadata__lists_are_bounded, make_context, drop_context),
        cmocka_unit_test_setup_teardown(metadata__what_is_no_object_is_refused, make_context, drop_context),
    };
    return UNIT_RUN(tests);
}
