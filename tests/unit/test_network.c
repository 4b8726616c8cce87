/* test_network.c: addresses and ranges. */
#include "unit.h"

#include "core/network.h"

static bool holds(const char *list, const char *text)
{
    struct ip_address address;
    return ip_parse(text, &address) && network_list_holds(list, &address);
}

static void network_list__holds_its_addresses_and_what_is_in_its_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *list, *address;
        bool holds;
    } rows[] = {
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.8", false },
        { "192.0.2.7", "::ffff:192.0.2.7", true },
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.6/31", "192.0.2.7", true },
        { "0.0.0.0/0", "203.0.113.1", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "2001:db8::/32", "2001:db8:ffff::1", true },
        { "2001:db8::/32", "2001:db9::1", false },
        { "::/0", "192.0.2.7", true },
        { "10.0.0.0/8 2001:db8::1", "2001:db8::1", true },
        { "nonsense 192.0.2.7", "192.0.2.7", true },
        { "", "192.0.2.7", false },
        { "192.0.2.0/24", "192.0.2", false },
        { "192.0.2.0/24", "", false },
        { "192.0.2.1/24", "192.0.2.1", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (holds(rows[i].list, rows[i].address) != rows[i].holds)
            fail_msg("%s in \"%s\"", rows[i].address, rows[i].list);
    }
    assert_false(holds(NULL, "192.0.2.7"));
}

static void network_list__is_valid_when_each_word_is(void **state)
{
    (void)state;
    static const char *const good[] = { "",    "192.0.2.7",     "192.0.2.0/24 10.0.0.0/8",
                                        "::1", "2001:db8::/32", "0.0.0.0/0" };
    static const char *const bad[] = { "x",           "192.0.2.7/33", "192.0.2.7/24",     "192.0.2.0/",
                                       "192.0.2.0/x", "192.0.2",      "2001:db8::1/32",   "::/129",
                                       "1.2.3.4/-1",  "1.2.3.4 x",    "192.0.2.0/24,::1", "192.0.2.007" };
    assert_true(network_list_is_valid(NULL));
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(network_list_is_valid(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (network_list_is_valid(bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_list__holds_its_addresses_and_what_is_in_its_ranges),
        cmocka_unit_test(network_list__is_valid_when_each_word_is),
    };
    return UNIT_RUN(tests);
}
