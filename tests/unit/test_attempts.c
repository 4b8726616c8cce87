/* Guesses: how long the next one has to wait. */
#include "unit.h"

#include "domain/login/attempts.h"

enum { NOW_MS = 1800000000 };

static const struct attempt_limit ten = { "password", "someone", .limit = 10, .window_s = 900,
                                          .grows = true };

static int64_t wait(const struct attempt_limit *limit, int64_t count, int64_t first_ago_ms,
                    int64_t last_ago_ms)
{
    const struct attempts_made made = { count, NOW_MS - first_ago_ms, NOW_MS - last_ago_ms };
    return attempts_wait_ms(limit, &made, NOW_MS);
}

static void attempts__first_half_is_free(void **state)
{
    (void)state;
    for (int64_t count = 0; count < 5; count++)
        assert_int_equal(wait(&ten, count, 0, 0), 0);
}

static void attempts__second_half_waits_twice_as_long_each_time(void **state)
{
    (void)state;
    static const int64_t seconds[] = { 1, 2, 4, 8, 16 };
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(wait(&ten, 5 + i, 60000, 0), seconds[i] * 1000);
        assert_int_equal(wait(&ten, 5 + i, 60000, 300), seconds[i] * 1000 - 300);
        assert_int_equal(wait(&ten, 5 + i, 60000, seconds[i] * 1000), 0);
    }
}

static void attempts__at_the_limit_the_window_must_move_on(void **state)
{
    (void)state;
    assert_int_equal(wait(&ten, 10, 100000, 50000), 800000);
    assert_int_equal(wait(&ten, 11, 899999, 50000), 1);
    assert_int_equal(wait(&ten, 10, 900000, 50000), 0);
}

static void attempts__without_growth_only_the_limit_counts(void **state)
{
    (void)state;
    const struct attempt_limit plain = { "address", "::1", .limit = 4, .window_s = 60 };
    assert_int_equal(wait(&plain, 3, 0, 0), 0);
    assert_int_equal(wait(&plain, 4, 20000, 0), 40000);
}

static void attempts__a_wait_is_never_longer_than_the_window(void **state)
{
    (void)state;
    const struct attempt_limit many = { "password", "someone", .limit = 1000000, .window_s = 900,
                                        .grows = true };
    assert_int_equal(wait(&many, 500009, 899000, 0), 512000);
    assert_int_equal(wait(&many, 500010, 899000, 0), 900000);
    assert_int_equal(wait(&many, 999999, 899000, 0), 900000);
}

static void attempts__a_limit_of_one_is_one(void **state)
{
    (void)state;
    const struct attempt_limit one = { "password", "someone", .limit = 1, .window_s = 900, .grows = true };
    assert_int_equal(wait(&one, 0, 0, 0), 0);
    assert_int_equal(wait(&one, 1, 0, 0), 900000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts__first_half_is_free),
        cmocka_unit_test(attempts__second_half_waits_twice_as_long_each_time),
        cmocka_unit_test(attempts__at_the_limit_the_window_must_move_on),
        cmocka_unit_test(attempts__without_growth_only_the_limit_counts),
        cmocka_unit_test(attempts__a_wait_is_never_longer_than_the_window),
        cmocka_unit_test(attempts__a_limit_of_one_is_one),
    };
    return UNIT_RUN(tests);
}
