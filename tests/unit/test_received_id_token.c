/* ID Tokens of providers: which are taken, and all that aren't; issuers' documents and keys. */
#include "unit.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/text.h"
#include "crypto/jws.h"
#include "crypto/pem.h"
#include "domain/providers/issuer.h"
#include "domain/providers/received_id_token.h"
#include "domain/providers/signed_secret.h"
#include "net/outgoing.h"

enum { NOW = 1800000000 };

static struct arena *arena;
static struct context context;
static struct settings settings = { .egress_allow = "" };
static struct provider_kind kind;
static struct provider provider;
static struct jwk *key, *other_key;

/* What the network says: the keys of the first fetch and of the next. */
static const char *documents[2];
static int fetches;
static int64_t asked_newer_than_ms, asked_limit_ms;
enum http_result __wrap_outgoing_document(struct outgoing *outgoing, struct arena *memory, const char *url,
                                          int64_t newer_than_ms, int64_t limit_ms,
                                          struct document *document_out);

enum http_result __wrap_outgoing_document(struct outgoing *outgoing, struct arena *memory, const char *url,
                                          int64_t newer_than_ms, int64_t limit_ms,
                                          struct document *document_out)
{
    (void)outgoing, (void)memory, (void)url;
    asked_limit_ms = limit_ms;
    const char *text = documents[fetches < 1 ? 0 : 1];
    asked_newer_than_ms = newer_than_ms;
    fetches++;
    *document_out = (struct document) { .fetched_ms = 1000 + fetches, .error = text ? "" : "it hangs" };
    if (!text)
        return HTTP_FAILED;
    document_out->body = (struct bytes) { (const unsigned char *)text, strlen(text) };
    return HTTP_ANSWERED;
}

static const char *keys_of(const struct jwk *first, const struct jwk *second, const char *issuer)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "keys");
    jwk_write_public(first, &writer, NULL);
    if (second)
        jwk_write_public(second, &writer, NULL);
    json_close_array(&writer);
    json_close_object(&writer);
    if (!issuer)
        return writer.text.data;
    const char *rest = strstr(writer.text.data, "\"kty\"");
    return arena_printf(arena, "{\"keys\":[{\"issuer\":\"%s\",%s", issuer, rest);
}

