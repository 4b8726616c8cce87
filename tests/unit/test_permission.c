/* Permissions: which words grant access, and that whatever is missing doesn't. */
#include "unit.h"

#include "domain/permissions/permission.h"

static void permission__words_and_aliases_mean_what_the_contract_says(void **state)
{
    (void)state;
    static const char *const roles[][2] = {
        { "none", "none" },   { "guest", "none" },       { "user", "user" },         { "admin", "admin" },
        { "owner", "admin" }, { "superadmin", "admin" }, { "super-admin", "admin" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
        assert_string_equal(permission_role(roles[i][0]), roles[i][1]);
    assert_string_equal(permission_status("active"), "approved");
    assert_string_equal(permission_status("pending"), "pending");
    static const char *const others[] = { NULL, "", "Admin", "admin ", "root", "none\n" };
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_null(permission_role(others[i]));
        assert_null(permission_status(others[i]));
    }
    assert_null(permission_status("none"));
}

static void permission__whatever_is_missing_denies_T101(void **state)
{
    (void)state;
    assert_true(permission_grants("user", "approved", false));
    assert_true(permission_grants("admin", "approved", false));
    static const char *const roles[] = { NULL, "", "none", "owner", "user" };
    static const char *const statuses[] = { NULL, "", "pending", "revoked", "active", "approved" };
    for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
        for (size_t s = 0; s < ARRAY_SIZE(statuses); s++) {
            bool whole = r == ARRAY_SIZE(roles) - 1 && s == ARRAY_SIZE(statuses) - 1;
            assert_int_equal(permission_grants(roles[r], statuses[s], false), whole);
            assert_false(permission_grants(roles[r], statuses[s], true));
        }
    }
}

static void permission__only_a_client_that_demands_one_needs_it(void **state)
{
    (void)state;
    const struct client open = { .client_id = "open" };
    const struct client closed = { .client_id = "closed", .requires_permission = true };
    const struct permission_state none = { NULL, NULL, false, 0 }, user = { "user", "approved", false, 0 };
    assert_true(permission_suffices(&open, &none));
    assert_false(permission_suffices(&closed, &none));
    assert_true(permission_suffices(&closed, &user));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permission__words_and_aliases_mean_what_the_contract_says),
        cmocka_unit_test(permission__whatever_is_missing_denies_T101),
        cmocka_unit_test(permission__only_a_client_that_demands_one_needs_it),
    };
    return UNIT_RUN(tests);
}
