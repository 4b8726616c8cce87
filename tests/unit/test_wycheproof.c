/*
 * Wycheproof's cases for JSON Web Signatures and Keys, every one, through jwk_parse(), jws_parse() and
 * jws_verify(). They lie outside of the source, in ../shared/wycheproof or DOORWARD_WYCHEPROOF; without
 * them the program is skipped.
 */
#include "unit.h"

#include "core/text.h"
#include "crypto/jws.h"
#include "vectors.h"

#include <unistd.h>

/* Cases that we answer otherwise than their file wants, with why. */
static const struct difference {
    const char *file;
    int64_t id;
    const char *reason;
} differences[] = {
    { "json_web_signature_test", 346, "PS384 by a key whose own alg is PS256: a key's alg pins it" },
    { "json_web_signature_test", 347, "the key's alg is ES521, which no algorithm is called" },
    { "json_web_signature_test", 350, "PS384 by a key whose own alg is PS256: a key's alg pins it" },
    { "json_web_signature_test", 351, "the key's alg is ES521, which no algorithm is called" },
    { "json_web_signature_test", 367,
      "the text bears no padding at all: it is well-formed and rightly signed" },
    { "json_web_signature_test", 370, "the same text as 367" },
    { "json_web_signature_test", 372, "'?' in the header is called valid: nothing but base64url is taken" },
    { "json_web_signature_test", 373, "'?' in the payload is called valid: nothing but base64url is taken" },
    { "json_web_key_test", 1,
      "a set of secret and public keys: sets are the caller's, keys are read one by one" },
    { "json_web_key_test", 4, "a kid twice in a set: sets are the caller's, keys are read one by one" },
    { "json_web_crypto_test", 47, "a set of secret and public keys: sets are the caller's" },
};

struct tally {
    const char *file;
    size_t valid, invalid, differing, other;
};

/* Every key of a set, or the one key: good when one of them verifies. */
static bool verifies(struct arena *arena, const struct json *keys, const char *text)
{
    struct jws jws;
    const char *error;
    const struct json *set = json_member(keys, "keys");
    size_t count = set ? json_count(set) : 1;
    bool good = false;
    if (!jws_parse(arena, text, strlen(text), &jws, &error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct jwk *key = jwk_parse(set ? json_item(set, i) : keys, &error);
        good |= key && jws_verify(&jws, key, NULL);
        jwk_free(key);
    }
    return good;
}

static const struct difference *find_difference(const char *file, int64_t id)
{
    for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
        if (text_equal(differences[i].file, file) && differences[i].id == id)
            return &differences[i];
    }
    return NULL;
}

static bool run_case(struct arena *arena, const struct json *group, const struct json *test,
                     struct tally *tally)
{
    const struct json *keys = json_member(group, "public");
    const char *text = json_member_text(test, "jws");
    int64_t id = 0;
    if (!text) {
        tally->other++; /* a JWE */
        return true;
    }
    assert_true(json_integer(json_member(test, "tcId"), &id));
    bool valid = text_equal(json_member_text(test, "result"), "valid");
    bool good = verifies(arena, keys ? keys : json_member(group, "private"), text);
    tally->valid += valid;
    tally->invalid += !valid;
    const struct difference *difference = find_difference(tally->file, id);
    bool as_wanted = good == valid;
    tally->differing += !as_wanted;
    if (!as_wanted || difference)
        print_message("# %s %d (%s) is %s: %s\n", tally->file, (int)id, json_member_text(test, "comment"),
                      good ? "verified" : "refused", difference ? difference->reason : "WRONG");
    return as_wanted != (difference != NULL);
}

static const char *folder(void)
{
    const char *given = getenv("DOORWARD_WYCHEPROOF");
    return given ? given : SOURCE_DIRECTORY "/../shared/wycheproof";
}

static void run_file(const char *name, struct tally *tally)
{
    struct arena *arena = arena_make(256 << 20);
    *tally = (struct tally) { .file = name };
    const struct json *file = json_file(arena, arena_printf(arena, "%s/%s.json", folder(), name));
    assert_non_null(file);
    const struct json *groups = json_member(file, "testGroups");
    size_t wrong = 0;
    for (size_t i = 0; i < json_count(groups); i++) {
        const struct json *group = json_item(groups, i), *tests = json_member(group, "tests");
        for (size_t j = 0; j < json_count(tests); j++)
            wrong += !run_case(arena, group, json_item(tests, j), tally);
    }
    print_message("# %s: %zu valid, %zu invalid, %zu answered otherwise on purpose, %zu not JWS\n", name,
                  tally->valid, tally->invalid, tally->differing, tally->other);
    arena_destroy(arena);
    assert_int_equal(wrong, 0);
}

static void wycheproof__json_web_signature(void **state)
{
    (void)state;
    struct tally tally;
    run_file("json_web_signature_test", &tally);
    assert_int_equal(tally.valid + tally.invalid, 401);
}

static void wycheproof__json_web_key(void **state)
{
    (void)state;
    struct tally tally;
    run_file("json_web_key_test", &tally);
    assert_int_equal(tally.valid + tally.invalid, 26);
}

static void wycheproof__the_signatures_of_json_web_crypto(void **state)
{
    (void)state;
    struct tally tally;
    run_file("json_web_crypto_test", &tally);
    assert_true(tally.valid > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof__json_web_signature),
        cmocka_unit_test(wycheproof__json_web_key),
        cmocka_unit_test(wycheproof__the_signatures_of_json_web_crypto),
    };
    if (access(folder(), X_OK) != 0) {
        puts("1..0 # SKIP the vectors are not there: set DOORWARD_WYCHEPROOF to their folder");
        return 0;
    }
    return UNIT_RUN(tests);
}
