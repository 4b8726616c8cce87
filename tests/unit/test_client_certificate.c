/* test_client_certificate.c: which certificates prove a client (RFC 8705 §2), and which are its own though
 * they don't prove it now. How names and keys are compared is in test_certificate.c; through web servers it's
 * in tests/servers. */
#include "unit.h"

#include "core/encode.h"
#include "crypto/certificate.h"
#include "domain/oauth/client_certificate.h"

enum { NOW = 1700000000, BEGIN = NOW - 100, END = NOW + 100 };

#define PRINT "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
#define OTHER_PRINT "cwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
#define P256                                                                                                 \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define PRIVATE "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\""
#define KEYS(members) "{\"keys\":[{" P256 "," members "}]}"

static struct arena *arena;
static struct context context;
static struct certificate certificate;
static const char *const dns_names[] = { "api.example", NULL }, *const no_names[] = { NULL };

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(1 << 20);
    certificate = (struct certificate) { .der = { (const unsigned char *)"DER", 3 },
                                         .thumbprint = PRINT,
                                         .names = { dns_names, no_names, no_names, no_names },
                                         .not_before = BEGIN,
                                         .not_after = END };
    context = (struct context) {
        .arena = arena, .now = NOW, .certificate = &certificate, .certificate_verified = true
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const struct client by_name = { .token_endpoint_auth_method = TLS_CLIENT_AUTH,
                                       .tls_client_auth_san_dns = "API.example" };
static const struct client by_key = { .token_endpoint_auth_method = SELF_SIGNED_TLS_CLIENT_AUTH };

static const struct json *parse(const char *text)
{
    const char *error;
    const struct json *value = json_parse(arena, text, strlen(text), &error);
    assert_non_null(value);
    return value;
}

/* NULL, or why not; whether it's the client's own is held against what is expected. */
static const char *refusal(const struct client *client, const char *jwks, bool is_held)
{
    bool held = !is_held;
    const char *reason;
    bool proves = certificate_proves(&context, client, jwks ? parse(jwks) : NULL, &held, &reason);
    assert_int_equal(proves, reason == NULL);
    assert_int_equal(held, is_held);
    return reason;
}

static void certificate__by_its_name_only_where_the_web_server_knows_who_signed_it(void **state)
{
    (void)state;
    static const struct client another = { .token_endpoint_auth_method = TLS_CLIENT_AUTH,
                                           .tls_client_auth_san_dns = "other.example" };
    static const struct client nameless = { .token_endpoint_auth_method = TLS_CLIENT_AUTH };
    assert_null(refusal(&by_name, NULL, true));
    assert_non_null(refusal(&another, NULL, false));
    assert_non_null(refusal(&nameless, NULL, false));
    context.certificate_verified = false;
    assert_non_null(refusal(&by_name, NULL, false));
    /* nor by keys that it might be one of */
    assert_non_null(refusal(&by_name, KEYS("\"x5t#S256\":\"" PRINT "\""), false));
    context.certificate = NULL;
    assert_non_null(refusal(&by_name, NULL, false));
}

/* Whoever signed it. */
static void certificate__by_its_key_when_it_is_one_of_the_clients(void **state)
{
    (void)state;
    context.certificate_verified = false;
    assert_null(refusal(&by_key, KEYS("\"x5t#S256\":\"" PRINT "\""), true));
    assert_null(refusal(&by_key, KEYS("\"x5c\":[\"REVS\",\"AAAA\"]"), true));
    static const char *const others[] = {
        KEYS("\"x5t#S256\":\"" OTHER_PRINT "\""),
        KEYS("\"x5t\":\"" PRINT "\""),
        KEYS("\"x5t#S256\":7"),
        KEYS("\"x5c\":[]"),
        KEYS("\"x5c\":\"REVS\""),
        KEYS("\"x5c\":[\"AAAA\",\"REVS\"]"),
        KEYS("\"x5c\":[\"REVSAA\"],\"x5t#S256\":\"" PRINT "\""), /* x5c is the whole certificate */
        KEYS("\"kid\":\"a\""),
        "{\"keys\":[]}",
        "{\"keys\":[null,7,\"x\",[]]}",
        "{}",
        "[]",
    };
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (!refusal(&by_key, others[i], false))
            fail_msg("%s", others[i]);
    assert_non_null(refusal(&by_key, NULL, false));
    context.certificate = NULL;
    assert_non_null(refusal(&by_key, KEYS("\"x5t#S256\":\"" PRINT "\""), false));
}

/* security 96: whoever can read the set has that key. */
static void certificate__a_key_that_is_published_whole_is_nobodys(void **state)
{
    (void)state;
    assert_non_null(refusal(&by_key, KEYS(PRIVATE ",\"x5t#S256\":\"" PRINT "\""), false));
    assert_non_null(refusal(&by_key, KEYS(PRIVATE ",\"x5c\":[\"REVS\"]"), false));
}

/* It's the client's own all the same: whoever shows it holds its key. Where a web server has looked at the
 * time before, that can't be told, but why it's refused can. */
static void certificate__out_of_its_time_proves_nothing(void **state)
{
    (void)state;
    static const int64_t in_time[] = { BEGIN, NOW, END }, out_of_it[] = { 0, BEGIN - 1, END + 1, INT64_MAX };
    const char *jwks = KEYS("\"x5t#S256\":\"" PRINT "\"");
    for (size_t i = 0; i < ARRAY_SIZE(in_time); i++) {
        context.now = in_time[i];
        assert_null(refusal(&by_name, NULL, true));
        assert_null(refusal(&by_key, jwks, true));
    }
    for (size_t i = 0; i < ARRAY_SIZE(out_of_it); i++) {
        context.now = out_of_it[i];
        const char *reason = refusal(&by_name, NULL, true);
        assert_non_null(reason);
        assert_string_equal(refusal(&by_key, jwks, true), reason);
        context.certificate_verified = false;
        assert_string_equal(refusal(&by_name, NULL, false), reason);
        context.certificate_verified = true;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificate__by_its_name_only_where_the_web_server_knows_who_signed_it),
        TEST(certificate__by_its_key_when_it_is_one_of_the_clients),
        TEST(certificate__a_key_that_is_published_whole_is_nobodys),
        TEST(certificate__out_of_its_time_proves_nothing),
    };
    return UNIT_RUN(tests);
}