static int make_keys(void **state)
{
    (void)state;
    key = jwk_generate("RS256", "kid-1");
    other_key = jwk_generate("ES256", "kid-2");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    jwk_free(key);
    jwk_free(other_key);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(16 << 20);
    context =
        (struct context) { .arena = arena, .now = NOW, .now_ms = clock_now_ms(), .settings = &settings };
    kind = *provider_kind_find("oidc");
    provider =
        (struct provider) { .name = "corp",
                            .kind = &kind,
                            .issuer = "https://i.example",
                            .jwks_uri = "https://i.example/keys",
                            .client_id = "me",
                            .client_secret = "a secret that is longer than 32 bytes, so that it could sign" };
    fetches = 0;
    documents[0] = documents[1] = keys_of(key, other_key, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const char fine_claims[] =
    "{\"iss\":\"https://i.example\",\"aud\":\"me\",\"sub\":\"7\",\"nonce\":\"n\","
    "\"iat\":1799999990,\"exp\":1800000300}";

static const char *sign(const struct jwk *with, const char *alg, const char *claims)
{
    const struct bytes payload = { (const unsigned char *)claims, strlen(claims) };
    const char *token = jws_sign(arena, with, alg, "JWT", payload);
    assert_non_null(token);
    return token;
}

static enum outcome read_token(const char *token)
{
    const struct json *claims;
    return received_id_token_read(&context, &provider, token, "n", &claims);
}

static void received_id_token__takes_what_is_signed_by_a_key_of_the_issuer(void **state)
{
    (void)state;
    assert_int_equal(read_token(sign(key, "RS256", fine_claims)), OUTCOME_OK);
    assert_int_equal(read_token(sign(other_key, "ES256", fine_claims)), OUTCOME_OK);
}

static const char *with_header(const char *header, const char *signature)
{
    return arena_printf(arena, "%s.%s.%s", base64url_encode(arena, header, strlen(header)),
                        base64url_encode(arena, fine_claims, strlen(fine_claims)), signature);
}

static struct jwk *hmac_key(const char *secret)
{
    const char *error;
    struct json *object = json_new_object(arena);
    json_put_text(object, "kty", "oct");
    json_put_text(object, "k", base64url_encode(arena, secret, strlen(secret)));
    struct jwk *made = jwk_parse(object, &error);
    assert_non_null(made);
    return made;
}

static void received_id_token__refuses_none_and_any_hmac_with_the_secret_or_the_public_key(void **state)
{
    (void)state;
    assert_int_equal(read_token(with_header("{\"alg\":\"none\"}", "")), OUTCOME_PROVIDER_FAILED);
    assert_int_equal(read_token(with_header("{\"alg\":\"None\",\"kid\":\"kid-1\"}", "")),
                     OUTCOME_PROVIDER_FAILED);
    const char *secrets[] = { provider.client_secret, documents[0] };
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        struct jwk *hmac = hmac_key(secrets[i]);
        assert_int_equal(read_token(sign(hmac, "HS256", fine_claims)), OUTCOME_PROVIDER_FAILED);
        jwk_free(hmac);
    }
    /* also where the issuer itself publishes such a key */
    struct jwk *hmac = hmac_key(provider.client_secret);
    documents[0] = documents[1] =
        arena_printf(arena, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"%s\"}]}",
                     base64url_encode(arena, provider.client_secret, strlen(provider.client_secret)));
    assert_int_equal(read_token(sign(hmac, "HS256", fine_claims)), OUTCOME_PROVIDER_FAILED);
    jwk_free(hmac);
}

static void received_id_token__refuses_what_was_changed_or_is_no_token(void **state)
{
    (void)state;
    const char *good = sign(key, "RS256", fine_claims);
    char *changed = arena_strdup(arena, good);
    char *at = strchr(changed, '.') + 20;
    *at = *at == 'A' ? 'B' : 'A';
    const char *const wrong[] = { changed,
                                  "",
                                  "a.b.c",
                                  "..",
                                  arena_printf(arena, "%s.x", good),
                                  with_header("{\"alg\":\"RS256\",\"kid\":\"kid-1\",\"crit\":[\"x\"]}",
                                              "AAAA"),
                                  with_header("{\"alg\":\"RS256\",\"kid\":\"kid-1\"}", "") };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(read_token(wrong[i]), OUTCOME_PROVIDER_FAILED);
}

static void
received_id_token__an_unknown_kid_has_the_keys_fetched_once_more_and_a_known_one_never(void **state)
{
    (void)state;
    documents[0] = keys_of(other_key, NULL, NULL);
    assert_int_equal(read_token(sign(key, "RS256", fine_claims)), OUTCOME_OK);
    assert_int_equal(fetches, 2);
    assert_int_equal(asked_newer_than_ms, 1001);
    assert_in_range(asked_limit_ms, 1, 8000);
    fetches = 0;
    documents[1] = documents[0];
    assert_int_equal(read_token(sign(key, "RS256", fine_claims)), OUTCOME_PROVIDER_FAILED);
    assert_int_equal(fetches, 2);
    fetches = 0;
    struct jwk *forger = jwk_generate("RS256", "kid-2");
    assert_int_equal(read_token(sign(forger, "RS256", fine_claims)), OUTCOME_PROVIDER_FAILED);
    assert_int_equal(fetches, 1);
    jwk_free(forger);
}

static void
received_id_token__keys_that_are_away_or_broken_are_a_failure_of_the_provider__abuse_72(void **state)
{
    (void)state;
    static const char *const broken[] = { NULL,    "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[null,1,{}]}",
                                          "<html>" };
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
        documents[0] = documents[1] = broken[i];
        assert_int_equal(read_token(sign(key, "RS256", fine_claims)), OUTCOME_PROVIDER_FAILED);
    }
}

static const char *check(const char *claims, const char *nonce)
{
    const char *error;
    const struct json *json = json_parse(arena, claims, strlen(claims), &error);
    return received_id_token_check(&context, &provider, json, nonce, NULL);
}

#define ISS "\"iss\":\"https://i.example\""
#define TIMES "\"iat\":1799999990,\"exp\":1800000300"
#define REST "\"sub\":\"7\",\"nonce\":\"n\""

