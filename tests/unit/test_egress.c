/* Where this server connects to by itself, and where never. */
#include "unit.h"

#include "core/network.h"
#include "net/egress.h"
#include "net/http.h"

static struct arena *arena;
static struct settings settings;

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(1 << 20);
    settings = (struct settings) { .egress_allow = "", .egress_ca = "" };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    if (!ip_parse(text, &address))
        fail_msg("%s is no address", text);
    return address;
}

static bool is_public(const char *text)
{
    struct ip_address address = address_of(text);
    return egress_is_public(&address);
}

static void egress__t52_abuse_43_no_address_that_is_not_public(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::127.0.0.1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2001:10::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::1",
        "4000::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (is_public(refused[i]))
            fail_msg("%s passes for public", refused[i]);
}

static void egress__t52_an_address_within_another_is_the_one_that_counts(void **state)
{
    (void)state;
    assert_false(is_public("::ffff:7f00:1"));
    assert_false(is_public("::ffff:a9fe:a9fe"));
    assert_false(is_public("64:ff9b::127.0.0.1"));
    assert_false(is_public("64:ff9b::a9fe:a9fe"));
    assert_false(is_public("64:ff9b::10.1.2.3"));
    assert_true(is_public("64:ff9b::9.9.9.9"));
    assert_true(is_public("::ffff:9.9.9.9"));
}

static void egress__public_addresses_up_to_the_edges_of_what_is_refused(void **state)
{
    static const char *const fine[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",      "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1",       "169.253.1.1",   "169.255.0.1",    "172.15.255.255",
        "172.32.0.0",      "192.0.1.1",       "192.167.1.1",   "192.169.0.0",    "198.17.1.1",
        "198.20.0.0",      "223.255.255.255", "168.63.129.15", "168.63.129.17",  "2001:200::1",
        "2001:4860::1",    "2003::1",         "2606:4700::1",  "2a00::1",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
        if (!is_public(fine[i]))
            fail_msg("%s doesn't pass for public", fine[i]);
}

static bool allows(const char *list, const char *host, const char *address)
{
    struct ip_address ip = address_of(address);
    settings.egress_allow = list;
    return egress_allows(&settings, host, &ip);
}

static void egress__what_is_listed_is_allowed_and_nothing_beside_it(void **state)
{
    (void)state;
    assert_true(allows("10.1.0.0/16", "a.example", "10.1.255.1"));
    assert_false(allows("10.1.0.0/16", "a.example", "10.2.0.1"));
    assert_true(allows("10.1.0.0/16", "a.example", "::ffff:10.1.2.3"));
    assert_true(allows("127.0.0.1", "a.example", "127.0.0.1"));
    assert_false(allows("127.0.0.1", "a.example", "127.0.0.2"));
    assert_true(allows("fd00::/8 x.example", "a.example", "fd12::1"));
    assert_true(allows("fd00::/8 x.example", "x.example", "192.168.1.1"));
    assert_false(allows("fd00::/8 x.example", "xx.example", "192.168.1.1"));
    assert_false(allows("0.0.0.0/0", "a.example", "fd00::1"));
    assert_true(allows("::/0", "a.example", "fd00::1"));
}

static const char *check(const char *list, const char *url)
{
    struct uri uri;
    settings.egress_allow = list;
    return egress_check_url(arena, &settings, url, &uri);
}

static void egress__abuse_43_of_urls_only_https_to_public_hosts(void **state)
{
    static const char *const refused[] = {
        "http://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "ftp://a.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://u:p@a.example",
        "https://a.example/#f",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https:///x",
        "//a.example/",
        "",
        "https://a.example/ x",
        "https://a.example\\@127.0.0.1/",
        "https://[fd00:ec2::254]/",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (!check("", refused[i]))
            fail_msg("%s is taken", refused[i]);
    assert_null(check("", "https://a.example/hook?x=1"));
    assert_null(check("", "https://9.9.9.9:8443/hook"));
}

static void egress__plain_http_only_where_it_is_listed(void **state)
{
    (void)state;
    assert_null(check("127.0.0.1", "http://127.0.0.1:8080/x"));
    assert_null(check("127.0.0.1", "https://127.0.0.1/x"));
    assert_null(check("hooks.example", "http://hooks.example/x"));
    assert_null(check("::1", "http://[::1]:8080/x"));
    assert_non_null(check("hooks.example", "http://hook.example/x"));
    assert_non_null(check("127.0.0.1", "http://127.0.0.2/x"));
    assert_non_null(check("127.0.0.1", "gopher://127.0.0.1/x"));
}

static enum http_result send_to(const char *url, const char **error_out)
{
    const struct http_request request = {
        .url = url, .connect_limit_ms = 2000, .limit_ms = 2000, .answer_limit = 100
    };
    struct http_answer answer;
    enum http_result result = http_send(arena, &settings, &request, &answer);
    *error_out = answer.error;
    return result;
}

static void http__t54_a_name_is_judged_by_the_address_that_is_connected_to(void **state)
{
    const char *error;
    (void)state;
    assert_int_equal(send_to("https://localhost:9/", &error), HTTP_REFUSED);
    assert_non_null(strstr(error, "is not a public address"));
    assert_int_equal(send_to("https://127.0.0.1:9/", &error), HTTP_REFUSED);
    assert_int_equal(send_to("http://localhost:9/", &error), HTTP_REFUSED);
    settings.egress_allow = "localhost";
    assert_int_equal(send_to("https://localhost:9/", &error), HTTP_FAILED);
}

static void http__headers_are_found_in_any_case(void **state)
{
    const struct http_answer answer = { .headers =
                                            "HTTP/1.1 200 OK\r\nRetry-After:  120 \r\nx: y:z\r\n\r\n" };
    (void)state;
    assert_string_equal(http_answer_header(arena, &answer, "retry-after"), "120");
    assert_string_equal(http_answer_header(arena, &answer, "X"), "y:z");
    assert_null(http_answer_header(arena, &answer, "retry"));
}

static void network__a_range_is_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "",           "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8",
        "fd00::/129", "010.0.0.1",   "1.2.3.4 ",  "/8",          "a.example"
    };
    struct network network;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        if (network_parse(wrong[i], strlen(wrong[i]), &network))
            fail_msg("%s is taken", wrong[i]);
    assert_true(network_parse("10.0.0.0/8", 10, &network));
    assert_int_equal(network.bits, 104);
    assert_true(network_parse("::/0", 4, &network));
    assert_int_equal(network.bits, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(egress__t52_abuse_43_no_address_that_is_not_public),
        TEST(egress__t52_an_address_within_another_is_the_one_that_counts),
        TEST(egress__public_addresses_up_to_the_edges_of_what_is_refused),
        TEST(egress__what_is_listed_is_allowed_and_nothing_beside_it),
        TEST(egress__abuse_43_of_urls_only_https_to_public_hosts),
        TEST(egress__plain_http_only_where_it_is_listed),
        TEST(http__t54_a_name_is_judged_by_the_address_that_is_connected_to),
        TEST(http__headers_are_found_in_any_case),
        TEST(network__a_range_is_read_strictly),
    };
    return UNIT_RUN(tests);
}
