/*
 * test_uri.c: URIs are taken in one spelling or not at all. Numbers T-nn are those of the list of
 * incidents that other servers had; what they share is a string that two programs read differently.
 */
#include "core/text.h"
#include "core/uri.h"
#include "with_arena.h"

static void expect_refused(const char *const *texts, size_t count)
{
    struct uri uri;
    for (size_t i = 0; i < count; i++) {
        if (uri_parse(arena, texts[i], &uri))
            fail_msg("%s was taken", texts[i]);
    }
}

static void uri__takes_its_parts_apart_as_written(void **state)
{
    struct uri uri;
    (void)state;
    const char *text = "https://app.example.org:8443/cb/x%20y;v=1?a=b%2Fc&d=%25#frag";
    assert_true(uri_parse(arena, text, &uri));
    assert_string_equal(uri.scheme, "https");
    assert_string_equal(uri.host, "app.example.org");
    assert_string_equal(uri.port, "8443");
    assert_string_equal(uri.path, "/cb/x%20y;v=1");
    assert_string_equal(uri.query, "a=b%2Fc&d=%25");
    assert_true(uri.has_fragment);
    assert_false(uri.has_userinfo);
    assert_int_equal(uri.port_start, strlen("https://app.example.org"));
    assert_int_equal(uri.authority_end, strlen("https://app.example.org:8443"));
}

static void uri__tells_an_absent_part_from_an_empty_one(void **state)
{
    struct uri uri;
    (void)state;
    assert_true(uri_parse(arena, "https://a.example", &uri));
    assert_string_equal(uri.path, "");
    assert_string_equal(uri.port, "");
    assert_null(uri.query);
    assert_false(uri.has_fragment);
    assert_int_equal(uri.port_start, uri.authority_end);
    assert_true(uri_parse(arena, "https://a.example/?#", &uri));
    assert_string_equal(uri.query, "");
    assert_true(uri.has_fragment);
}

static void uri__takes_private_use_schemes_with_and_without_authority(void **state)
{
    struct uri uri;
    (void)state;
    assert_true(uri_parse(arena, "com.example.app:/back?x=1", &uri));
    assert_string_equal(uri.scheme, "com.example.app");
    assert_string_equal(uri.host, "");
    assert_string_equal(uri.path, "/back");
    assert_int_equal(uri.authority_end, strlen("com.example.app:"));
    assert_true(uri_parse(arena, "com.example.app:///back", &uri));
    assert_string_equal(uri.host, "");
    assert_string_equal(uri.path, "/back");
    assert_true(uri_parse(arena, "com.example.app://back", &uri));
    assert_string_equal(uri.host, "back");
}

static void uri__t01_refuses_every_spelling_of_a_way_upwards(void **state)
{
    static const char *const texts[] = {
        "https://a.example/cb/..",
        "https://a.example/cb/../x",
        "https://a.example/cb/..;/x",
        "https://a.example/cb/..;a=b/x",
        "https://a.example/cb/.;/x",
        "https://a.example/cb/./x",
        "https://a.example/cb/.",
        "https://a.example/../cb",
        "https://a.example/./cb",
        "https://a.example/cb/%2e%2e/x",
        "https://a.example/cb/%2E%2E/x",
        "https://a.example/cb/.%2e/x",
        "https://a.example/cb/%2e./x",
        "https://a.example/cb/%2e/x",
        "https://a.example/cb/%2e%2e;/x",
        "https://a.example/cb/..%3b/x",
        "https://a.example/cb/..%2fx",
        "https://a.example/cb/..%2Fx",
        "https://a.example/cb%2f..%2fx",
        "https://a.example/cb/..%5cx",
        "https://a.example/cb/..%5Cx",
        "https://a.example/cb\\..\\x",
        "https://a.example/cb/..\\x",
        "https://a.example/cb/%252e%252e/x",
        "https://a.example/cb/%25%32%65/",
        "https://a.example/cb//..//x",
        "https://a.example/cb//x",
        "https://a.example//cb",
        "https://a.example/cb/..\t/x",
        "https://a.example/cb/..%09/x",
        "https://a.example/cb/..%00/x",
        "https://a.example/cb/..%0d%0a/",
        "https://a.example/cb/%c0%ae%c0%ae\\",
        "https://a.example/cb/..?",
        "https://a.example/cb/..#",
        "https://a.example/cb/..;?x",
        "https://a.example/cb/.%2e;/x",
        "https://a.example/%2e",
        "https://a.example/%2e%2e",
        "https://a.example/cb/%5c../x",
        "com.app:/../x",
        "com.app:..",
    };
    (void)state;
    assert_true(ARRAY_SIZE(texts) >= 40);
    expect_refused(texts, ARRAY_SIZE(texts));
}

