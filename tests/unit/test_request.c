/* test_request.c: what the door lets through and what it refuses, on hostile parameters. */
#include "http/request.h"

#include "core/strbuf.h"

#include "with_arena.h"

/* A body that arrives in small pieces. */
struct source {
    const char *text;
    size_t left;
    bool broken;
};

static long read_source(void *connection, void *data, size_t size)
{
    struct source *source = connection;
    size_t piece = source->left < 7 ? source->left : 7;

    if (source->broken)
        return -1;
    piece = piece < size ? piece : size;
    memcpy(data, source->text, piece);
    source->text += piece;
    source->left -= piece;
    return (long)piece;
}

static const struct request_limits limits = {
    .base_path = "",
    .trusted_proxies = "10.0.0.1 2001:db8::1",
    .max_body = 64,
};

/* A request with these parameters beside the usual ones; changed ones go first. */
struct probe {
    const char *extra[8];
    const char *uri;    /* NULL: "/token" */
    const char *remote; /* NULL: 192.0.2.7; "" leaves it out */
    const char *body;
    bool broken;
};

static int run_with(const struct request_limits *with, const struct probe *probe, struct request *request_out)
{
    char **parameters = arena_array(arena, 16, sizeof *parameters);
    size_t count = 0;
    const char *body = probe->body ? probe->body : "";
    struct source source = { .text = body, .left = strlen(body), .broken = probe->broken };

    for (size_t i = 0; i < ARRAY_SIZE(probe->extra) && probe->extra[i]; i++)
        parameters[count++] = arena_strdup(arena, probe->extra[i]);
    parameters[count++] = arena_strdup(arena, "REQUEST_METHOD=POST");
    parameters[count++] = arena_printf(arena, "REQUEST_URI=%s", probe->uri ? probe->uri : "/token");
    if (!probe->remote || probe->remote[0])
        parameters[count++] =
            arena_printf(arena, "REMOTE_ADDR=%s", probe->remote ? probe->remote : "192.0.2.7");
    return request_read(arena, parameters, with, read_source, &source, request_out);
}

static int run(const struct probe *probe, struct request *request_out)
{
    return run_with(&limits, probe, request_out);
}

static void request__takes_a_plain_request_apart(void **state)
{
    (void)state;
    struct request request;
    const struct probe probe = {
        .uri = "/a%20b/c?x=1&y=%C3%A9",
        .body = "grant_type=x",
        .extra = { "HTTPS=on", "CONTENT_TYPE=Application/X-WWW-Form-Urlencoded; charset=UTF-8",
                   "CONTENT_LENGTH=12", "HTTP_USER_AGENT=t" },
    };

    assert_int_equal(run(&probe, &request), 0);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.path, "/a b/c");
    assert_string_equal(request.raw_query, "x=1&y=%C3%A9");
    assert_string_equal(form_value(&request.query, "y"), "\xc3\xa9");
    assert_true(request.secure);
    assert_false(request.loopback);
    assert_string_equal(request.address, "192.0.2.7");
    assert_string_equal(request.content_type, "application/x-www-form-urlencoded");
    assert_int_equal(request.body.length, 12);
    assert_memory_equal(request.body.data, "grant_type=x", 12);
    assert_int_equal(strlen(request.id), 16);
    assert_string_equal(request_header(&request, "User-Agent", NULL), "t");
}

/* T-113, T-114, abuse 1, 2, 20 */
static void request__hostile_targets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        int status;
    } hostile[] = {
        { "", 400 },
        { "*", 400 },
        { "token", 400 },
        { "?x=1", 0 },
        { "ftp://h/token", 400 },
        { "/token%00", 400 },
        { "/%00token", 400 },
        { "/token%", 400 },
        { "/token%z", 400 },
        { "/token%zz", 400 },
        { "/token%u0041", 400 },
        { "/tok en", 400 },
        { "/token\\..", 400 },
        { "/token%5c", 400 },
        { "/token\x01", 400 },
        { "/token\t", 400 },
        { "/token%0d%0aX: y", 400 },
        { "/token%0a", 400 },
        { "/token%7f", 400 },
        { "/token%ff", 400 },
        { "/token%c0%af", 400 },
        { "/token\xc3\xa9", 400 },
        { "/token#x", 400 },
        { "/token?a=%zz", 400 },
        { "/token?a=%00", 400 },
        { "/token?a=%ff", 400 },
        { "/token;x", 404 },
        { "/token;", 404 },
        { "/a/..;/token", 404 },
        { "/token%3bx", 404 },
        { "//token", 404 },
        { "/a//token", 404 },
        { "/token//", 404 },
        { "/./token", 404 },
        { "/a/../token", 404 },
        { "/a/..", 404 },
        { "/.", 404 },
        { "/%2e%2e/token", 404 },
        { "/%2e/token", 404 },
        { "/.%2E/token", 404 },
        { "/token%2f", 404 },
        { "/token%2Fx", 404 },
        { "/a%2f..%2ftoken", 404 },
        { "/token/", 0 }, /* another path; the router knows no such row */
        { "/.well-known/jwks.json", 0 },
        { "/...", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
        struct request request;
        struct probe probe = { .uri = hostile[i].uri };
        int status = run(&probe, &request);
        if (status != hostile[i].status)
            fail_msg("%s: %d instead of %d", hostile[i].uri, status, hostile[i].status);
        assert_non_null(request.path);
        assert_string_equal(request.address, "192.0.2.7");
    }
}

