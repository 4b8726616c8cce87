/* New passwords: what is taken, and why another isn't. */
#include "unit.h"

#include "crypto/password.h"
#include "domain/login/passwords.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct settings settings = {
    .issuer = "https://accounts.zeppolino.example",
    .password_blocklist = SOURCE_DIRECTORY "/data/common-passwords.txt",
    .scrypt_log_n = 10,
    .scrypt_r = 8,
    .scrypt_p = 1,
    .max_concurrent_hashes = 1,
};

static struct context *context_of(void **state)
{
    return *state;
}

static int make_context(void **state)
{
    static struct context context;
    context =
        (struct context) { .arena = arena_make(64 << 20), .settings = &settings, .shared = shared_map(NULL) };
    *state = &context;
    return 0;
}

static int drop_context(void **state)
{
    shared_unmap(context_of(state)->shared);
    arena_destroy(context_of(state)->arena);
    return 0;
}

static enum password_problem judge_for(void **state, const char *password, const char *email,
                                       const char *name)
{
    const char *prepared;
    const struct password_owner owner = { email, name };
    enum password_problem problem = password_judge(context_of(state), password, &owner, &prepared);
    assert_int_equal(problem == PASSWORD_FINE, prepared != NULL);
    return problem;
}

static enum password_problem judge(void **state, const char *password)
{
    return judge_for(state, password, "ada.lovelace@example.org", "Ada K. Lovelace");
}

/* security 125: no composition rules, and nothing is cut off. */
static void passwords__length_counts_characters_and_ends_at_1024_bytes_T97(void **state)
{
    static const size_t lengths[] = { 64, 128, PASSWORD_MAX_BYTES, PASSWORD_MAX_BYTES + 1 };
    assert_int_equal(judge(state, NULL), PASSWORD_TOO_SHORT);
    assert_int_equal(judge(state, ""), PASSWORD_TOO_SHORT);
    assert_int_equal(judge(state, "xq7-vbz"), PASSWORD_TOO_SHORT);
    assert_int_equal(judge(state, "xq7-vbzk"), PASSWORD_FINE);
    assert_int_equal(judge(state, "\u00e9\u00e8\u00ea\u00eb\u00e0\u00e2\u00e4"), PASSWORD_TOO_SHORT);
    assert_int_equal(judge(state, "\u00e9\u00e8\u00ea\u00eb\u00e0\u00e2\u00e4\u00e7"), PASSWORD_FINE);
    assert_int_equal(judge(state, "xq7-vbzk\xff"), PASSWORD_NOT_TEXT);
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        char text[PASSWORD_MAX_BYTES + 2];
        uint32_t mixed = 1;
        for (size_t at = 0; at < lengths[i]; at++) {
            mixed = mixed * 1664525 + 1013904223;
            text[at] = (char)('!' + (mixed >> 16) % 89);
        }
        text[lengths[i]] = '\0';
        assert_int_equal(judge(state, text),
                         lengths[i] > PASSWORD_MAX_BYTES ? PASSWORD_TOO_LONG : PASSWORD_FINE);
    }
}

/* security 125: the same password typed on two keyboards is one password. */
static void passwords__are_composed_before_they_are_hashed(void **state)
{
    const char *composed, *decomposed;
    const struct password_owner nobody = { NULL, NULL };
    assert_int_equal(password_judge(context_of(state), "caf\u00e9 au lait", &nobody, &composed),
                     PASSWORD_FINE);
    assert_int_equal(password_judge(context_of(state), "cafe\u0301 au lait", &nobody, &decomposed),
                     PASSWORD_FINE);
    assert_string_equal(composed, decomposed);
}

/* security 125 */
static void passwords__that_differ_in_byte_73_are_two(void **state)
{
    struct context *context = context_of(state);
    char text[] =
        "a sentence that is long enough to have far more than seventy-two bytes in it, as some like it";
    const char *hash;
    assert_int_equal(password_hash_new(context, text, &hash), OUTCOME_OK);
    assert_true(password_check(context->arena, text, hash));
    text[72] ^= 1;
    assert_false(password_check(context->arena, text, hash));
}

/* security 126 */
static void passwords__that_are_common_are_refused_however_they_are_written(void **state)
{
    static const char *const cases[] = { "password",   "Password1",  "ILOVEYOU",   "sunshine", "football1",
                                         "qwertyuiop", "1q2w3e4r",   "princess",   "baseball", "trustno1",
                                         "!@#$%^&*",   "zxcvbnm123", "PASSWORD123" };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (judge(state, cases[i]) != PASSWORD_COMMON)
            fail_msg("taken: %s", cases[i]);
    assert_int_equal(judge(state, "passwor"), PASSWORD_TOO_SHORT);
    assert_int_equal(judge(state, "password-of-another-kind"), PASSWORD_FINE);
}

