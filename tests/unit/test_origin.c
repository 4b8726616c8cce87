/* test_origin.c: which sites may cause a request, and whose scripts may read the answer. */
#include "core/base.h"

#include "unit.h"

#include "app/origin.h"
#include "app/route.h"

#define OURS "https://sso.example"
#define LISTED "https://app.example"

static enum outcome nothing(struct call *call)
{
    (void)call;
    return OUTCOME_OK;
}

struct asked {
    const char *origin, *referer, *site;
};

static char *parameter(struct arena *arena, const char *name, const char *value)
{
    return value ? arena_printf(arena, "%s=%s", name, value) : arena_printf(arena, "X_%s=", name);
}

static struct call *make_call(struct arena *arena, const struct route *route, const char *listed,
                              const struct asked *asked)
{
    struct settings *settings = arena_alloc(arena, sizeof(*settings));
    struct request *request = arena_alloc(arena, sizeof(*request));
    struct call *call = arena_alloc(arena, sizeof(*call));
    char **parameters = arena_array(arena, 4, sizeof(*parameters));
    parameters[0] = parameter(arena, "HTTP_ORIGIN", asked->origin);
    parameters[1] = parameter(arena, "HTTP_REFERER", asked->referer);
    parameters[2] = parameter(arena, "HTTP_SEC_FETCH_SITE", asked->site);
    settings->issuer = OURS "/path";
    settings->cors_origins = listed;
    *request = (struct request) { .arena = arena, .method = route->method, .parameters = parameters };
    *call = (struct call) { .arena = arena, .request = request, .route = route };
    call->context = (struct context) { .arena = arena, .settings = settings };
    response_start(&call->response, arena);
    return call;
}

static const char *header(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->response.header_count; i++) {
        if (strcmp(call->response.headers[i].name, name) == 0)
            return call->response.headers[i].value;
    }
    return NULL;
}

static void check(struct arena *arena, enum origin_rule rule, const struct asked *asked, bool fine)
{
    struct route route = { .method = "POST", .path = "/a", .origin = rule, .handler = nothing };
    struct call *call = make_call(arena, &route, "https://first.example " LISTED, asked);
    assert_int_equal(origin_check(call), fine ? OUTCOME_OK : OUTCOME_FOREIGN_FORM);
}

/* rule NOT_FOREIGN, rule REQUIRED */
static const struct {
    struct asked asked;
    bool not_foreign, required;
} table[] = {
    { { NULL, NULL, NULL }, true, false },
    { { OURS, NULL, NULL }, true, true },
    { { LISTED, NULL, NULL }, true, true },
    { { OURS, NULL, "same-origin" }, true, true },
    { { LISTED, NULL, "cross-site" }, true, true },
    { { LISTED, NULL, "same-site" }, true, true },
    { { NULL, OURS "/login?x=1", NULL }, true, true },
    { { NULL, LISTED "/", NULL }, true, true },
    { { NULL, NULL, "same-origin" }, true, false },
    { { NULL, NULL, "none" }, true, false },
    { { NULL, NULL, "same-site" }, false, false },
    { { NULL, NULL, "cross-site" }, false, false },
    { { NULL, NULL, "anything" }, false, false },
    { { OURS, NULL, "cross-site" }, false, false },
    { { "null", NULL, NULL }, false, false },
    { { "null", NULL, "same-origin" }, false, false },
    { { "*", NULL, NULL }, false, false },
    { { "https://evil.example", NULL, NULL }, false, false },
    { { "https://evil.example", OURS "/", NULL }, false, false },
    { { NULL, "https://evil.example/?" OURS, NULL }, false, false },
    { { NULL, "about:blank", NULL }, false, false },
    { { "https://sso.example.evil.example", NULL, NULL }, false, false },
    { { "http://sso.example", NULL, NULL }, false, false },
    { { "https://sso.example:444", NULL, NULL }, false, false },
    { { "https://sso.example/", NULL, NULL }, false, false },
    { { "HTTPS://SSO.EXAMPLE", NULL, NULL }, false, false },
    { { OURS " " LISTED, NULL, NULL }, false, false },
    { { OURS ", " OURS, NULL, NULL }, false, false },
};

