/* test_canonical.c: addresses and passwords in the one form in which they are compared. */
#include "unit.h"

#include "crypto/password.h"
#include "core/strbuf.h"
#include "domain/login/canonical.h"

static int make_arena(void **state)
{
    *state = arena_make(1 << 20);
    return 0;
}

static int drop_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

/* T-90: each spelling of one mailbox has the same key, and so the same counter. */
static void email__spellings_of_one_address_share_a_key(void **state)
{
    static const struct {
        const char *written, *key;
    } cases[] = {
        { "ann@example.org", "ann@example.org" },
        { "ANN@Example.ORG", "ann@example.org" },
        { "stra\u00dfe@example.org", "strasse@example.org" },
        { "STRASSE@example.org", "strasse@example.org" },
        { "jose\u0301@example.org", "jos\u00e9@example.org" },
        { "Jos\u00c9@example.org", "jos\u00e9@example.org" },
        { "ann@b\u00fccher.example", "ann@xn--bcher-kva.example" },
        { "ann@B\u00dcCHER.example", "ann@xn--bcher-kva.example" },
        { "ann@bu\u0308cher.example", "ann@xn--bcher-kva.example" },
        { "ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example" },
        { "a+tag@localhost", "a+tag@localhost" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(email_canonical(*state, cases[i].written), cases[i].key);
}

static void email__what_is_no_address_has_no_key(void **state)
{
    static const char *const cases[] = {
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@b@example.org",
        "ann @example.org",
        "ann@example .org",
        "ann\t@example.org",
        "ann\u202e@example.org",
        "ann\u200b@example.org",
        "ann\u00a0@example.org",
        "ann@.example.org",
        "ann@example.org.",
        "ann@example..org",
        "ann@exa_mple<b>.org",
        "ann@xn--a.example",
        "\xff@example.org",
        "ann\r\nbcc: x@example.org",
    };
    assert_null(email_canonical(*state, NULL));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (email_canonical(*state, cases[i]) != NULL)
            fail_msg("taken: %s", cases[i]);
    }
}

static void email__at_most_254_bytes_are_taken(void **state)
{
    char text[300];
    memset(text, 'a', sizeof text);
    memcpy(text + 254 - 12, "@example.org", 13);
    assert_non_null(email_canonical(*state, text));
    memset(text, 'a', sizeof text);
    memcpy(text + 255 - 12, "@example.org", 13);
    assert_null(email_canonical(*state, text));
}

/* RFC 5321 §4.5.3.1.1; who has a longer one keeps it. */
static void email__a_new_one_has_at_most_64_bytes_before_the_at(void **state)
{
    static const struct {
        const char *piece;
        size_t count;
        bool is_taken;
    } cases[] = { { "a", 1, true },       { "a", 64, true },       { "a", 65, false },
                  { "\u00e9", 32, true }, { "\u00e9", 33, false }, { "\u00df", 32, true } };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct strbuf email = strbuf_start(*state);
        for (size_t j = 0; j < cases[i].count; j++)
            strbuf_add_text(&email, cases[i].piece);
        strbuf_add_text(&email, "@example.org");
        assert_non_null(email_canonical(*state, email.data));
        assert_int_equal(email_canonical_new(*state, email.data) != NULL, cases[i].is_taken);
    }
    assert_null(email_canonical_new(*state, NULL));
    assert_null(email_canonical_new(*state, "ann@b@example.org"));
}

static void password__an_old_short_one_can_still_be_checked(void **state)
{
    assert_string_equal(password_normalise(*state, "short"), "short");
    assert_null(password_normalise(*state, ""));
}

/* T-64, security.md 40: names that would reorder or hide the text around them are not taken. */
static void name__hidden_and_reordering_characters_are_refused(void **state)
{
    (void)state;
    assert_true(person_name_is_plain("Ann O\u2019Neill", 2, 100));
    assert_true(person_name_is_plain("\u674e\u660e", 2, 100));
    assert_true(person_name_is_plain("<b>Ann</b>", 2, 100));
    assert_false(person_name_is_plain("Ann\u202egro.live", 2, 100));
    assert_false(person_name_is_plain("Ann\nBob", 2, 100));
    assert_false(person_name_is_plain("A", 2, 100));
    assert_false(person_name_is_plain("   ", 1, 100));
    assert_false(person_name_is_plain("\u00a0\u3000", 1, 100));
    assert_false(person_name_is_plain("\u3164\u115f \u1160\uffa0", 1, 100));
    assert_false(person_name_is_plain("\u2800\u2800", 1, 100));
    assert_false(person_name_is_plain("\u0300", 1, 100));
    assert_true(person_name_is_plain("\u0928\u0947\u0939\u093e", 1, 100));
    assert_true(person_name_is_plain(" A", 1, 100));
    assert_false(person_name_is_plain("abcdef", 2, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(email__spellings_of_one_address_share_a_key, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(email__what_is_no_address_has_no_key, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(email__at_most_254_bytes_are_taken, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(email__a_new_one_has_at_most_64_bytes_before_the_at, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(password__an_old_short_one_can_still_be_checked, make_arena,
                                        drop_arena),
        cmocka_unit_test(name__hidden_and_reordering_characters_are_refused),
    };
    return UNIT_RUN(tests);
}
