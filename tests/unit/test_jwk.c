/* Keys: the RFCs' own are read, written and summed up right; what isn't sound is refused. */
#include "unit.h"

#include "core/encode.h"
#include "crypto/jws.h"
#include "vectors.h"
#include "with_arena.h"

static struct jwk *parsed(const struct json *object)
{
    const char *error = NULL;
    struct jwk *key = jwk_parse(object, &error);
    if (!key)
        fail_msg("%s: %s", error, json_print(arena, object));
    assert_null(error);
    return key;
}

static void assert_refused(const struct json *object)
{
    const char *error = NULL;
    struct jwk *key = jwk_parse(object, &error);
    if (key)
        fail_msg("taken: %s", json_print(arena, object));
    assert_non_null(error);
}

static struct json *object_of(const char *text)
{
    const char *error = NULL;
    struct json *object = json_parse(arena, text, strlen(text), &error);
    if (!object)
        fail_msg("%s: %s", error, text);
    return object;
}

/* A fresh copy of the key in a vector. */
static struct json *key_of(const char *name)
{
    return object_of(json_print(arena, json_member(vector(arena, name), "jwk")));
}

static void jwk__reads_the_keys_of_rfc7517_A1_to_A3(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t index;
        const char *kty, *crv, *kid, *alg, *use;
        bool is_private;
    } keys[] = {
        { "rfc7517_A.1", 0, "EC", "P-256", "1", NULL, "enc", false },
        { "rfc7517_A.1", 1, "RSA", NULL, "2011-04-29", "RS256", NULL, false },
        { "rfc7517_A.2", 0, "EC", "P-256", "1", NULL, "enc", true },
        { "rfc7517_A.2", 1, "RSA", NULL, "2011-04-29", "RS256", NULL, true },
        { "rfc7517_A.3", 0, "oct", NULL, NULL, "A128KW", NULL, true },
        { "rfc7517_A.3", 1, "oct", NULL, "HMAC key used in JWS spec Appendix A.1 example", NULL, NULL, true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        struct json *set = json_member(vector(arena, keys[i].file), "keys");
        struct jwk *key = parsed(json_item(set, keys[i].index));
        const char *const got[] = { jwk_kty(key), jwk_crv(key), jwk_kid(key), jwk_alg(key), jwk_use(key) };
        const char *const wanted[] = { keys[i].kty, keys[i].crv, keys[i].kid, keys[i].alg, keys[i].use };
        for (size_t j = 0; j < ARRAY_SIZE(got); j++) {
            assert_int_equal(!got[j], !wanted[j]);
            if (got[j])
                assert_string_equal(got[j], wanted[j]);
        }
        assert_int_equal(jwk_is_private(key), keys[i].is_private);
        jwk_free(key);
    }
}

static void jwk__thumbprints_are_those_of_rfc7638_and_rfc8037(void **state)
{
    (void)state;
    static const char *const files[] = { "rfc7638_3.1", "rfc8037_A.3" };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct jwk *key = parsed(key_of(files[i]));
        assert_string_equal(jwk_thumbprint(key, arena),
                            json_member_text(vector(arena, files[i]), "thumbprint"));
        jwk_free(key);
    }
}

static const char *public_text(const struct jwk *key)
{
    struct json_writer writer = json_writer_start(arena);
    jwk_write_public(key, &writer, NULL);
    return writer.text.data;
}

static void assert_only_public_members(const struct json *object)
{
    static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "k" };
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
        assert_null(json_member(object, secrets[i]));
}