static void
received_id_token__accepts_its_own_claims_and_refuses_each_that_is_another__core_3_1_3_7(void **state)
{
    (void)state;
    static const struct {
        const char *claims, *wrong; /* NULL: fine */
    } cases[] = {
        { "{" ISS ",\"aud\":\"me\"," REST "," TIMES "}", NULL },
        { "{" ISS ",\"aud\":[\"me\"]," REST "," TIMES "}", NULL },
        { "{" ISS ",\"aud\":[\"x\",\"me\"],\"azp\":\"me\"," REST "," TIMES "}", NULL },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1800000050,\"exp\":1800000300}", NULL },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1799999000,\"exp\":1799999970}", NULL },
        { "[]", "the claims aren't an object" },
        { "{\"aud\":\"me\"," REST "," TIMES "}", "iss is another's" },
        { "{\"iss\":\"https://i.example/\",\"aud\":\"me\"," REST "," TIMES "}", "iss is another's" },
        { "{\"iss\":\"https://I.example\",\"aud\":\"me\"," REST "," TIMES "}", "iss is another's" },
        { "{\"iss\":[\"https://i.example\"],\"aud\":\"me\"," REST "," TIMES "}", "iss is another's" },
        { "{" ISS ",\"aud\":\"you\"," REST "," TIMES "}", "aud is another's" },
        { "{" ISS ",\"aud\":\"me2\"," REST "," TIMES "}", "aud is another's" },
        { "{" ISS ",\"aud\":[]," REST "," TIMES "}", "aud is another's" },
        { "{" ISS ",\"aud\":[\"me\",1]," REST "," TIMES "}", "aud is another's" },
        { "{" ISS ",\"aud\":{\"me\":1}," REST "," TIMES "}", "aud is another's" },
        { "{" ISS "," REST "," TIMES "}", "aud is another's" },
        { "{" ISS ",\"aud\":[\"me\",\"you\"]," REST "," TIMES "}", "several aud without azp" },
        { "{" ISS ",\"aud\":[\"me\",\"you\"],\"azp\":\"you\"," REST "," TIMES "}", "azp is another's" },
        { "{" ISS ",\"aud\":\"me\",\"azp\":\"you\"," REST "," TIMES "}", "azp is another's" },
        { "{" ISS ",\"aud\":\"me\",\"azp\":null," REST "," TIMES "}", "azp is another's" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1799999000,\"exp\":1799999940}", "expired" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1799999000}", "exp is missing" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1799999000,\"exp\":\"1800000300\"}", "exp is missing" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"exp\":1800000300}", "iat is missing" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"iat\":1800000061,\"exp\":1800000300}", "iat is in the future" },
        { "{" ISS ",\"aud\":\"me\"," REST ",\"nbf\":1800000200," TIMES "}", "nbf is in the future" },
        { "{" ISS ",\"aud\":\"me\",\"sub\":\"7\"," TIMES "}", "nonce is another's" },
        { "{" ISS ",\"aud\":\"me\",\"sub\":\"7\",\"nonce\":\"m\"," TIMES "}", "nonce is another's" },
        { "{" ISS ",\"aud\":\"me\",\"sub\":\"7\",\"nonce\":1," TIMES "}", "nonce is another's" },
        { "{" ISS ",\"aud\":\"me\",\"nonce\":\"n\"," TIMES "}", "sub is missing" },
        { "{" ISS ",\"aud\":\"me\",\"sub\":7,\"nonce\":\"n\"," TIMES "}", "sub is missing" },
        { "{" ISS ",\"aud\":\"me\",\"sub\":\"\",\"nonce\":\"n\"," TIMES "}", "sub is missing" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *wrong = check(cases[i].claims, "n");
        if (!text_equal(wrong, cases[i].wrong))
            fail_msg("%s: %s", cases[i].claims, wrong ? wrong : "accepted");
    }
    assert_string_equal(check(fine_claims, NULL), "nonce is another's");
    assert_string_equal(check("{" ISS ",\"aud\":\"me\",\"sub\":\"7\",\"nonce\":\"\"," TIMES "}", ""),
                        "nonce is another's");
}

#define TENANT "11111111-2222-3333-4444-555555555555"

static const char *tenant_claims(const char *issuer, const char *tenant)
{
    return arena_printf(arena, "{\"iss\":\"%s\",\"tid\":%s,\"aud\":\"me\"," REST "," TIMES "}", issuer,
                        tenant);
}

static void
received_id_token__a_tenant_is_the_tokens_own_and_a_uuid_and_its_key_no_other_tenants(void **state)
{
    (void)state;
    static const char template[] = "https://login.example/{tenantid}/v2.0";
    kind = *provider_kind_find("microsoft");
    provider.issuer = template;
    static const char fine[] = "https://login.example/" TENANT "/v2.0";
    assert_null(check(tenant_claims(fine, "\"" TENANT "\""), "n"));
    assert_non_null(check(tenant_claims(fine, "\"11111111-2222-3333-4444-555555555556\""), "n"));
    assert_non_null(check(tenant_claims(template, "\"{tenantid}\""), "n"));
    assert_non_null(check(tenant_claims("https://login.example/evil/v2.0", "\"evil\""), "n"));
    assert_non_null(check(tenant_claims(fine, "null"), "n"));
    /* a key of one tenant signs for no other */
    documents[0] = documents[1] =
        keys_of(key, NULL, "https://login.example/99999999-2222-3333-4444-555555555555/v2.0");
    const char *token = sign(key, "RS256", tenant_claims(fine, "\"" TENANT "\""));
    assert_int_equal(read_token(token), OUTCOME_PROVIDER_FAILED);
    documents[0] = documents[1] = keys_of(key, NULL, template);
    assert_int_equal(read_token(token), OUTCOME_OK);
    kind = *provider_kind_find("oidc"); /* for all others the word is a word */
    assert_non_null(check(tenant_claims(fine, "\"" TENANT "\""), "n"));
}

