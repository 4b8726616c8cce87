/* Tokens that were found good: remembered as a whole, and forgotten together. */
#include "unit.h"

#include "domain/verified.h"

static const unsigned char first[32] = "one token's hash", same_place[32] = "one token's HASH",
                           elsewhere[32] = "another token's hash";

static void verified__only_what_was_added_is_there(void **state)
{
    struct verified *verified = verified_make();
    (void)state;
    assert_false(verified_has(verified, first));
    verified_add(verified, first);
    assert_true(verified_has(verified, first));
    assert_false(verified_has(verified, same_place));
    assert_false(verified_has(verified, elsewhere));
    verified_free(verified);
}

static void verified__a_new_one_takes_the_place_of_an_older_one(void **state)
{
    struct verified *verified = verified_make();
    (void)state;
    verified_add(verified, first);
    verified_add(verified, elsewhere);
    verified_add(verified, same_place);
    assert_false(verified_has(verified, first));
    assert_true(verified_has(verified, same_place));
    assert_true(verified_has(verified, elsewhere));
    verified_free(verified);
}

static void verified__all_are_forgotten_when_keys_move(void **state)
{
    struct verified *verified = verified_make();
    (void)state;
    verified_add(verified, first);
    verified_add(verified, elsewhere);
    verified_forget(verified);
    assert_false(verified_has(verified, first));
    assert_false(verified_has(verified, elsewhere));
    verified_free(verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verified__only_what_was_added_is_there),
        cmocka_unit_test(verified__a_new_one_takes_the_place_of_an_older_one),
        cmocka_unit_test(verified__all_are_forgotten_when_keys_move),
    };
    return UNIT_RUN(tests);
}