/* Every member of a vector's private key comes back, and the public form has none but public ones (98). */
static void jwk__writes_what_it_read_98(void **state)
{
    (void)state;
    static const char *const files[] = { "rfc7515_A.1", "rfc7515_A.2", "rfc7515_A.3", "rfc7515_A.4",
                                         "rfc8037_A.4" };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct json *wanted = key_of(files[i]);
        struct jwk *key = parsed(wanted);
        struct json *whole = object_of(jwk_print_private(key, arena)), *shown = object_of(public_text(key));
        assert_int_equal(json_count(whole), json_count(wanted));
        static const char *const members[] = { "kty", "crv", "n",  "e", "d", "p", "q",
                                               "dp",  "dq",  "qi", "x", "y", "k" };
        for (size_t j = 0; j < ARRAY_SIZE(members); j++) {
            if (json_member(wanted, members[j]))
                assert_string_equal(json_member_text(whole, members[j]),
                                    json_member_text(wanted, members[j]));
        }
        assert_only_public_members(shown);
        jwk_free(key);
        if (i == 0)
            continue; /* a symmetric key has no public form to read */
        struct jwk *again = parsed(shown);
        assert_false(jwk_is_private(again));
        jwk_free(again);
    }
}

static void jwk__generated_keys_fit_their_algorithm_and_come_back(void **state)
{
    (void)state;
    static const char *const names[] = { "RS256", "PS512", "ES256", "ES384",
                                         "ES512", "EdDSA", "HS256", "HS512" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct jwk *key = jwk_generate(names[i], "one \"kid\"");
        assert_true(jws_alg_fits(names[i], key));
        assert_true(jwk_is_private(key));
        struct jwk *again = parsed(object_of(jwk_print_private(key, arena)));
        assert_string_equal(jwk_kid(again), "one \"kid\"");
        assert_string_equal(jwk_alg(again), names[i]);
        assert_string_equal(jwk_use(again), "sig");
        assert_string_equal(jwk_thumbprint(again, arena), jwk_thumbprint(key, arena));
        jwk_free(key);
        jwk_free(again);
    }
}

/* --- what is refused --- */

/* The key of the file with one member put in place of its own (NULL puts null). */
static void assert_refused_with(const char *file, const char *member, const char *value)
{
    struct json *object = key_of(file);
    json_put_text(object, member, value);
    assert_refused(object);
}

/* length bytes, the first, the last and those between. */
static const char *number(size_t length, unsigned char first, unsigned char middle, unsigned char last)
{
    unsigned char *data = arena_alloc(arena, length);
    memset(data, middle, length);
    data[0] = first;
    data[length - 1] = last;
    return base64url_encode(arena, data, length);
}

static void jwk__rsa_keys_must_be_sound_96_103(void **state)
{
    (void)state;
    static const char *const exponents[] = { "",       "AA",    "AQ",    "Ag",          "AQAA",
                                             "AAEAAQ", "AQAB=", "AQAB ", "AQAAAAAAAAAB" };
    for (size_t i = 0; i < ARRAY_SIZE(exponents); i++)
        assert_refused_with("rfc7638_3.1", "e", exponents[i]);
    const char *const moduli[] = {
        "",
        number(255, 0xff, 0xab, 0xff),  /* 2040 bits */
        number(256, 0x7f, 0xab, 0xff),  /* 2047 bits */
        number(257, 0x00, 0xab, 0xff),  /* a zero in front */
        number(256, 0xff, 0xab, 0xfe),  /* even */
        number(2049, 0x01, 0xab, 0xff), /* 16385 bits */
        number(60000, 0xff, 0xab, 0xff),
    };
    for (size_t i = 0; i < ARRAY_SIZE(moduli); i++)
        assert_refused_with("rfc7638_3.1", "n", moduli[i]);
    struct json *largest = key_of("rfc7638_3.1");
    json_put_text(largest, "n", number(2048, 0xff, 0xab, 0xff));
    jwk_free(parsed(largest));
    json_put_text(largest, "e", "Aw");
    jwk_free(parsed(largest));
}