static void request__a_double_escape_is_decoded_once(void **state)
{
    (void)state;
    struct request request;

    assert_int_equal(run(&(struct probe) { .uri = "/a%252e" }, &request), 0);
    assert_string_equal(request.path, "/a%2e");
}

static void request__authority_of_an_absolute_target_is_cut(void **state)
{
    (void)state;
    static const char *const targets[][2] = {
        { "http://evil.example/token?x=1", "/token" },
        { "https://evil.example:1/token", "/token" },
        { "http://evil.example", "/" },
        { "http://evil.example?x=1", "/" },
        { "/", "/" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        struct request request;
        assert_int_equal(run(&(struct probe) { .uri = targets[i][0] }, &request), 0);
        assert_string_equal(request.path, targets[i][1]);
    }
}

static void request__base_path_is_cut_and_others_are_not_found(void **state)
{
    (void)state;
    const struct request_limits based = { .base_path = "/idp", .trusted_proxies = "", .max_body = 64 };
    static const struct {
        const char *uri;
        int status;
        const char *path;
    } cases[] = {
        { "/idp/token", 0, "/token" },
        { "/idp", 0, "/" },
        { "/idp?x=1", 0, "/" },
        { "/idp/", 0, "/" },
        { "/token", 404, "/" },
        { "/idpx/token", 404, "/" },
        { "/IDP/token", 404, "/" },
        { "/.well-known/oauth-authorization-server/idp", 0, "/.well-known/oauth-authorization-server" },
        { "/.well-known/oauth-authorization-server", 404, "/" },
        { "/.well-known/x/idp/y", 404, "/" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        assert_int_equal(run_with(&based, &(struct probe) { .uri = cases[i].uri }, &request),
                         cases[i].status);
        assert_string_equal(request.path, cases[i].path);
    }
}

/* abuse 6, 7 */
static void request__too_long_is_told_apart(void **state)
{
    (void)state;
    struct request request;
    char *long_text = arena_alloc(arena, (1 << 20) + 1);
    memset(long_text, 'a', 1 << 20);

    struct probe probe = { .uri = arena_printf(arena, "/%s", long_text) };
    assert_int_equal(run(&probe, &request), 414);
    probe = (struct probe) { .uri = arena_printf(arena, "/?a=%.20000s", long_text) };
    assert_int_equal(run(&probe, &request), 414);
    probe = (struct probe) { .extra = { arena_printf(arena, "HTTP_X=%s", long_text) } };
    assert_int_equal(run(&probe, &request), 431);
    probe = (struct probe) { .extra = { arena_printf(arena, "HTTP_COOKIE=%s", long_text) } };
    assert_int_equal(run(&probe, &request), 431);
    assert_string_equal(request.address, "192.0.2.7");
}

static void request__more_parameters_than_allowed_are_refused(void **state)
{
    (void)state;
    struct request request;
    struct source source = { .text = "" };
    char **parameters = arena_array(arena, REQUEST_MAX_PARAMETERS + 2, sizeof *parameters);

    for (int i = 0; i < REQUEST_MAX_PARAMETERS - 3; i++)
        parameters[i + 3] = arena_printf(arena, "HTTP_X%d=1", i);
    parameters[0] = arena_strdup(arena, "REQUEST_METHOD=GET");
    parameters[1] = arena_strdup(arena, "REQUEST_URI=/");
    parameters[2] = arena_strdup(arena, "REMOTE_ADDR=192.0.2.7");
    assert_int_equal(request_read(arena, parameters, &limits, read_source, &source, &request), 0);
    parameters[REQUEST_MAX_PARAMETERS] = arena_strdup(arena, "HTTP_Y=1");
    assert_int_equal(request_read(arena, parameters, &limits, read_source, &source, &request), 431);
    assert_int_equal(request_read(arena, NULL, &limits, read_source, &source, &request), 400);
}

/* abuse 8 */
static void request__bodies_are_counted(void **state)
{
    (void)state;
    static const char sixty_four[] = "0123456789012345678901234567890123456789012345678901234567890123";
    static const char sixty_five[] = "01234567890123456789012345678901234567890123456789012345678901234";
    const struct {
        const char *length, *body;
        int status;
    } cases[] = {
        { NULL, "", 0 },
        { NULL, "abc", 0 },
        { "", "abc", 0 },
        { "3", "abc", 0 },
        { "0", "", 0 },
        { "003", "abc", 0 },
        { "64", sixty_four, 0 },
        { NULL, sixty_four, 0 },
        { "4", "abc", 400 },
        { "2", "abc", 400 },
        { "0", "abc", 400 },
        { "60", "", 400 },
        { "-1", "abc", 400 },
        { "+3", "abc", 400 },
        { "3x", "abc", 400 },
        { " 3", "abc", 400 },
        { "0x3", "abc", 400 },
        { "3.0", "abc", 400 },
        { "65", "abc", 413 },
        { "99999999999999999999999", "abc", 413 },
        { NULL, sixty_five, 413 },
        { "3", sixty_five, 413 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        struct probe probe = { .body = cases[i].body };
        if (cases[i].length)
            probe.extra[0] = arena_printf(arena, "CONTENT_LENGTH=%s", cases[i].length);
        int status = run(&probe, &request);
        if (status != cases[i].status)
            fail_msg("case %zu: %d instead of %d", i, status, cases[i].status);
        assert_int_equal(request.body.length, status ? 0 : strlen(cases[i].body));
    }
    struct request request;
    assert_int_equal(run(&(struct probe) { .broken = true }, &request), 400);
}

static void request__a_body_over_the_limit_is_not_read_at_all(void **state)
{
    (void)state;
    struct request request;
    struct source source = { .text = "abc", .left = 3 };
    char *parameters[] = { (char[]) { "REQUEST_METHOD=POST" }, (char[]) { "REQUEST_URI=/" },
                           (char[]) { "REMOTE_ADDR=::1" }, (char[]) { "CONTENT_LENGTH=65" }, NULL };

    assert_int_equal(request_read(arena, parameters, &limits, read_source, &source, &request), 413);
    assert_int_equal(source.left, 3);
}

/* abuse 19; security 123: none of these moves path, address or transport */
static void request__headers_of_strangers_change_nothing(void **state)
{
    (void)state;
    struct request request;
    const struct probe probe = {
        .extra = { "HTTP_X_FORWARDED_FOR=127.0.0.1", "HTTP_X_FORWARDED_PROTO=https", "HTTP_HTTPS=on",
                   "HTTP_HOST=evil.example", "SCRIPT_NAME=/admin", "PATH_INFO=/admin",
                   "HTTP_X_REAL_IP=127.0.0.1", "https=on" },
    };

    assert_int_equal(run(&probe, &request), 0);
    assert_string_equal(request.path, "/token");
    assert_string_equal(request.address, "192.0.2.7");
    assert_false(request.secure);
    assert_false(request.loopback);
    assert_null(request_server_parameter(&request, "HTTP_HTTPS"));
}

static void request__transport_is_what_the_web_server_says(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        bool secure;
    } cases[] = {
        { "HTTPS=on", true },
        { "HTTPS=ON", true },
        { "HTTPS=1", true },
        { "REQUEST_SCHEME=https", true },
        { "HTTPS=off", false },
        { "HTTPS=", false },
        { "HTTPS=maybe", false },
        { "REQUEST_SCHEME=http", false },
        { "HTTP_X_FORWARDED_SSL=on", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        assert_int_equal(run(&(struct probe) { .extra = { cases[i].parameter } }, &request), 0);
        assert_int_equal(request.secure, cases[i].secure);
    }
    struct request request;
    const struct probe off = { .extra = { "HTTPS=off", "REQUEST_SCHEME=https" } };
    assert_int_equal(run(&off, &request), 0);
    assert_false(request.secure);
}

/* T-115: a bad forwarded header is an error, never a fall-back */
static void request__forwarded_headers_of_a_trusted_proxy_hold_or_refuse(void **state)
{
    (void)state;
    static const struct {
        const char *extra[3];
        int status;
        const char *address;
        bool secure;
    } cases[] = {
        { { "HTTP_X_FORWARDED_FOR=198.51.100.9", "HTTP_X_FORWARDED_PROTO=https" }, 0, "198.51.100.9", true },
        { { "HTTP_X_FORWARDED_FOR=1.1.1.1, 198.51.100.9" }, 0, "198.51.100.9", false },
        { { "HTTP_X_FORWARDED_FOR=1.1.1.1,198.51.100.9,10.0.0.1" }, 0, "198.51.100.9", false },
        { { "HTTP_X_FORWARDED_FOR=2001:DB8::1" }, 0, "2001:db8::1", false },
        { { "HTTP_X_FORWARDED_FOR=::ffff:198.51.100.9" }, 0, "198.51.100.9", false },
        { { "HTTP_X_FORWARDED_PROTO=http", "HTTPS=on" }, 0, "10.0.0.1", false },
        { { "HTTPS=on" }, 0, "10.0.0.1", true },
        { { "HTTP_X_FORWARDED_FOR=127.0.0.1" }, 0, "127.0.0.1", false },
        { { "HTTP_X_FORWARDED_FOR=unknown" }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_FOR=1.1.1.1," }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_FOR=," }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_FOR=1.1.1.1:80" }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_FOR=1.1.1.1", "HTTP_X_FORWARDED_FOR=2.2.2.2" }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_PROTO=HTTPS" }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_PROTO=https,http" }, 400, "10.0.0.1", false },
        { { "HTTP_X_FORWARDED_PROTO=https", "HTTP_X_FORWARDED_PROTO=https" }, 400, "10.0.0.1", true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        struct probe probe = { .remote = "10.0.0.1" };
        memcpy(probe.extra, cases[i].extra, sizeof cases[i].extra);
        int status = run(&probe, &request);
        if (status != cases[i].status)
            fail_msg("case %zu: %d instead of %d", i, status, cases[i].status);
        assert_string_equal(request.address, cases[i].address);
        assert_int_equal(request.secure, cases[i].secure);
        assert_false(request.loopback); /* the peer isn't, whatever its header says */
    }
}

static void request__loopback_needs_peer_and_client_on_this_machine(void **state)
{
    (void)state;
    const struct request_limits trusting = { .base_path = "", .trusted_proxies = "127.0.0.1", .max_body = 1 };
    struct request request;
    static const char *const own[] = { "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1" };

    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        assert_int_equal(run(&(struct probe) { .remote = own[i] }, &request), 0);
        assert_true(request.loopback);
    }
    const struct probe far = { .remote = "127.0.0.1", .extra = { "HTTP_X_FORWARDED_FOR=192.0.2.7" } };
    assert_int_equal(run_with(&trusting, &far, &request), 0);
    assert_false(request.loopback);
}

