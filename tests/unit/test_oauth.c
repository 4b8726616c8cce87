/* test_oauth.c: the rules of OAuth that need no database: PKCE, scope words, redirect URIs. */
#include "core/base.h"

#include "with_arena.h"

#include "domain/oauth/pkce.h"
#include "domain/oauth/redirect_uri.h"
#include "domain/oauth/scope.h"

/* RFC 7636 appendix B */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void pkce__fits_the_example_of_rfc_7636_appendix_b(void **state)
{
    (void)state;
    assert_true(pkce_fits(arena, CHALLENGE, VERIFIER));
}

static void pkce__refuses_an_omitted_empty_short_long_or_other_verifier_T31(void **state)
{
    (void)state;
    static const char *const verifiers[] = {
        NULL,
        "",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkk",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl",
        CHALLENGE,
    };
    for (size_t i = 0; i < ARRAY_SIZE(verifiers); i++)
        assert_false(pkce_fits(arena, CHALLENGE, verifiers[i]));
}

static void pkce__refuses_a_verifier_without_a_challenge_T32(void **state)
{
    (void)state;
    assert_false(pkce_fits(arena, NULL, VERIFIER));
    assert_true(pkce_fits(arena, NULL, NULL));
}

static void pkce__refuses_a_plain_challenge_T33(void **state)
{
    (void)state;
    assert_false(pkce_fits(arena, VERIFIER, VERIFIER));
}

static void pkce__takes_43_to_128_unreserved_characters(void **state)
{
    (void)state;
    char text[130];
    memset(text, 'a', sizeof(text));
    text[129] = '\0';
    assert_false(pkce_is_well_formed(text));
    text[128] = '\0';
    assert_true(pkce_is_well_formed(text));
    text[43] = '\0';
    assert_true(pkce_is_well_formed(text));
    text[42] = '+';
    assert_false(pkce_is_well_formed(text));
    text[42] = '\0';
    assert_false(pkce_is_well_formed(text));
}

static const struct client machine = { .scope = "openid profile manage_permissions read:x" };

static enum outcome check(const char *requested, enum scope_holder holder, const char **scope_out)
{
    struct context context = { .arena = arena };
    return scope_check(&context, &machine, holder, requested, scope_out);
}

static void scope__gives_what_is_registered_and_meant_for_the_holder(void **state)
{
    (void)state;
    const char *scope;
    assert_int_equal(check("openid read:x openid", SCOPE_FOR_USERS, &scope), OUTCOME_OK);
    assert_string_equal(scope, "openid read:x");
    assert_int_equal(check("manage_permissions read:x", SCOPE_FOR_MACHINES, &scope), OUTCOME_OK);
    assert_int_equal(check("manage_permissions", SCOPE_FOR_USERS, &scope), OUTCOME_INVALID_SCOPE);
    assert_int_equal(check("openid", SCOPE_FOR_MACHINES, &scope), OUTCOME_INVALID_SCOPE);
    assert_int_equal(check("email", SCOPE_FOR_USERS, &scope), OUTCOME_INVALID_SCOPE);
}

static void scope__refuses_what_is_malformed_or_too_much_T119(void **state)
{
    (void)state;
    static const char *const bad[] = { "",         " ",    " openid",         "openid ",  "openid  profile",
                                       "open\"id", "a\\b", "openid\tprofile", "\xc3\xa9", "OPENID" };
    const char *scope;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(check(bad[i], SCOPE_FOR_USERS, &scope), OUTCOME_INVALID_SCOPE);
    struct strbuf many = strbuf_start(arena);
    for (int i = 0; i < SCOPE_MAX_WORDS + 1; i++)
        strbuf_add_text(&many, i ? " openid" : "openid");
    assert_int_equal(check(many.data, SCOPE_FOR_USERS, &scope), OUTCOME_INVALID_SCOPE);
}

static void scope__sets_keep_the_order_of_the_first(void **state)
{
    (void)state;
    assert_string_equal(scope_minus(arena, "a b c", "b"), "a c");
    assert_string_equal(scope_and(arena, "c b a", "a c"), "c a");
    assert_true(scope_within(arena, "a", "b a"));
    assert_false(scope_within(arena, "ab", "b a"));
}