static void jwk__rsa_private_members_come_all_or_none(void **state)
{
    (void)state;
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi" };
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        assert_refused_with("rfc7515_A.2", members[i], NULL);
        assert_refused_with("rfc7515_A.2", members[i], "");
        assert_refused_with("rfc7638_3.1", members[i], "AQAB");
    }
    assert_refused_with("rfc7515_A.2", "p", json_member_text(key_of("rfc7515_A.2"), "q"));
    assert_refused_with("rfc7515_A.2", "n", json_member_text(key_of("rfc7638_3.1"), "n"));
    struct json *object = key_of("rfc7515_A.2");
    json_put(object, "oth", json_new_array(arena));
    assert_refused(object);
}

static void jwk__ec_points_must_be_on_their_curve_103(void **state)
{
    (void)state;
    struct json *key = key_of("rfc7515_A.3");
    const char *x = json_member_text(key, "x"), *y = json_member_text(key, "y");
    const char *const coordinates[] = {
        "",
        "AA",
        y,
        number(32, 0, 0, 0),
        number(32, 0xff, 0xff, 0xff),
        number(33, 0, 1, 1),
        number(31, 1, 1, 1),
        arena_printf(arena, "%sAA", x),
        arena_printf(arena, "%.42s", x),
    };
    for (size_t i = 0; i < ARRAY_SIZE(coordinates); i++)
        assert_refused_with("rfc7515_A.3", "x", coordinates[i]);
    static const char *const names[] = { NULL,    "",           "P-384",     "P-521",
                                         "p-256", "prime256v1", "secp256k1", "Ed25519" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_refused_with("rfc7515_A.3", "crv", names[i]);
    assert_refused_with("rfc7515_A.4", "crv", "P-256");
    assert_refused_with("rfc7515_A.3", "y", NULL);
}

static void jwk__ec_private_keys_must_belong_to_their_point(void **state)
{
    (void)state;
    const char *const secrets[] = {
        "",
        number(32, 0, 0, 0),
        number(32, 0, 0, 1),
        number(32, 0xff, 0xff, 0xff),
        number(31, 1, 1, 1),
        number(33, 0, 1, 1),
    };
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
        assert_refused_with("rfc7515_A.3", "d", secrets[i]);
}

/* Little-endian: y = 0, 1, p - 1, p, p + 1, both of order 8, and one that is on no curve. */
static void jwk__ed25519_points_must_be_on_the_curve_and_of_large_order_103(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    unsigned char data[32];
    for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
        assert_true(hex_decode(points[i], data, 32));
        assert_refused_with("rfc8037_A.3", "x", base64url_encode(arena, data, 32));
    }
    assert_refused_with("rfc8037_A.3", "x", number(31, 1, 1, 1));
    assert_refused_with("rfc8037_A.3", "x", number(33, 1, 1, 1));
    assert_refused_with("rfc8037_A.3", "crv", "Ed448");
    assert_refused_with("rfc8037_A.3", "crv", "X25519");
    assert_refused_with("rfc8037_A.4", "d", number(32, 1, 1, 1));
    assert_refused_with("rfc8037_A.4", "d", number(31, 1, 1, 1));
    struct json *other_sign = key_of("rfc8037_A.3"); /* the base point, and its negative */
    assert_true(hex_decode("5866666666666666666666666666666666666666666666666666666666666666", data, 32));
    json_put_text(other_sign, "x", base64url_encode(arena, data, 32));
    jwk_free(parsed(other_sign));
    data[31] |= 0x80;
    json_put_text(other_sign, "x", base64url_encode(arena, data, 32));
    jwk_free(parsed(other_sign));
}

static void jwk__members_must_have_their_types(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"\"",
        "1",
        "{\"kty\":null}",
        "{\"kty\":\"\"}",
        "{\"kty\":\"rsa\"}",
        "{\"kty\":\"oct\"}",
        "{\"kty\":\"oct\",\"k\":\"\"}",
        "{\"kty\":\"oct\",\"k\":null}",
        "{\"kty\":\"oct\",\"k\":7}",
        "{\"kty\":\"oct\",\"k\":\"AB\"}",
        "{\"kty\":\"oct\",\"k\":\"AAA=\"}",
        "{\"kty\":[\"oct\"],\"k\":\"AAAA\"}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_refused(object_of(texts[i]));
    assert_refused(NULL);
    static const char *const members[] = { "kty", "kid", "alg", "use", "n", "e", "x5c_is_not_looked_at" };
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        struct json *object = key_of("rfc7638_3.1");
        json_put_integer(object, members[i], 1);
        if (i + 1 < ARRAY_SIZE(members))
            assert_refused(object);
        else
            jwk_free(parsed(object));
    }
}

