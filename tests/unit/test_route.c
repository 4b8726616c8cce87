/* test_route.c: finding the row of a request. */
#include "core/base.h"

#include "unit.h"

#include "app/answer.h"
#include "app/route.h"
#include "core/text.h"
#include "domain/oauth/authorize.h"

static enum outcome nothing(struct call *call)
{
    (void)call;
    return OUTCOME_OK;
}

static void no_error(struct call *call, enum outcome outcome)
{
    (void)call;
    (void)outcome;
}

static const struct route rows[] = {
    { .method = "GET", .path = "/a", .who = BY_ANYONE, .handler = nothing },
    { .method = "POST", .path = "/a", .aliases = { "/b", "/c/d" }, .who = BY_ANYONE, .handler = nothing },
    { .method = "PUT", .path = "/users/{user}/apps/{client}", .who = BY_ANYONE, .handler = nothing },
    { .method = "GET", .path = "/users/me/apps/all", .who = BY_ANYONE, .handler = nothing },
    { .method = "GET", .path = "/", .who = BY_ANYONE, .handler = nothing },
};
static const struct route_family family = { "test", rows, ARRAY_SIZE(rows), no_error };
static const struct route_family *const families[] = { &family, NULL };

struct found {
    bool found;
    const struct route *route;
    const char *values[ROUTE_MAX_VALUES];
    enum outcome outcome;
    const char *allow;
};

static struct found find(struct arena *arena, const char *method, const char *path)
{
    const struct route_family *in;
    struct found found = { .outcome = OUTCOME_OK };
    found.found = route_find(arena, families, method, path, &in, &found.route, found.values, &found.outcome,
                             &found.allow);
    assert_ptr_equal(in, &family);
    return found;
}

/* A program that mistypes a path is told so in the words that it knows. */
static void route__nobodys_path_has_the_format_of_its_neighbours(void **state)
{
    static const struct route tokens[] = { { .path = "/api/oauth/token" } };
    static const struct route keys[] = { { .path = "/api/{org}/keys" },
                                         { .path = "/api/service/users/{id}" } };
    static const struct route work[] = { { .path = "/v1/auth/login" } };
    static const struct route_family first = { "first", tokens, 1, no_error };
    static const struct route_family second = { "second", keys, 2, no_error };
    static const struct route_family third = { "third", work, 1, no_error };
    static const struct route_family last = { "last", rows, 1, no_error };
    static const struct route_family *const all[] = { &first, &second, &third, &last, NULL };
    static const struct {
        const char *path;
        const struct route_family *family;
    } cases[] = {
        { "/api/service/nothing", &second },
        { "/api/service/users/1/x", &second },
        { "/api/oauth/nothing", &first },
        { "/api/other", &second },
        { "/api", &last },
        { "/api/", &first },
        { "/v1/auth/nothing", &third },
        { "/v1/nothing", &first },
        { "/oauth/token", &last },
    };
    struct arena *arena = arena_make(1 << 20);
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct route_family *in = NULL;
        const struct route *route;
        const char *values[ROUTE_MAX_VALUES], *allow;
        enum outcome outcome = OUTCOME_OK;
        assert_false(route_find(arena, all, "GET", cases[i].path, &in, &route, values, &outcome, &allow));
        assert_int_equal(outcome, OUTCOME_NOT_FOUND);
        assert_string_equal(in->name, cases[i].family->name);
    }
    arena_destroy(arena);
}

static void route__is_found_by_method_path_and_alias(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    assert_ptr_equal(find(arena, "GET", "/a").route, &rows[0]);
    assert_ptr_equal(find(arena, "HEAD", "/a").route, &rows[0]);
    assert_ptr_equal(find(arena, "POST", "/a").route, &rows[1]);
    assert_ptr_equal(find(arena, "POST", "/b").route, &rows[1]);
    assert_ptr_equal(find(arena, "POST", "/c/d").route, &rows[1]);
    assert_ptr_equal(find(arena, "GET", "/").route, &rows[4]);
    arena_destroy(arena);
}

static void route__gives_the_values_of_its_named_segments(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    struct found found = find(arena, "PUT", "/users/u-1/apps/c 2");
    assert_true(found.found);
    assert_string_equal(found.values[0], "u-1");
    assert_string_equal(found.values[1], "c 2");
    arena_destroy(arena);
}

static void route__has_one_spelling(void **state)
{
    (void)state;
    static const char *const others[] = {
        "/a/", "//a",  "/A", "/aa", "", "a", "/a/b", "/users//apps/c", "/users/u/apps/", "/users/u/apps/c/d",
        "/c",  "/c/d/"
    };
    struct arena *arena = arena_make(1 << 20);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_false(find(arena, "POST", others[i]).found);
        assert_int_equal(find(arena, "POST", others[i]).outcome, OUTCOME_NOT_FOUND);
    }
    arena_destroy(arena);
}

static void route__of_another_method_lists_those_that_are_allowed(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    struct found found = find(arena, "DELETE", "/a");
    assert_false(found.found);
    assert_int_equal(found.outcome, OUTCOME_METHOD_NOT_ALLOWED);
    assert_string_equal(found.allow, "GET, HEAD, POST");
    arena_destroy(arena);
}

/* The rule names the error that a client is redirected with, the table the one that a body tells. */
static void answer__an_error_has_one_name_by_redirect_and_in_a_body(void **state)
{
    (void)state;
    size_t travelling = 0;
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        const struct answer *answer = answer_for((enum outcome)outcome);
        if (!answer->by_redirect)
            continue;
        assert_string_equal(answer->name, authorize_error_name((enum outcome)outcome));
        travelling++;
    }
    assert_true(travelling > 10);
}

static void assert_phrase(int status)
{
    struct arena *arena = arena_make(1 << 20);
    struct response response;
    response_start(&response, arena);
    response_json(&response, status, "{}");
    const char *printed = (const char *)response_print(&response, true).data;
    const char *nothing = arena_printf(arena, "Status: %d Status\r\n", status);
    if (text_starts(printed, nothing))
        fail_msg("the status %d has no phrase", status);
    arena_destroy(arena);
}

static void answer__every_status_has_its_phrase(void **state)
{
    (void)state;
    for (int outcome = OUTCOME_OK; outcome < OUTCOME_COUNT; outcome++)
        assert_phrase(answer_for((enum outcome)outcome)->status);
    assert_phrase(201);
    assert_phrase(202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(route__nobodys_path_has_the_format_of_its_neighbours),
        cmocka_unit_test(route__is_found_by_method_path_and_alias),
        cmocka_unit_test(route__gives_the_values_of_its_named_segments),
        cmocka_unit_test(route__has_one_spelling),
        cmocka_unit_test(route__of_another_method_lists_those_that_are_allowed),
        cmocka_unit_test(answer__an_error_has_one_name_by_redirect_and_in_a_body),
        cmocka_unit_test(answer__every_status_has_its_phrase),
    };
    return UNIT_RUN(tests);
}
