/* test_zone.c: days of time zones, and that the environment is as it was. */
#include "core/zone.h"
#include "unit.h"

enum { MOST = 8, DAY = 86400 };

static void zone__knows_names_and_offsets_and_nothing_else(void **state)
{
    static const char *const known[] = { "UTC", "Z", "+00:00", "-03:30", "+14:00", "Europe/Berlin" };
    static const char *const unknown[] = {
        "",      "Europe", "europe/nowhere", "../../etc/passwd", "/etc/passwd", "+15:00",
        "+1:00", "+01:60", "01:00",          "+01:000"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        assert_true(zone_is_known(known[i]));
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        assert_false(zone_is_known(unknown[i]));
}

static void zone__divides_into_days_weeks_and_months(void **state)
{
    int64_t starts[MOST];
    (void)state;
    /* Thursday, 1 January 1970 */
    assert_int_equal(zone_divide("UTC", ZONE_DAY, 3 * DAY + 5, 5 * DAY, starts, MOST), 3);
    assert_int_equal(starts[0], 3 * DAY);
    assert_int_equal(starts[2], 5 * DAY);
    assert_int_equal(zone_divide("UTC", ZONE_WEEK, 5 * DAY, 5 * DAY + 1, starts, MOST), 2);
    assert_int_equal(starts[0], 4 * DAY);
    assert_int_equal(starts[1], 11 * DAY);
    assert_int_equal(zone_divide("UTC", ZONE_MONTH, 31 * DAY, 60 * DAY, starts, MOST), 3);
    assert_int_equal(starts[0], 31 * DAY);
    assert_int_equal(starts[1], 59 * DAY);
    assert_int_equal(zone_divide("+05:30", ZONE_DAY, 10 * DAY, 10 * DAY + 1, starts, MOST), 2);
    assert_int_equal(starts[0], 10 * DAY - 19800);
    assert_int_equal(zone_divide("UTC", ZONE_DAY, 0, 100 * DAY, starts, MOST), 0);
}

static void zone__gives_the_environment_back(void **state)
{
    int64_t starts[MOST];
    (void)state;
    setenv("TZ", "America/New_York", 1);
    assert_int_equal(zone_divide("UTC", ZONE_DAY, 0, 1, starts, MOST), 2);
    assert_string_equal(getenv("TZ"), "America/New_York");
    unsetenv("TZ");
    assert_int_equal(zone_divide("-08:00", ZONE_DAY, DAY, DAY + 1, starts, MOST), 2);
    assert_null(getenv("TZ"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zone__knows_names_and_offsets_and_nothing_else),
        cmocka_unit_test(zone__divides_into_days_weeks_and_months),
        cmocka_unit_test(zone__gives_the_environment_back),
    };
    return UNIT_RUN(tests);
}