/* RFC 7517 §4.3: what the key may be used for. */
static void jwk__key_ops_and_use_are_kept_to(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        bool parses, signs, verifies;
    } cases[] = {
        { "", true, true, true },
        { ",\"use\":\"sig\"", true, true, true },
        { ",\"use\":\"enc\"", true, false, false },
        { ",\"use\":\"\"", true, false, false },
        { ",\"key_ops\":[\"sign\",\"verify\"]", true, true, true },
        { ",\"key_ops\":[\"sign\"]", true, true, false },
        { ",\"key_ops\":[\"verify\"]", true, false, true },
        { ",\"key_ops\":[]", true, false, false },
        { ",\"key_ops\":[\"encrypt\"]", true, false, false },
        { ",\"key_ops\":[\"sign\",\"sign\"]", false, false, false },
        { ",\"key_ops\":[1]", false, false, false },
        { ",\"key_ops\":\"sign\"", false, false, false },
        { ",\"key_ops\":null", false, false, false },
    };
    static const char secret[] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";
    struct jwk *plain = parsed(object_of(arena_printf(arena, "{\"kty\":\"oct\",\"k\":\"%s\"}", secret)));
    const char *error, *token = jws_sign(arena, plain, "HS256", NULL, (struct bytes) { NULL, 0 });
    struct jws jws;
    assert_true(jws_parse(arena, token, strlen(token), &jws, &error));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *text = arena_printf(arena, "{\"kty\":\"oct\",\"k\":\"%s\"%s}", secret, cases[i].members);
        struct jwk *key = jwk_parse(object_of(text), &error);
        assert_int_equal(key != NULL, cases[i].parses);
        if (!key)
            continue;
        assert_int_equal(jws_sign(arena, key, "HS256", NULL, (struct bytes) { NULL, 0 }) != NULL,
                         cases[i].signs);
        assert_int_equal(jws_verify(&jws, key, NULL), cases[i].verifies);
        jwk_free(key);
    }
    jwk_free(plain);
}

static void jwk__every_empty_member_is_refused_T117(void **state)
{
    (void)state;
    static const char *const files[] = { "rfc7515_A.1", "rfc7515_A.2", "rfc7515_A.3", "rfc7515_A.4",
                                         "rfc8037_A.4" };
    static const char *const members[] = { "kty", "crv", "n",  "e", "d", "p", "q",
                                           "dp",  "dq",  "qi", "x", "y", "k" };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(members); j++) {
            if (json_member(key_of(files[i]), members[j]))
                assert_refused_with(files[i], members[j], "");
        }
    }
    jwk_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jwk__reads_the_keys_of_rfc7517_A1_to_A3),
        TEST(jwk__thumbprints_are_those_of_rfc7638_and_rfc8037),
        TEST(jwk__writes_what_it_read_98),
        TEST(jwk__generated_keys_fit_their_algorithm_and_come_back),
        TEST(jwk__rsa_keys_must_be_sound_96_103),
        TEST(jwk__rsa_private_members_come_all_or_none),
        TEST(jwk__ec_points_must_be_on_their_curve_103),
        TEST(jwk__ec_private_keys_must_belong_to_their_point),
        TEST(jwk__ed25519_points_must_be_on_the_curve_and_of_large_order_103),
        TEST(jwk__members_must_have_their_types),
        TEST(jwk__key_ops_and_use_are_kept_to),
        TEST(jwk__every_empty_member_is_refused_T117),
    };
    return UNIT_RUN(tests);
}