static void uri__t02_never_normalises(void **state)
{
    static const char *const pairs[][2] = {
        { "https://a.example/cb", "https://a.example/CB" },
        { "https://a.example/cb", "https://a.example/cb/" },
        { "https://a.example/cb", "https://a.example:443/cb" },
        { "https://a.example/cb?a=1", "https://a.example/cb?a=1&" },
        { "https://a.example/x%3b", "https://a.example/x%3B" },
    };
    struct uri first, second;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        assert_true(uri_parse(arena, pairs[i][0], &first) && uri_parse(arena, pairs[i][1], &second));
        assert_false(text_equal(first.path, second.path) && text_equal(first.port, second.port) &&
                     text_equal(first.query, second.query));
    }
}

static void uri__t03_refuses_what_decodes_differently_twice(void **state)
{
    static const char *const texts[] = {
        "https://a.example/%2541",    "https://a.example/%252f",  "https://a.example/%25252e",
        "https://a.example/%25",      "https://a.example/?%2541", "https://a.example/?a=%252f",
        "https://a.example/?%252541", "https://a%2eexample/",     "https://a.example/%41",
        "https://a.example/%7e",      "https://a.example/%2d",
    };
    (void)state;
    expect_refused(texts, ARRAY_SIZE(texts));
}

static void uri__t06_refuses_a_second_at_sign_and_flags_the_first(void **state)
{
    static const char *const texts[] = {
        "https://a@b@c.example/",
        "https://good.example@evil.example@good.example/",
        "https://a:b@c@d.example",
        "https://@@a.example/",
        "https://a@/",
        "com.app://a@/",
    };
    struct uri uri;
    (void)state;
    expect_refused(texts, ARRAY_SIZE(texts));
    assert_true(uri_parse(arena, "https://good.example@evil.example/", &uri));
    assert_true(uri.has_userinfo);
    assert_string_equal(uri.host, "evil.example");
    assert_true(uri_parse(arena, "https://@evil.example/", &uri) && uri.has_userinfo);
    assert_true(uri_parse(arena, "https://good.example:443@evil.example/", &uri));
    assert_string_equal(uri.host, "evil.example");
    assert_string_equal(uri.port, "");
    assert_true(uri_parse(arena, "https://a.example/@x", &uri) && !uri.has_userinfo);
}

static void uri__t12_refuses_backslashes_and_control_bytes(void **state)
{
    static const char *const texts[] = {
        "https:\\\\evil.example",        "https:/\\evil.example",       "https://a.example\\@evil.example",
        "https://a.example/\\evil",      "https://a.example/?\\",       "https://a.example/#\\",
        "https://a.example/\tx",         "https://a.exam\tple/",        "ht\ttps://a.example/",
        "\thttps://a.example/",          " https://a.example/",         "https://a.example/ ",
        "https://a.example/\r\nSet-x:y", "https://a.example/%0d%0aX:y", "https://a.example/?a=%0a",
        "https://a.example/#%0a",        "https://a.example/\x7f",      "https://a.example/%7f",
        "https://a.example/\x01",        "https://a.example/\xc3\xa4",  "https://\xc3\xa4.example/",
        "https://a.example/<x>",         "https://a.example/\"",        "https://a.example/{x}",
        "https://a.example/|",           "https://a.example/^",         "https://a.example/`",
        "https://a.example/[x]",         "https://a.example/?[]",       "https://a.example/#a#b",
    };
    (void)state;
    expect_refused(texts, ARRAY_SIZE(texts));
}

static void uri__t13_a_local_path_never_leaves_the_host(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "//evil.example",
        "///evil",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil",
        "\\/evil",
        "https:/evil",
        "/%2f/evil",
        "/%5cevil",
        "/a//b",
        "/a/../b",
        "/..;/a",
        "/a\nb",
        "/a b",
        "javascript:x",
        "/a#b",
        "/\x0b/evil",
        "/%09/evil",
        "/%2e%2e/a",
        "?a",
        "#a",
        "/a?b#c",
        "/a?\\",
        "/a?%0d",
        "/a\x80",
        "//",
        "/%252fevil",
    };
    static const char *const good[] = {
        "/", "/a", "/a/", "/a/b?c=d&e=%2F", "/a?next=//x", "/oauth/consent?flow=A-_", "/?"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (uri_is_local_path(bad[i]))
            fail_msg("%s was taken", bad[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        if (!uri_is_local_path(good[i]))
            fail_msg("%s was refused", good[i]);
    }
}

static void uri__abuse_17_refuses_the_rest_of_the_zoo(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        "a",
        "/cb",
        "//a.example/cb",
        "a.example/cb",
        "1http://a.example",
        "HTTPS://a.example",
        "https://A.example",
        "https:a.example",
        "https:/a.example",
        "https:///a.example",
        "https://",
        "https://?x",
        "https://#x",
        "https://:443/",
        "http:",
        "com.app:",
        "https://a.example:",
        "https://a.example:/",
        "https://a.example:0",
        "https://a.example:080",
        "https://a.example:65536",
        "https://a.example:-1",
        "https://a.example:+1",
        "https://a.example:8x",
        "https://a.example:80:80",
        "https://a.example:99999999999999999999",
        "https://a..example",
        "https://.a.example",
        "https://a.example.",
        "https://a%20b.example",
        "https://a,b.example",
        "https://*.example",
        "https://a.example%00.evil",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://1.2.3/",
        "https://a.0x10/",
        "https://[::1",
        "https://::1/",
        "https://[]/",
        "https://[0::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::0001]/",
        "https://[::1]x/",
        "https://[::1%25eth0]/",
        "https://[::FFFF:127.0.0.1]/",
        "https://[127.0.0.1]/",
        "https://[::1]:80:1/",
        "https://a.example/%",
        "https://a.example/%4",
        "https://a.example/%zz",
        "https://a.example/%00",
        "https://a.example/?%00",
        "https://a.example/?%",
    };
    (void)state;
    expect_refused(texts, ARRAY_SIZE(texts));
}