/* abuse 81 */
static void request__without_a_peer_is_refused(void **state)
{
    (void)state;
    struct request request;

    assert_int_equal(run(&(struct probe) { .remote = "" }, &request), 400);
    assert_int_equal(run(&(struct probe) { .remote = "unix:" }, &request), 400);
    assert_int_equal(run(&(struct probe) { .remote = "192.0.2.7 x" }, &request), 400);
    assert_string_equal(request.address, "");
}

static void request__two_values_of_what_decides_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        int status;
    } cases[] = {
        { "REQUEST_URI=/other", 400 },  { "REQUEST_METHOD=GET", 400 }, { "REMOTE_ADDR=127.0.0.1", 400 },
        { "REQUEST_URI=/token", 0 },    { "REQUEST_METHOD=POST", 0 },  { "REMOTE_ADDR=192.0.2.7", 0 },
        { "SCRIPT_NAME=/whatever", 0 }, { "SSL_CLIENT_CERT=one", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        assert_int_equal(run(&(struct probe) { .extra = { cases[i].parameter } }, &request), cases[i].status);
    }
    struct request request;
    const struct probe lengths = { .extra = { "CONTENT_LENGTH=3", "CONTENT_LENGTH=" }, .body = "abc" };
    assert_int_equal(run(&lengths, &request), 400);
    const struct probe certificates = { .extra = { "SSL_CLIENT_CERT=one", "SSL_CLIENT_CERT=two" } };
    assert_int_equal(run(&certificates, &request), 400);
    const struct probe verified = { .extra = { "SSL_CLIENT_VERIFY=NONE", "SSL_CLIENT_VERIFY=SUCCESS" } };
    assert_int_equal(run(&verified, &request), 400);
}