static const char *const web_uris[] = { "https://app.example/cb", "https://app.example/cb?x=1", NULL };
static const struct client web = { .redirect_uris = web_uris, .application_type = "web" };
static const char *const native_uris[] = { "http://127.0.0.1/cb", "http://[::1]:4000/cb", "com.example:/cb",
                                           NULL };
static const struct client native = { .redirect_uris = native_uris, .application_type = "native" };

static void redirect_uri__is_compared_byte_for_byte_T01_T02_T03_T07(void **state)
{
    (void)state;
    static const char *const others[] = {
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://app.example/cb?",
        "https://app.example/cb#",
        "https://app.example/cb?x=1&y=2",
        "https://app.example/cb/../cb",
        "https://app.example/x/..;/cb",
        "https://app.example/%63b",
        "https://app.example/%2563b",
        "https://APP.example/cb",
        "https://app.example:443/cb",
        "https://app.example.evil/cb",
        "https://user@app.example/cb",
        "https://evil@app.example@evil.example/cb",
        "http://app.example/cb",
        "https://app.example\\cb",
        " https://app.example/cb",
        "https://app.example/cb\t",
        "javascript:alert(1)",
        "",
    };
    assert_true(redirect_uri_is_registered(arena, &web, "https://app.example/cb"));
    assert_true(redirect_uri_is_registered(arena, &web, "https://app.example/cb?x=1"));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_false(redirect_uri_is_registered(arena, &web, others[i]));
}

static void redirect_uri__of_a_native_client_may_differ_in_its_loopback_port_alone_T05_T08(void **state)
{
    (void)state;
    static const char *const good[] = { "http://127.0.0.1/cb",       "http://127.0.0.1:1/cb",
                                        "http://127.0.0.1:65535/cb", "http://[::1]/cb",
                                        "http://[::1]:9/cb",         "com.example:/cb" };
    static const char *const bad[] = {
        "http://127.0.0.1:1/cb/",       "http://127.0.0.1:1/CB",   "http://127.0.0.1:1/cb?x",
        "http://127.0.0.1.evil:1/cb",   "http://localhost:1/cb",   "http://127.0.0.2:1/cb",
        "http://evil@127.0.0.1:1/cb",   "https://127.0.0.1:1/cb",  "http://127.0.0.1:1/cb#x",
        "http://127.0.0.1:1:2/cb",      "http://127.0.0.1:/../cb", "http://2130706433:1/cb",
        "http://[::ffff:127.0.0.1]/cb", "http://127.0.0.1:x/cb",   "com.example:/cb2",
        "com.example://127.0.0.1:1/cb",
    };
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(redirect_uri_is_registered(arena, &native, good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(redirect_uri_is_registered(arena, &native, bad[i]));
}

static void redirect_uri__of_a_web_client_has_no_loopback_exception(void **state)
{
    (void)state;
    struct client client = native;
    client.application_type = "web";
    assert_false(redirect_uri_is_registered(arena, &client, "http://127.0.0.1:1/cb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pkce__fits_the_example_of_rfc_7636_appendix_b),
        TEST(pkce__refuses_an_omitted_empty_short_long_or_other_verifier_T31),
        TEST(pkce__refuses_a_verifier_without_a_challenge_T32),
        TEST(pkce__refuses_a_plain_challenge_T33),
        TEST(pkce__takes_43_to_128_unreserved_characters),
        TEST(scope__gives_what_is_registered_and_meant_for_the_holder),
        TEST(scope__refuses_what_is_malformed_or_too_much_T119),
        TEST(scope__sets_keep_the_order_of_the_first),
        TEST(redirect_uri__is_compared_byte_for_byte_T01_T02_T03_T07),
        TEST(redirect_uri__of_a_native_client_may_differ_in_its_loopback_port_alone_T05_T08),
        TEST(redirect_uri__of_a_web_client_has_no_loopback_exception),
    };
    return UNIT_RUN(tests);
}