static void uri__a_homograph_is_another_host(void **state)
{
    struct uri uri;
    (void)state;
    assert_true(uri_parse(arena, "https://xn--pple-43d.example/", &uri));
    assert_string_equal(uri.host, "xn--pple-43d.example");
}

static void uri__refuses_what_is_longer_than_its_limit(void **state)
{
    struct uri uri;
    char *text = arena_alloc(arena, 9000);
    (void)state;
    memset(text, 'a', 8192);
    memcpy(text, "https://a.example/", 18);
    assert_false(uri_parse(arena, text, &uri));
    assert_false(uri_is_local_path(text + 17));
    text[URI_MAX_LENGTH + 1] = '\0';
    assert_false(uri_parse(arena, text, &uri));
    text[URI_MAX_LENGTH] = '\0';
    assert_true(uri_parse(arena, text, &uri));
    char *label = arena_printf(arena, "https://%.64s.example/", text + 100);
    assert_false(uri_parse(arena, label, &uri));
    assert_true(uri_parse(arena, arena_printf(arena, "https://%.63s.example/", text + 100), &uri));
}

static void uri__loopback_is_two_literal_addresses(void **state)
{
    static const char *const no[] = { "http://localhost/", "http://127.0.0.2/", "http://a127.0.0.1.example/",
                                      "http://[::2]/", "http://127.0.0.1.example/" };
    struct uri uri;
    (void)state;
    assert_true(uri_parse(arena, "http://127.0.0.1:1234/cb", &uri) && uri_host_is_loopback(&uri));
    assert_true(uri_parse(arena, "http://[::1]:1234/cb", &uri) && uri_host_is_loopback(&uri));
    assert_string_equal(uri.port, "1234");
    assert_string_equal(uri.host, "[::1]");
    for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
        assert_true(uri_parse(arena, no[i], &uri));
        assert_false(uri_host_is_loopback(&uri));
    }
}

static const char *origin(const char *text)
{
    struct uri uri;
    assert_true(uri_parse(arena, text, &uri));
    return uri_origin(arena, &uri);
}

static void uri__origin_is_as_a_browser_sends_it(void **state)
{
    (void)state;
    assert_string_equal(origin("https://a.example/x?y"), "https://a.example");
    assert_string_equal(origin("https://a.example:443/"), "https://a.example");
    assert_string_equal(origin("http://a.example:80/"), "http://a.example");
    assert_string_equal(origin("http://a.example:443/"), "http://a.example:443");
    assert_string_equal(origin("https://[::1]:8443"), "https://[::1]:8443");
    assert_string_equal(origin("com.example.app:/x"), "com.example.app:");
}

static void uri__a_query_is_added_behind_what_is_there(void **state)
{
    (void)state;
    assert_string_equal(uri_add_query(arena, "https://a/cb", "c=1"), "https://a/cb?c=1");
    assert_string_equal(uri_add_query(arena, "https://a/cb?x=y", "c=1"), "https://a/cb?x=y&c=1");
    assert_string_equal(uri_add_query(arena, "https://a/cb?", "c=1"), "https://a/cb?c=1");
    assert_string_equal(uri_add_query(arena, "https://a/cb?x&", "c=1"), "https://a/cb?x&c=1");
    assert_string_equal(uri_add_query(arena, "https://a/cb", ""), "https://a/cb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(uri__takes_its_parts_apart_as_written),
        TEST(uri__tells_an_absent_part_from_an_empty_one),
        TEST(uri__takes_private_use_schemes_with_and_without_authority),
        TEST(uri__t01_refuses_every_spelling_of_a_way_upwards),
        TEST(uri__t02_never_normalises),
        TEST(uri__t03_refuses_what_decodes_differently_twice),
        TEST(uri__t06_refuses_a_second_at_sign_and_flags_the_first),
        TEST(uri__t12_refuses_backslashes_and_control_bytes),
        TEST(uri__t13_a_local_path_never_leaves_the_host),
        TEST(uri__abuse_17_refuses_the_rest_of_the_zoo),
        TEST(uri__a_homograph_is_another_host),
        TEST(uri__refuses_what_is_longer_than_its_limit),
        TEST(uri__loopback_is_two_literal_addresses),
        TEST(uri__origin_is_as_a_browser_sends_it),
        TEST(uri__a_query_is_added_behind_what_is_there),
    };
    return UNIT_RUN(tests);
}
