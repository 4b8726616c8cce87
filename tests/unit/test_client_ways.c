/* test_client_ways.c: the table of the ways in which clients prove who they are, and the keys they register.
 */
#include "with_arena.h"

#include "core/text.h"
#include "crypto/jws.h"
#include "domain/oauth/client_auth.h"
#include "domain/oauth/client_keys.h"

/* Calls check for each word of a list; returns how many there were. */
static size_t each_word(const char *list, void (*check)(const char *word))
{
    const char *word;
    size_t length, count = 0;
    for (; text_next_word(&list, ' ', &word, &length); count++)
        check(arena_strndup(arena, word, length));
    return count;
}

static void is_a_way(const char *name)
{
    const struct client_way *way = client_way_find(name);
    assert_non_null(way);
    assert_non_null(way->check);
    /* whoever shares a secret is never strong, and who proves nothing isn't either */
    assert_true(!way->strong || way->needs == NEEDS_KEYS || way->needs == NEEDS_SUBJECT);
    assert_int_equal(way->shown == SHOWN_ASSERTION, way->algs != NULL);
    assert_int_equal(way->needs == NEEDS_NOTHING, !text_has_word(client_way_proving_names, ' ', name));
}

static void client_ways__the_names_are_those_of_the_table(void **state)
{
    (void)state;
    assert_int_equal(each_word(client_way_names, is_a_way), 7);
    assert_int_equal(each_word(client_way_proving_names, is_a_way), 6);
    assert_null(client_way_find("client_secret"));
    assert_null(client_way_find(""));
    assert_null(client_way_find(NULL));
}

static void is_known(const char *alg)
{
    assert_true(text_has_word(jws_algs(), ' ', alg));
    assert_true(text_has_word(client_way_algs, ' ', alg));
}

static void is_of_keys(const char *alg)
{
    assert_true(text_has_word(client_way_find("private_key_jwt")->algs, ' ', alg));
    assert_false(text_has_word(client_way_find("client_secret_jwt")->algs, ' ', alg));
}

/* T-38: no algorithm is of both kinds of assertions. */
static void client_ways__algorithms_are_known_and_of_one_way(void **state)
{
    (void)state;
    assert_int_equal(each_word(client_way_algs, is_known), 14);
    assert_int_equal(each_word(client_way_find("private_key_jwt")->algs, is_of_keys), 11);
    assert_int_equal(each_word(client_way_find("client_secret_jwt")->algs, is_known), 3);
    assert_int_equal(each_word(client_strong_algs, is_of_keys), 4);
}

#define P256_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define P256_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define EC(more) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"" more "}"

static const struct json *parse(const char *text)
{
    const char *error;
    const struct json *value = json_parse(arena, text, strlen(text), &error);
    assert_non_null(value);
    return value;
}

/* security 96, 103: what could not verify, or must not be known, is no key of a client's. */
static void client_keys__what_is_no_set_of_public_keys_is_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[1]}",
        "{\"keys\":[{}]}",
        "{\"keys\":[" EC(",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"") "]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_Y "\",\"y\":\"" P256_X "\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[" EC(",\"kid\":\"a\"") "," EC(",\"kid\":\"a\"") "]}",
        "{\"keys\":[" EC(",\"kid\":\"\"") "]}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (!client_keys_check(arena, parse(bad[i])))
            print_message("# taken: %s\n", bad[i]);
        assert_non_null(client_keys_check(arena, parse(bad[i])));
    }
    assert_null(client_keys_check(arena, parse("{\"keys\":[" EC("") "]}")));
    assert_null(
        client_keys_check(arena, parse("{\"keys\":[" EC(",\"kid\":\"a\"") "," EC(",\"kid\":\"b\"") "]}")));
}

static void client_keys__fit_the_algorithms_that_they_can_sign_with(void **state)
{
    (void)state;
    const struct json *plain = parse("{\"keys\":[" EC("") "]}");
    assert_true(client_keys_fit(plain, "RS256 ES256"));
    assert_false(client_keys_fit(plain, "RS256 ES384 EdDSA HS256"));
    assert_false(client_keys_fit(plain, ""));
    assert_false(client_keys_fit(parse("{\"keys\":[" EC(",\"use\":\"enc\"") "]}"), "ES256"));
    assert_false(client_keys_fit(parse("{\"keys\":[" EC(",\"alg\":\"ES384\"") "]}"), "ES256"));
    assert_false(client_keys_are_named(plain));
    assert_true(client_keys_are_named(parse("{\"keys\":[" EC(",\"kid\":\"a\"") "]}")));
    assert_false(client_keys_are_named(parse("{\"keys\":[" EC(",\"kid\":\"a\"") "," EC("") "]}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(client_ways__the_names_are_those_of_the_table),
        TEST(client_ways__algorithms_are_known_and_of_one_way),
        TEST(client_keys__what_is_no_set_of_public_keys_is_refused),
        TEST(client_keys__fit_the_algorithms_that_they_can_sign_with),
    };
    return UNIT_RUN(tests);
}