static void request__repeated_headers_are_told(void **state)
{
    (void)state;
    struct request request;
    bool repeated;
    const struct probe probe = { .extra = { "HTTP_DPOP=one", "HTTP_ACCEPT=a", "HTTP_DPOP=two",
                                            "HTTP_EMPTY=" } };

    assert_int_equal(run(&probe, &request), 0);
    assert_string_equal(request_header(&request, "DPoP", &repeated), "one");
    assert_true(repeated);
    assert_string_equal(request_header(&request, "accept", &repeated), "a");
    assert_false(repeated);
    assert_null(request_header(&request, "Empty", &repeated));
    assert_null(request_header(&request, "Absent", &repeated));
    assert_false(repeated);
}

static void request__authorization_survives_apaches_redirect(void **state)
{
    (void)state;
    struct request request;
    bool repeated;

    const struct probe renamed = { .extra = { "REDIRECT_HTTP_AUTHORIZATION=Basic eA==" } };
    assert_int_equal(run(&renamed, &request), 0);
    assert_string_equal(request_header(&request, "Authorization", &repeated), "Basic eA==");
    assert_false(repeated);
    const struct probe both = { .extra = { "REDIRECT_HTTP_AUTHORIZATION=b", "HTTP_AUTHORIZATION=a" } };
    assert_int_equal(run(&both, &request), 0);
    assert_string_equal(request_header(&request, "Authorization", &repeated), "a");
    assert_false(repeated);
}

