/* test_browser.c: what ties a form to the browser that it was shown in. */
#include "unit.h"

#include "domain/login/browser.h"
#include "keyfiles.h"

struct fixture {
    struct context context;
    struct keyfile *keyfile;
};

static int set_up(void **state)
{
    struct arena *arena = arena_make(1 << 20);
    struct fixture *fixture = arena_alloc(arena, sizeof *fixture);
    fixture->keyfile = keyfile_with(KEY_LINE_NEW);
    fixture->context = (struct context) { .arena = arena, .keyfile = fixture->keyfile };
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    keyfile_free(fixture->keyfile);
    arena_destroy(fixture->context.arena);
    return 0;
}

static enum outcome check(struct fixture *fixture, const char *cookie, const char *form, const char *flow,
                          const char *token)
{
    return browser_check_form(&fixture->context, cookie, form, flow, token);
}

static void browser__its_own_form_is_taken(void **state)
{
    struct fixture *fixture = *state;
    const char *cookie = browser_new(&fixture->context);
    assert_true(browser_is_valid(cookie));
    const char *token = browser_form_token(&fixture->context, cookie, "login", "flow");
    assert_int_equal(check(fixture, cookie, "login", "flow", token), OUTCOME_OK);
    assert_int_equal(check(fixture, cookie, "login", "flow", token), OUTCOME_OK);
}

/* T-66: a sign-in form that another site sends has no cookie of ours, or another browser's token. */
static void browser__a_form_without_the_browsers_cookie_is_foreign_T66(void **state)
{
    struct fixture *fixture = *state;
    const char *cookie = browser_new(&fixture->context), *other = browser_new(&fixture->context);
    const char *token = browser_form_token(&fixture->context, cookie, "login", "");
    assert_string_not_equal(cookie, other);
    assert_int_equal(check(fixture, NULL, "login", "", token), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, "", "login", "", token), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, other, "login", "", token), OUTCOME_FOREIGN_FORM);
}

/* T-67, T-72: missing, empty, cut, foreign and reused-elsewhere tokens. */
static void browser__a_token_counts_for_its_form_and_flow_alone_T67(void **state)
{
    struct fixture *fixture = *state;
    const char *cookie = browser_new(&fixture->context);
    const char *token = browser_form_token(&fixture->context, cookie, "logout", "a");
    const char *cut = arena_strndup(fixture->context.arena, token, strlen(token) - 1);
    char *turned = arena_strdup(fixture->context.arena, token);
    turned[3] = turned[3] == 'A' ? 'B' : 'A';
    const char *const wrong[] = { NULL, "", cut, turned, "AAAA", "!!!!", cookie };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(check(fixture, cookie, "logout", "a", wrong[i]), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, cookie, "logout", "b", token), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, cookie, "login", "a", token), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, cookie, "logouta", "", token), OUTCOME_FOREIGN_FORM);
    assert_int_equal(check(fixture, cookie, "logout", "a", token), OUTCOME_OK);
}

static void browser__words_can_not_move_between_form_and_flow(void **state)
{
    struct fixture *fixture = *state;
    const char *cookie = browser_new(&fixture->context);
    const char *token = browser_form_token(&fixture->context, cookie, "a b", "c");
    assert_int_equal(check(fixture, cookie, "a", "b c", token), OUTCOME_FOREIGN_FORM);
}

static void browser__only_cookies_of_our_form_are_valid(void **state)
{
    struct fixture *fixture = *state;
    const char *cookie = browser_new(&fixture->context);
    assert_false(browser_is_valid(NULL));
    assert_false(browser_is_valid(""));
    assert_false(browser_is_valid(cookie + 1));
    assert_false(browser_is_valid(arena_printf(fixture->context.arena, "%sA", cookie)));
    assert_false(browser_is_valid("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"));
    assert_null(browser_form_token(&fixture->context, "short", "login", ""));
}

/* A form that was shown before a new key was put on top still counts. */
static void browser__tokens_outlive_a_new_key(void **state)
{
    struct fixture *fixture = *state;
    struct keyfile *old = keyfile_with(KEY_LINE_OLD), *both = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    const char *cookie = browser_new(&fixture->context);
    fixture->context.keyfile = old;
    const char *token = browser_form_token(&fixture->context, cookie, "login", "");
    fixture->context.keyfile = both;
    assert_int_equal(check(fixture, cookie, "login", "", token), OUTCOME_OK);
    fixture->context.keyfile = fixture->keyfile;
    assert_int_equal(check(fixture, cookie, "login", "", token), OUTCOME_FOREIGN_FORM);
    keyfile_free(old);
    keyfile_free(both);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(browser__its_own_form_is_taken),
        TEST(browser__a_form_without_the_browsers_cookie_is_foreign_T66),
        TEST(browser__a_token_counts_for_its_form_and_flow_alone_T67),
        TEST(browser__words_can_not_move_between_form_and_flow),
        TEST(browser__only_cookies_of_our_form_are_valid),
        TEST(browser__tokens_outlive_a_new_key),
    };
    return UNIT_RUN(tests);
}