static const char *discover(const char *issuer, const char *text)
{
    const char *error;
    provider.issuer = issuer;
    provider.jwks_uri = NULL;
    provider.token_auth_method = NULL;
    return issuer_read(&context, json_parse(arena, text, strlen(text), &error), &provider);
}

static void issuer__the_document_must_be_of_the_very_issuer_and_complete(void **state)
{
    (void)state;
    static const char document[] =
        "{\"issuer\":\"%s\",\"authorization_endpoint\":\"https://i.example/a\",\"token_endpoint\":"
        "\"https://i.example/t\",\"jwks_uri\":\"https://i.example/k\",\"userinfo_endpoint\":\"http://"
        "i.example/u\","
        "\"authorization_response_iss_parameter_supported\":true,"
        "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\",\"client_secret_post\"]}";
    const char *rest = strstr(document, "\",\"auth");
    const char *good = arena_printf(arena, "{\"issuer\":\"https://i.example%s", rest);
    assert_null(discover("https://i.example", good));
    assert_true(provider.answers_iss);
    assert_string_equal(provider.token_auth_method, "client_secret_post");
    assert_string_equal(provider.jwks_uri, "https://i.example/k");
    assert_null(provider.userinfo_endpoint); /* plain http: as if it weren't there */
    assert_non_null(discover("https://i.example/", good));
    assert_non_null(discover("https://i.example/x", good));
    assert_non_null(discover("https://i.example", "{}"));
    provider.token_endpoint = NULL;
    assert_non_null(discover("https://i.example",
                             "{\"issuer\":\"https://i.example\",\"jwks_uri\":\"https://i.example/k\"}"));
    static const char tenants[] = "{\"issuer\":\"https://i.example/{tenantid}/v2.0%s";
    const char *of_tenants = arena_printf(arena, "%.*s%s", (int)(strlen(tenants) - 2), tenants, rest);
    assert_non_null(discover("https://i.example/common/v2.0", of_tenants));
    kind = *provider_kind_find("microsoft");
    assert_null(discover("https://i.example/common/v2.0", of_tenants));
    assert_string_equal(provider.issuer, "https://i.example/{tenantid}/v2.0");
    assert_non_null(discover("https://i.example/a/b/v2.0", of_tenants));
    assert_non_null(discover("https://j.example/common/v2.0", of_tenants));
    assert_non_null(discover("https://i.example/common/v1.0", of_tenants));
}

static const char *discover_tenant(const char *asked, const char *told)
{
    const char *issuer = arena_printf(arena, "https://i.example/%s/v2.0", asked);
    return discover(issuer, arena_printf(arena,
                                         "{\"issuer\":\"https://i.example/%s/v2.0\","
                                         "\"authorization_endpoint\":\"https://i.example/a\","
                                         "\"token_endpoint\":\"https://i.example/t\","
                                         "\"jwks_uri\":\"https://i.example/k\"}",
                                         told));
}

#define CONSUMERS "9188040d-6c67-4c5b-b112-36a304b66dad"

