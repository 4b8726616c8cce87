/* test_rfc3339.c: times as text, read strictly. */
#include "unit.h"

#include "core/rfc3339.h"

static void rfc3339__reads_times_in_every_zone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } times[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2023-11-14T22:13:20Z", 1700000000 },
        { "2023-11-14t22:13:20z", 1700000000 },
        { "2023-11-15T00:13:20+02:00", 1700000000 },
        { "2023-11-14T16:43:20-05:30", 1700000000 },
        { "2023-11-14T22:13:20.999999999Z", 1700000000 },
        { "2024-02-29T00:00:00Z", 1709164800 },
        { "9999-12-31T23:59:59Z", 253402300799 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        int64_t seconds = -1;
        assert_true(rfc3339_read(times[i].text, &seconds));
        assert_int_equal(seconds, times[i].seconds);
    }
}

static void rfc3339__refuses_everything_else(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "2023-11-14",
        "2023-11-14T22:13Z",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20Zx",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20+0200",
        "2023-11-14T22:13:20+24:00",
        "2023-11-14T24:00:00Z",
        "2023-11-14T22:60:00Z",
        "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2023-04-31T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        " 2023-11-14T22:13:20Z",
        "-2023-11-14T22:13:20Z",
        "23-11-14T22:13:20Z",
    };
    int64_t seconds;
    assert_false(rfc3339_read(NULL, &seconds));
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (rfc3339_read(texts[i], &seconds))
            fail_msg("taken: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339__reads_times_in_every_zone),
        cmocka_unit_test(rfc3339__refuses_everything_else),
    };
    return UNIT_RUN(tests);
}
