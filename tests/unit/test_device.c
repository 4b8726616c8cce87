/* Browsers that an account was used in: the cookie opens for its own browser, account and time alone. */
#include "unit.h"

#include "core/text.h"
#include "domain/login/browser.h"
#include "domain/login/device.h"
#include "keyfiles.h"

enum { NOW = 1800000000 };

static int set_up(void **state)
{
    static struct context context;
    context =
        (struct context) { .arena = arena_make(16 << 20), .keyfile = keyfile_with(KEY_LINE_OLD), .now = NOW };
    *state = &context;
    return 0;
}

static int tear_down(void **state)
{
    struct context *context = *state;
    keyfile_free((struct keyfile *)(uintptr_t)context->keyfile);
    arena_destroy(context->arena);
    return 0;
}

static const char *account(struct context *context, int number)
{
    return arena_printf(context->arena, "person%d@example.org", number);
}

static void device__is_known_in_its_browser_for_its_account_and_time_130(void **state)
{
    struct context *context = *state;
    const char *browser = browser_new(context), *other = browser_new(context);
    const char *devices = device_remember(context, browser, NULL, account(context, 1));
    assert_true(device_is_known(context, browser, devices, account(context, 1), 0));
    assert_true(device_is_known(context, browser, devices, account(context, 1), NOW));
    assert_false(device_is_known(context, browser, devices, account(context, 1), NOW + 1));
    assert_false(device_is_known(context, other, devices, account(context, 1), 0));
    assert_false(device_is_known(context, browser, devices, account(context, 2), 0));
    assert_false(device_is_known(context, NULL, devices, account(context, 1), 0));
    assert_false(device_is_known(context, browser, NULL, account(context, 1), 0));
}

static void device__every_changed_character_is_refused(void **state)
{
    struct context *context = *state;
    const char *browser = browser_new(context);
    const char *devices = device_remember(context, browser, NULL, account(context, 1));
    for (size_t i = 0; devices[i] != '\0'; i++) {
        char *changed = arena_strdup(context->arena, devices);
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        assert_false(device_is_known(context, browser, changed, account(context, 1), 0));
    }
}

static void device__eight_accounts_are_kept_the_newest_first(void **state)
{
    struct context *context = *state;
    const char *browser = browser_new(context), *devices = NULL;
    for (int number = 0; number < 9; number++)
        devices = device_remember(context, browser, devices, account(context, number));
    assert_false(device_is_known(context, browser, devices, account(context, 0), 0));
    for (int number = 1; number < 9; number++)
        assert_true(device_is_known(context, browser, devices, account(context, number), 0));
    size_t length = strlen(devices);
    assert_int_equal(strlen(device_remember(context, browser, devices, account(context, 5))), length);
}

static void device__foreign_text_is_not_sent_back(void **state)
{
    struct context *context = *state;
    const char *browser = browser_new(context);
    static const char *const cases[] = { "~~~", "x; Domain=evil", "a b", "\"", "abc~<script>", "." };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *devices = device_remember(context, browser, cases[i], account(context, 1));
        assert_null(strpbrk(devices, " ;,\"<>=\\"));
        assert_true(device_is_known(context, browser, devices, account(context, 1), 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(device__is_known_in_its_browser_for_its_account_and_time_130, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(device__every_changed_character_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(device__eight_accounts_are_kept_the_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(device__foreign_text_is_not_sent_back, set_up, tear_down),
    };
    return UNIT_RUN(tests);
}