static void issuer__a_tenants_name_stands_for_its_id_and_an_id_for_no_other(void **state)
{
    (void)state;
    kind = *provider_kind_find("microsoft");
    static const struct {
        const char *asked, *told;
        bool fits;
    } cases[] = {
        { "common", "{tenantid}", true },
        { "organizations", "{tenantid}", true },
        { "common", TENANT, false },
        { "consumers", CONSUMERS, true },
        { "consumers", "{tenantid}", false },
        { "corp.example", TENANT, true },
        { "corp.example", "{tenantid}", false },
        { "corp.example", "other.example", false },
        { TENANT, TENANT, true },
        { TENANT, CONSUMERS, false },
        { TENANT, "{tenantid}", false },
        { "", TENANT, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (!discover_tenant(cases[i].asked, cases[i].told) != cases[i].fits)
            fail_msg("%s %s", cases[i].asked, cases[i].told);
}

static void received_id_token__of_organizations_is_none_of_a_private_account(void **state)
{
    (void)state;
    static const char private[] = "https://i.example/" CONSUMERS "/v2.0";
    kind = *provider_kind_find("microsoft");
    assert_null(discover_tenant("common", "{tenantid}"));
    assert_null(check(tenant_claims(private, "\"" CONSUMERS "\""), "n"));
    assert_null(discover_tenant("organizations", "{tenantid}"));
    assert_non_null(check(tenant_claims(private, "\"" CONSUMERS "\""), "n"));
    assert_null(check(tenant_claims("https://i.example/" TENANT "/v2.0", "\"" TENANT "\""), "n"));
}

/* A P-256 key made for this test (openssl ecparam -name prime256v1 -genkey). */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3D90K717cAuvB6V5\n"
                          "D9L/06JUJ0bShya0XUostmLbjUihRANCAASHBX2LM0Slc3GIWLRYE37+w1K9bl4b\n"
                          "wqPfo1y3kO9sG3EPmCipoUSkVDRQ9KsD6s4rR+refwvxFWUwZ8Q6Sleo\n"
                          "-----END PRIVATE KEY-----\n";

static void signed_secret__is_a_jwt_of_the_team_for_the_issuer_signed_by_the_key(void **state)
{
    (void)state;
    struct jws jws;
    const char *error;
    kind = *provider_kind_find("apple");
    provider.client_secret = pem;
    provider.team_id = "TEAM";
    provider.key_id = "KEY";
    assert_null(signed_secret_check(arena, pem));
    const char *secret = signed_secret_make(&context, &provider);
    assert_non_null(secret);
    assert_true(jws_parse(arena, secret, strlen(secret), &jws, &error));
    assert_string_equal(jws.alg, "ES256");
    assert_string_equal(jws.kid, "KEY");
    struct jwk *signer = pem_read_p256(arena, pem, NULL);
    assert_true(jws_verify(&jws, signer, "ES256"));
    jwk_free(signer);
    const char *payload = arena_strndup(arena, (const char *)jws.payload.data, jws.payload.length);
    assert_string_equal(payload, "{\"iss\":\"TEAM\",\"sub\":\"me\",\"aud\":\"https://i.example\","
                                 "\"iat\":1800000000,\"exp\":1800000300}");
}

static void pem__only_a_private_p256_key_is_taken(void **state)
{
    (void)state;
    static const char *const wrong[] = { "", "secret",
                                         "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                                         "-----BEGIN PRIVATE KEY-----\n"
                                         "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDA/9skj0g/BeUTrQbT3\n"
                                         "ETNSo0y4oK70uQfc7UDtLmpIIY7awpnSkJe5lcP/XoppakShZANiAAQWLnHU5Lrw\n"
                                         "xaGzTx/UcY6teBy268M5z4wPfLQpr+gPP9FLGJZ8SO8G2UzC7iQjiFUtFriuIv/s\n"
                                         "y6mVepT+U3XJMNMzMURTsH9DB8LHDGGDwA86jT1JgXFcb/NsQ5P/4d0=\n"
                                         "-----END PRIVATE KEY-----\n",
                                         "-----BEGIN PUBLIC KEY-----\n"
                                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhwV9izNEpXNxiFi0WBN+/sNSvW5e\n"
                                         "G8Kj36Nct5DvbBtxD5goqaFEpFQ0UPSrA+rOK0fq3n8L8RVlMGfEOkpXqA==\n"
                                         "-----END PUBLIC KEY-----\n" };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_null(pem_read_p256(arena, wrong[i], NULL));
        assert_non_null(signed_secret_check(arena, wrong[i]));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(received_id_token__takes_what_is_signed_by_a_key_of_the_issuer),
        TEST(received_id_token__refuses_none_and_any_hmac_with_the_secret_or_the_public_key),
        TEST(received_id_token__refuses_what_was_changed_or_is_no_token),
        TEST(received_id_token__an_unknown_kid_has_the_keys_fetched_once_more_and_a_known_one_never),
        TEST(received_id_token__keys_that_are_away_or_broken_are_a_failure_of_the_provider__abuse_72),
        TEST(received_id_token__accepts_its_own_claims_and_refuses_each_that_is_another__core_3_1_3_7),
        TEST(received_id_token__a_tenant_is_the_tokens_own_and_a_uuid_and_its_key_no_other_tenants),
        TEST(issuer__the_document_must_be_of_the_very_issuer_and_complete),
        TEST(issuer__a_tenants_name_stands_for_its_id_and_an_id_for_no_other),
        TEST(received_id_token__of_organizations_is_none_of_a_private_account),
        TEST(signed_secret__is_a_jwt_of_the_team_for_the_issuer_signed_by_the_key),
        TEST(pem__only_a_private_p256_key_is_taken),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