static void origin__decides_who_may_cause_a_request_116_T_125(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        check(arena, ORIGIN_ANY, &table[i].asked, true);
        check(arena, ORIGIN_NOT_FOREIGN, &table[i].asked, table[i].not_foreign);
        check(arena, ORIGIN_REQUIRED, &table[i].asked, table[i].required);
    }
    arena_destroy(arena);
}

static const struct {
    const char *listed, *origin, *allowed;
    bool with_cookies;
} cors_table[] = {
    { "", NULL, NULL, false },
    { "", LISTED, NULL, false },
    { LISTED, NULL, LISTED, false },
    { LISTED, LISTED, LISTED, true },
    { "https://first.example " LISTED, LISTED, LISTED, true },
    { "https://first.example " LISTED, "https://evil.example", "https://first.example", false },
    { LISTED, "null", LISTED, false },
    { "*", LISTED, "*", false },
    { "*", "*", "*", false },
    { "* " LISTED, LISTED, LISTED, true },
    { LISTED " *", "https://evil.example", "*", false },
};

static void origin__cors_never_gives_cookies_to_who_isnt_listed_by_name(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    static const struct route route = {
        .method = "GET", .path = "/a", .cors = CORS_CREDENTIALS, .handler = nothing
    };
    for (size_t i = 0; i < ARRAY_SIZE(cors_table); i++) {
        struct asked asked = { .origin = cors_table[i].origin };
        struct call *call = make_call(arena, &route, cors_table[i].listed, &asked);
        origin_cors_headers(call);
        const char *allowed = header(call, "Access-Control-Allow-Origin");
        const char *credentials = header(call, "Access-Control-Allow-Credentials");
        assert_string_equal(allowed ? allowed : "-", cors_table[i].allowed ? cors_table[i].allowed : "-");
        assert_string_equal(credentials ? credentials : "-", cors_table[i].with_cookies ? "true" : "-");
        assert_string_equal(header(call, "Vary"), "Origin");
    }
    arena_destroy(arena);
}

static void origin__a_preflight_with_cookies_lists_every_method(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    static const struct route route = {
        .method = "GET", .path = "/a", .cors = CORS_CREDENTIALS, .handler = nothing
    };
    struct asked asked = { .origin = LISTED };
    struct call *call = make_call(arena, &route, LISTED, &asked);
    origin_answer_preflight(call);
    assert_int_equal(call->response.status, 204);
    assert_string_equal(header(call, "Access-Control-Allow-Methods"),
                        "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    assert_string_equal(header(call, "Access-Control-Allow-Headers"), "Content-Type, Authorization");
    arena_destroy(arena);
}

static void origin__a_script_with_a_token_may_name_its_call_and_what_it_changes(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    static const struct route route = {
        .method = "POST", .path = "/a", .cors = CORS_LISTED, .handler = nothing
    };
    struct asked asked = { .origin = LISTED };
    struct call *call = make_call(arena, &route, LISTED, &asked);
    call->allow = "POST";
    origin_answer_preflight(call);
    origin_cors_headers(call);
    assert_string_equal(header(call, "Access-Control-Allow-Headers"),
                        "Content-Type, Authorization, DPoP, Idempotency-Key, If-Match");
    assert_string_equal(header(call, "Access-Control-Expose-Headers"),
                        "DPoP-Nonce, ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, "
                        "RateLimit-Reset, Retry-After, WWW-Authenticate");
    assert_null(header(call, "Access-Control-Allow-Credentials"));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origin__decides_who_may_cause_a_request_116_T_125),
        cmocka_unit_test(origin__cors_never_gives_cookies_to_who_isnt_listed_by_name),
        cmocka_unit_test(origin__a_preflight_with_cookies_lists_every_method),
        cmocka_unit_test(origin__a_script_with_a_token_may_name_its_call_and_what_it_changes),
    };
    return UNIT_RUN(tests);
}
