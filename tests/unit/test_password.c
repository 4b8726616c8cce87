/* Passwords: RFC 7914's vectors in the "$s1$" form, and both ways with libscrypt. */
#include "unit.h"

#include "crypto/password.h"

#include <libscrypt.h>

static const struct scrypt_cost cheap = { .log_n = 10, .r = 8, .p = 1 };

/* RFC 7914 §12. The first case has an empty salt, which this form doesn't take, and the last would
 * take a gigabyte; both stay out. */
static const struct {
    const char *password, *hash;
} rfc7914[] = {
#include "../vectors/rfc7914_12.inc"
};

static void password__verifies_the_vectors_of_rfc7914(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    for (size_t i = 0; i < ARRAY_SIZE(rfc7914); i++) {
        assert_true(password_check(arena, rfc7914[i].password, rfc7914[i].hash));
        assert_false(password_check(arena, "other", rfc7914[i].hash));
    }
    arena_destroy(arena);
}

static void password__checks_what_it_hashed(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    const char *hash = password_hash(arena, "correct horse", &cheap);
    assert_int_equal(strncmp(hash, "$s1$0a0801$", 11), 0);
    assert_int_equal(strlen(hash), 11 + 24 + 1 + 88);
    assert_true(password_check(arena, "correct horse", hash));
    assert_false(password_check(arena, "correct hors", hash));
    assert_false(password_check(arena, "correct horse ", hash));
    assert_string_not_equal(hash, password_hash(arena, "correct horse", &cheap));
    arena_destroy(arena);
}

static void password__libscrypt_verifies_ours_and_we_verify_its(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    char *ours = arena_strdup(arena, password_hash(arena, "pässword", &cheap));
    char theirs[SCRYPT_MCF_LEN];
    assert_true(libscrypt_check(arena_strdup(arena, ours), "pässword") > 0);
    assert_true(libscrypt_check(arena_strdup(arena, ours), "password") <= 0);
    assert_true(libscrypt_hash(theirs, "pässword", 1024, 8, 2) > 0);
    assert_true(password_check(arena, "pässword", theirs));
    assert_false(password_check(arena, "password", theirs));
    arena_destroy(arena);
}

static void password__takes_1024_bytes_and_no_more(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    char longest[PASSWORD_MAX_BYTES + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    longest[PASSWORD_MAX_BYTES] = '\0';
    const char *hash = password_hash(arena, longest, &cheap);
    assert_true(password_check(arena, longest, hash));
    assert_true(libscrypt_check(arena_strdup(arena, hash), longest) > 0);
    longest[PASSWORD_MAX_BYTES - 1] = '\0';
    assert_false(password_check(arena, longest, hash));
    memset(longest, 'x', sizeof(longest) - 1);
    char too_long[SCRYPT_MCF_LEN];
    assert_true(libscrypt_hash(too_long, longest, 1024, 8, 1) > 0);
    assert_false(password_check(arena, longest, too_long));
    password_check_nobody(arena, longest, &cheap);
    arena_destroy(arena);
}

static void password__empty_ones_never_match_T35_T117(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    const char *hash = password_hash(arena, "", &cheap);
    assert_false(password_check(arena, "", hash));
    assert_false(password_check(arena, NULL, hash));
    assert_false(password_check(arena, "", ""));
    assert_false(password_check(arena, "x", ""));
    assert_false(password_check(arena, "x", NULL));
    assert_false(password_check(arena, "", NULL));
    password_check_nobody(arena, "", &cheap);
    password_check_nobody(arena, NULL, &cheap);
    arena_destroy(arena);
}

static void password__a_hash_of_another_form_never_matches(void **state)
{
    (void)state;
    struct arena *arena = arena_make(8 << 20);
    const char *hash = password_hash(arena, "correct horse", &cheap);
    for (size_t i = 0; i < strlen(hash); i++) {
        assert_false(password_check(arena, "correct horse", arena_strndup(arena, hash, i)));
        char *changed = arena_strdup(arena, hash);
        changed[i] = changed[i] == '%' ? '&' : '%';
        assert_false(password_check(arena, "correct horse", changed));
    }
    assert_false(password_check(arena, "correct horse", arena_printf(arena, "%sA", hash)));
    assert_false(password_check(arena, "correct horse", arena_printf(arena, "%s$", hash)));
    static const char *const hostile[] = { "$s1$000801$", "$s1$ff0801$", "$s1$0a0001$", "$s1$0a0800$",
                                           "$s1$18ffff$" };
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
        assert_false(password_check(arena, "x", arena_printf(arena, "%s%s", hostile[i], hash + 11)));
    arena_destroy(arena);
}

static void password__outdated_means_less_memory_or_less_work(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    const char *hash = password_hash(arena, "correct horse", &cheap);
    assert_false(password_is_outdated(hash, &cheap));
    assert_false(password_is_outdated(hash, &(struct scrypt_cost) { .log_n = 9, .r = 8, .p = 2 }));
    assert_true(password_is_outdated(hash, &(struct scrypt_cost) { .log_n = 11, .r = 8, .p = 1 }));
    assert_true(password_is_outdated(hash, &(struct scrypt_cost) { .log_n = 10, .r = 8, .p = 2 }));
    assert_true(password_is_outdated("", &cheap));
    assert_true(password_is_outdated(NULL, &cheap));
    assert_true(password_is_outdated("$2b$12$abcdefghijklmnopqrstuv", &cheap));
    arena_destroy(arena);
}

/* The default cost of the configuration needs more memory than OpenSSL takes by itself. */
static void password__costs_over_32_mib_work(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    const struct scrypt_cost cost = { .log_n = 16, .r = 8, .p = 1 };
    assert_true(password_check(arena, "correct horse", password_hash(arena, "correct horse", &cost)));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password__verifies_the_vectors_of_rfc7914),
        cmocka_unit_test(password__checks_what_it_hashed),
        cmocka_unit_test(password__libscrypt_verifies_ours_and_we_verify_its),
        cmocka_unit_test(password__takes_1024_bytes_and_no_more),
        cmocka_unit_test(password__empty_ones_never_match_T35_T117),
        cmocka_unit_test(password__a_hash_of_another_form_never_matches),
        cmocka_unit_test(password__outdated_means_less_memory_or_less_work),
        cmocka_unit_test(password__costs_over_32_mib_work),
    };
    return UNIT_RUN(tests);
}
