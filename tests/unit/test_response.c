/* test_response.c: one answer, in one piece, with the headers that every answer carries; cookies. */
#include "http/cookie.h"

#include "core/strbuf.h"
#include "core/text.h"

#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static struct response response;

static int setup(void **state)
{
    (void)state;
    arena = arena_make(16 << 20);
    response_start(&response, arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const char *printed(bool head)
{
    struct bytes text = response_print(&response, head);
    return arena_strndup(arena, (const char *)text.data, text.length);
}

/* Runs act in a child of its own, and says whether it aborted: how a bug of ours must end. */
static bool is_a_bug(void (*act)(const char *argument), const char *argument)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        act(argument);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void response__prints_status_headers_and_body(void **state)
{
    (void)state;
    response_json(&response, 200, "{\"a\":1}");
    assert_string_equal(printed(false), "Status: 200 OK\r\n"
                                        "Cache-Control: no-store\r\n"
                                        "Referrer-Policy: no-referrer\r\n"
                                        "Strict-Transport-Security: max-age=31536000\r\n"
                                        "X-Content-Type-Options: nosniff\r\n"
                                        "Content-Type: application/json\r\n"
                                        "Content-Length: 7\r\n\r\n{\"a\":1}");
}

static void response__head_tells_the_length_without_the_body(void **state)
{
    (void)state;
    response_html(&response, 200, "<p>");
    assert_true(text_ends(printed(true), "Content-Length: 3\r\n\r\n"));
    assert_true(text_ends(printed(false), "Content-Length: 3\r\n\r\n<p>"));
}

static void response__304_and_204_have_no_length(void **state)
{
    (void)state;
    response_empty(&response, 304);
    assert_null(strstr(printed(false), "Content-Length"));
}

static void response__a_cacheable_answer_replaces_no_store(void **state)
{
    (void)state;
    response_header(&response, "cache-control", "public, max-age=60");
    response_empty(&response, 200);
    assert_non_null(strstr(printed(false), "Cache-Control: public, max-age=60\r\n"));
    assert_null(strstr(printed(false), "no-store"));
}

static void answer_twice(const char *argument)
{
    response_html(&response, 401, argument);
    response_html(&response, 200, argument);
}

static void response__answering_twice_is_a_bug__T126(void **state)
{
    (void)state;
    assert_true(is_a_bug(answer_twice, "page"));
}

static void set_header(const char *value)
{
    response_header(&response, "X-State", value);
}

static void set_name(const char *name)
{
    response_header(&response, name, "x");
}

/* abuse 18 */
static void response__a_header_can_not_be_split(void **state)
{
    (void)state;
    static const char *const values[] = { "a\r\nSet-Cookie: b=c", "a\nb", "a\rb", "\x01", "\x7f" };
    static const char *const names[] = { "X Y", "X:Y", "X\r\nY", "" };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        assert_true(is_a_bug(set_header, values[i]));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_true(is_a_bug(set_name, names[i]));
    assert_false(is_a_bug(set_header, "plain \xc3\xa9"));
}

static void redirect(const char *location)
{
    response_redirect(&response, 303, location);
}

/* T-12, T-13 */
static void response__redirects_go_to_absolute_places_only(void **state)
{
    (void)state;
    static const char *const good[] = { "/sign-in?x=1", "/", "https://a.example/cb?code=x&state=a%0Ab",
                                        "com.example.app:/cb", "http://[::1]:4711/cb" };
    static const char *const bad[] = { "",         "//evil.example",       "sign-in", "/a\r\nb", "/\\evil",
                                       "/\tx",     "https://a.example/ b", "?x=1",    "a/b:c",   ":",
                                       "/\xc3\xa9" };

    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        if (is_a_bug(redirect, good[i]))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (!is_a_bug(redirect, bad[i]))
            fail_msg("let through %s", bad[i]);
}

static const char *cookie_of(const char *const *headers, const char *name)
{
    char **parameters = arena_array(arena, 8, sizeof *parameters);

    for (size_t i = 0; headers[i]; i++)
        parameters[i] = arena_printf(arena, "HTTP_COOKIE=%s", headers[i]);
    const struct request request = { .arena = arena, .parameters = parameters };
    return cookie_read(&request, name);
}

static void cookie__reads_one_of_several(void **state)
{
    (void)state;
    const char *const headers[] = { "a=1; public-session=xyz;b=2", NULL };

    assert_string_equal(cookie_of(headers, "public-session"), "xyz");
    assert_string_equal(cookie_of(headers, "a"), "1");
    assert_string_equal(cookie_of(headers, "b"), "2");
    assert_null(cookie_of(headers, "session"));
    assert_null(cookie_of(headers, "c"));
}

/* T-116, abuse 2, 6, 26 */
static void cookie__odd_ones_count_as_absent(void **state)
{
    (void)state;
    static const char *const odd[][3] = {
        { "s=1; s=2" }, { "s=1; s=1" }, { "s=1", "s=2" }, { "s=" },    { "s" },     { "=s" },
        { "" },         { ";;;" },      { "s=\"1\"" },    { "s=a b" }, { "s=a,b" }, { "s=a\\b" },
        { "s=\x01" },   { "s=\xff" },   { "S=1" },        { "s =1" },  { "xs=1" },  { "s2=1" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
        if (cookie_of(odd[i], "s"))
            fail_msg("took %s", odd[i][0]);
}

static void cookie__floods_count_as_absent(void **state)
{
    (void)state;
    struct strbuf many = strbuf_start(arena);
    struct strbuf large = strbuf_start(arena);

    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&many, "a=1;");
    strbuf_add_text(&many, "s=1");
    strbuf_add_text(&large, "s=1; x=");
    for (int i = 0; i < 10000; i++)
        strbuf_add_char(&large, 'y');
    assert_null(cookie_of((const char *[]) { many.data, NULL }, "s"));
    assert_null(cookie_of((const char *[]) { large.data, NULL }, "s"));
}

/* security 106 */
static void cookie__is_written_with_every_guard(void **state)
{
    (void)state;
    const struct cookie host = {
        .name = "__Host-b", .value = "v", .domain = "", .same_site = "Lax", .max_age_s = -1
    };
    const struct cookie shared = {
        .name = "public-session", .value = "", .domain = "example.org", .same_site = "None", .max_age_s = 0
    };

    cookie_write(&response, &host);
    cookie_write(&response, &shared);
    response_empty(&response, 200);
    assert_non_null(
        strstr(printed(false), "Set-Cookie: __Host-b=v; Path=/; Secure; HttpOnly; SameSite=Lax\r\n"));
    assert_non_null(strstr(printed(false), "Set-Cookie: public-session=; Path=/; Secure; HttpOnly; "
                                           "SameSite=None; Max-Age=0; Domain=example.org\r\n"));
}

static void write_value(const char *value)
{
    const struct cookie cookie = { .name = "s", .value = value, .domain = "", .same_site = "Lax" };
    cookie_write(&response, &cookie);
}

static void write_host_cookie_with_domain(const char *domain)
{
    const struct cookie cookie = { .name = "__Host-s", .value = "v", .domain = domain, .same_site = "Lax" };
    cookie_write(&response, &cookie);
}

static void cookie__that_browsers_would_misread_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(write_value, "a;b"));
    assert_true(is_a_bug(write_value, "a\r\nb"));
    assert_true(is_a_bug(write_host_cookie_with_domain, "example.org"));
    assert_false(is_a_bug(write_value, "abc"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(response__prints_status_headers_and_body),
        TEST(response__head_tells_the_length_without_the_body),
        TEST(response__304_and_204_have_no_length),
        TEST(response__a_cacheable_answer_replaces_no_store),
        TEST(response__answering_twice_is_a_bug__T126),
        TEST(response__a_header_can_not_be_split),
        TEST(response__redirects_go_to_absolute_places_only),
        TEST(cookie__reads_one_of_several),
        TEST(cookie__odd_ones_count_as_absent),
        TEST(cookie__floods_count_as_absent),
        TEST(cookie__is_written_with_every_guard),
        TEST(cookie__that_browsers_would_misread_is_a_bug),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