/* Both ends, and each line of the whole list. */
static void passwords__every_line_of_the_list_is_found(void **state)
{
    struct context *context = context_of(state);
    char line[PASSWORD_MAX_BYTES];
    size_t count = 0;
    FILE *file = fopen(settings.password_blocklist, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (judge(state, line) != PASSWORD_COMMON)
            fail_msg("not found: %s", line);
        count++;
        arena_reset(context->arena);
    }
    fclose(file);
    assert_true(count > 3000);
}

static void passwords__one_character_or_sequence_over_and_over_is_common(void **state)
{
    static const char *const common[] = { "kkkkkkkk",      "zqzqzqzqz",          "x9kx9kx9k",
                                          "t7-bt7-b",      "vbzkw-vbzkw-vbzkw-", "ijklmnopqrst",
                                          "tsrqponmlkjih", "KKKKKKKKK",          "23456789:;" };
    static const char *const fine[] = { "kkkkkkkkz", "vbzkw-vbzkw-", "ijklmnop7", "aabbccddee" };
    for (size_t i = 0; i < ARRAY_SIZE(common); i++)
        if (judge(state, common[i]) != PASSWORD_COMMON)
            fail_msg("taken: %s", common[i]);
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
        if (judge(state, fine[i]) != PASSWORD_FINE)
            fail_msg("refused: %s", fine[i]);
}

/* security 126: words of the context. */
static void passwords__of_the_person_or_the_site_are_refused(void **state)
{
    static const char *const personal[] = { "ada.lovelace@example.org",
                                            "ada.lovelace",
                                            "AdaLovelace",
                                            "Lovelace1815",
                                            "lovelace!ada",
                                            "!!lovelace",
                                            "zeppolino",
                                            "ZeppoLino2026",
                                            "accounts.zeppolino",
                                            "zeppolinoaccounts1",
                                            "ada k. lovelace" };
    static const char *const fine[] = { "lovelace18155", "zeppolino in a tree", "ada and charles",
                                        "examplexyz-7" };
    for (size_t i = 0; i < ARRAY_SIZE(personal); i++)
        if (judge(state, personal[i]) != PASSWORD_PERSONAL)
            fail_msg("taken: %s (%s)", personal[i], password_problem_words(judge(state, personal[i])));
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
        if (judge(state, fine[i]) != PASSWORD_FINE)
            fail_msg("refused: %s (%s)", fine[i], password_problem_words(judge(state, fine[i])));
    assert_int_equal(judge_for(state, "lovelace1815", NULL, NULL), PASSWORD_FINE);
    assert_int_equal(judge_for(state, "\u00c9lodie-Zo\u00e92", NULL, "\u00e9lodie Zo\u00e9"),
                     PASSWORD_PERSONAL);
}

/* T-97: what finds no place within a second is told to come back. */
static void passwords__hashing_has_a_limit(void **state)
{
    struct context *context = context_of(state);
    const char *hash;
    pid_t holder = fork();
    if (holder == 0) {
        while (!shared_gate_enter(context->shared, 1))
            usleep(1000); /* the other one is just looking */
        pause();
        _exit(1);
    }
    while (shared_gate_enter(context->shared, 1)) {
        shared_gate_leave(context->shared);
        usleep(1000);
    }
    assert_int_equal(password_hash_new(context, "something", &hash), OUTCOME_UNAVAILABLE);
    assert_true(context->retry_after_s > 0);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_int_equal(password_hash_new(context, "something", &hash), OUTCOME_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords__length_counts_characters_and_ends_at_1024_bytes_T97),
        cmocka_unit_test(passwords__are_composed_before_they_are_hashed),
        cmocka_unit_test(passwords__that_differ_in_byte_73_are_two),
        cmocka_unit_test(passwords__that_are_common_are_refused_however_they_are_written),
        cmocka_unit_test(passwords__every_line_of_the_list_is_found),
        cmocka_unit_test(passwords__one_character_or_sequence_over_and_over_is_common),
        cmocka_unit_test(passwords__of_the_person_or_the_site_are_refused),
        cmocka_unit_test(passwords__hashing_has_a_limit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_context, drop_context);
}