/* abuse 5, 18 */
static void request__control_bytes_and_bad_utf8_in_headers_are_refused(void **state)
{
    (void)state;
    static const char *const hostile[] = { "HTTP_REFERER=a\r\nb", "HTTP_USER_AGENT=a\nb",
                                           "HTTP_X=\x01",         "HTTP_X=\x7f",
                                           "HTTP_X=\xff",         "HTTP_X=\xed\xa0\x80" };
    struct request request;

    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
        assert_int_equal(run(&(struct probe) { .extra = { hostile[i] } }, &request), 400);
    assert_int_equal(run(&(struct probe) { .extra = { "HTTP_COOKIE=foreign=\xff" } }, &request), 0);
}

/* abuse 9, 10 */
static void request__other_charsets_and_codings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        int status;
    } cases[] = {
        { "CONTENT_TYPE=application/json; charset=\"utf-8\"", 0 },
        { "CONTENT_TYPE=application/json;charset=utf-7", 400 },
        { "CONTENT_TYPE=application/json; x=1; Charset=latin1", 400 },
        { "CONTENT_TYPE=text/\x01", 400 },
        { "HTTP_CONTENT_ENCODING=gzip", 400 },
        { "HTTP_CONTENT_ENCODING=identity", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct request request;
        assert_int_equal(run(&(struct probe) { .extra = { cases[i].parameter } }, &request), cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request__takes_a_plain_request_apart),
        TEST(request__hostile_targets_are_refused),
        TEST(request__a_double_escape_is_decoded_once),
        TEST(request__authority_of_an_absolute_target_is_cut),
        TEST(request__base_path_is_cut_and_others_are_not_found),
        TEST(request__too_long_is_told_apart),
        TEST(request__more_parameters_than_allowed_are_refused),
        TEST(request__bodies_are_counted),
        TEST(request__a_body_over_the_limit_is_not_read_at_all),
        TEST(request__headers_of_strangers_change_nothing),
        TEST(request__transport_is_what_the_web_server_says),
        TEST(request__forwarded_headers_of_a_trusted_proxy_hold_or_refuse),
        TEST(request__loopback_needs_peer_and_client_on_this_machine),
        TEST(request__without_a_peer_is_refused),
        TEST(request__two_values_of_what_decides_are_refused),
        TEST(request__repeated_headers_are_told),
        TEST(request__authorization_survives_apaches_redirect),
        TEST(request__control_bytes_and_bad_utf8_in_headers_are_refused),
        TEST(request__other_charsets_and_codings_are_refused),
    };
    return UNIT_RUN(tests);
}
