/* Signatures: the RFCs' own verify, ours verify, and nothing else does. */
#include "unit.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/jws.h"
#include "vectors.h"
#include "with_arena.h"

#include <openssl/evp.h>

/* What OpenSSL's verifying is made to answer, to see that only 1 counts. */
static int forced_answer = 1;
int __real_EVP_PKEY_verify(EVP_PKEY_CTX *context, const unsigned char *signature, size_t signature_length,
                           const unsigned char *hash, size_t hash_length);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *context, const unsigned char *signature, size_t signature_length,
                           const unsigned char *hash, size_t hash_length);
int __real_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
                            const unsigned char *data, size_t length);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
                            const unsigned char *data, size_t length);

int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *context, const unsigned char *signature, size_t signature_length,
                           const unsigned char *hash, size_t hash_length)
{
    if (forced_answer != 1)
        return forced_answer;
    return __real_EVP_PKEY_verify(context, signature, signature_length, hash, hash_length);
}

int __wrap_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
                            const unsigned char *data, size_t length)
{
    if (forced_answer != 1)
        return forced_answer;
    return __real_EVP_DigestVerify(context, signature, signature_length, data, length);
}

static const char *const all_algs[] = { "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
                                        "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519" };
static const char *const vectors[] = { "rfc7515_A.1", "rfc7515_A.2", "rfc7515_A.3", "rfc7515_A.4",
                                       "rfc8037_A.4" };

static struct jwk *keys[ARRAY_SIZE(all_algs)]; /* one for each algorithm, made once */

static int set_up_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        keys[i] = jwk_generate(all_algs[i], "kid-1");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        jwk_free(keys[i]);
    return 0;
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes) { (const unsigned char *)text, strlen(text) };
}

static struct jwk *key_from(const char *text)
{
    const char *error = NULL;
    struct jwk *key = jwk_parse(json_parse(arena, text, strlen(text), &error), &error);
    if (!key)
        fail_msg("%s: %s", error, text);
    return key;
}

static struct jwk *vector_key(const char *name)
{
    return key_from(json_print(arena, json_member(vector(arena, name), "jwk")));
}

static const char *vector_jws(const char *name)
{
    return json_member_text(vector(arena, name), "jws");
}

static bool parses(const char *text)
{
    struct jws jws;
    const char *error;
    bool fine = jws_parse(arena, text, strlen(text), &jws, &error);
    assert_int_equal(fine, error == NULL);
    return fine;
}

static bool verifies(const char *text, const struct jwk *key, const char *allowed)
{
    struct jws jws;
    const char *error;
    return jws_parse(arena, text, strlen(text), &jws, &error) && jws_verify(&jws, key, allowed);
}

static const char *signed_with(size_t i, const char *payload)
{
    const char *text = jws_sign(arena, keys[i], all_algs[i], "JWT", text_bytes(payload));
    assert_non_null(text);
    return text;
}

/* header, payload and signature as they are, made a compact JWS. */
static const char *compact(const char *header, const char *payload, struct bytes signature)
{
    return arena_printf(arena, "%s.%s.%s", base64url_encode(arena, header, strlen(header)),
                        base64url_encode(arena, payload, strlen(payload)),
                        base64url_encode(arena, signature.data, signature.length));
}

static void jws__verifies_the_examples_of_rfc7515_rfc7519_and_rfc8037(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct jwk *key = vector_key(vectors[i]), *other = vector_key(vectors[(i + 1) % ARRAY_SIZE(vectors)]);
        assert_true(verifies(vector_jws(vectors[i]), key, NULL));
        assert_false(verifies(vector_jws(vectors[i]), other, NULL));
        jwk_free(key);
        jwk_free(other);
    }
}

/* Of RS256 and EdDSA the whole text is determined, and the RFC's header is what ours is without kid. */
static void jws__signs_as_rfc7515_A2_and_rfc8037_A4_do(void **state)
{
    (void)state;
    static const struct {
        const char *file, *alg;
    } cases[] = { { "rfc7515_A.2", "RS256" }, { "rfc8037_A.4", "EdDSA" } };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct jwk *key = vector_key(cases[i].file);
        const char *text = vector_jws(cases[i].file), *error;
        struct jws jws;
        assert_true(jws_parse(arena, text, strlen(text), &jws, &error));
        assert_string_equal(jws_sign(arena, key, cases[i].alg, NULL, jws.payload), text);
        jwk_free(key);
    }
}

static void jws__every_changed_character_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct jwk *key = vector_key(vectors[i]);
        const char *text = vector_jws(vectors[i]);
        for (size_t at = 0; text[at]; at++) {
            char *changed = arena_strdup(arena, text);
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            assert_false(verifies(changed, key, NULL));
        }
        assert_false(verifies(arena_strndup(arena, text, strlen(text) - 1), key, NULL));
        assert_false(verifies(arena_printf(arena, "%sA", text), key, NULL));
        assert_false(verifies(arena_printf(arena, "%s=", text), key, NULL));
        jwk_free(key);
    }
}

static void jws__every_algorithm_signs_and_verifies_and_is_listed(void **state)
{
    (void)state;
    size_t count = 0, length;
    const char *cursor = jws_algs(), *word;
    while (text_next_word(&cursor, ' ', &word, &length))
        count++;
    assert_int_equal(count, ARRAY_SIZE(all_algs));
    for (size_t i = 0; i < ARRAY_SIZE(all_algs); i++) {
        struct jws jws;
        const char *error, *text = signed_with(i, "{\"sub\":\"1\"}");
        assert_true(text_has_word(jws_algs(), ' ', all_algs[i]));
        assert_true(jws_parse(arena, text, strlen(text), &jws, &error));
        assert_string_equal(jws.alg, all_algs[i]);
        assert_string_equal(jws.kid, "kid-1");
        assert_string_equal(jws.typ, "JWT");
        assert_int_equal(jws.payload.length, 11);
        assert_memory_equal(jws.payload.data, "{\"sub\":\"1\"}", 11);
        assert_true(jws_verify(&jws, keys[i], NULL));
        assert_true(jws_verify(&jws, keys[i],
                               "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 "
                               "ES384 ES512 EdDSA Ed25519"));
        assert_false(jws_verify(&jws, keys[i], ""));
        assert_false(jws_verify(&jws, keys[i], "none XS256"));
    }
}

/* T-38: a key is good for its own type and algorithm only, whatever the token says. */
static void jws__the_algorithm_is_pinned_by_the_key_T38(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all_algs); i++) {
        const char *text = signed_with(i, "x");
        for (size_t j = 0; j < ARRAY_SIZE(all_algs); j++) {
            assert_int_equal(jws_alg_fits(all_algs[j], keys[i]), i == j);
            assert_int_equal(verifies(text, keys[j], NULL), i == j);
            if (i != j)
                assert_null(jws_sign(arena, keys[i], all_algs[j], NULL, text_bytes("x")));
        }
    }
    static const char *const unknown[] = { NULL, "", "none", "HS1", "rs256", "RS256 ", "ES256K", "Ed25519" };
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        assert_false(jws_alg_fits(unknown[i], keys[0]));
}

/* One key without an "alg" of its own serves each algorithm of its type, and each only as itself. */
static void jws__a_key_without_alg_serves_its_family(void **state)
{
    (void)state;
    static const char *const names[] = { "RS256", "PS256", "RS512", "PS384", "RS256" };
    struct jwk *key = vector_key("rfc7515_A.2"), *curve = vector_key("rfc7515_A.3");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *text = jws_sign(arena, key, names[i], NULL, text_bytes("x"));
        assert_true(verifies(text, key, names[i]));
        assert_false(verifies(text, key, "RS384"));
    }
    assert_false(jws_alg_fits("HS256", key));
    assert_false(jws_alg_fits("ES384", curve));
    assert_true(jws_alg_fits("ES256", curve));
    jwk_free(key);
    jwk_free(curve);
}

/* The classic: an HMAC over the token under the public key's own bytes. */
static void jws__an_rsa_public_key_is_no_hmac_key_T38(void **state)
{
    (void)state;
    struct jwk *rsa = vector_key("rfc7638_3.1");
    const char *n = json_member_text(json_member(vector(arena, "rfc7638_3.1"), "jwk"), "n");
    struct jwk *forged = key_from(arena_printf(arena, "{\"kty\":\"oct\",\"k\":\"%s\"}", n));
    const char *text = jws_sign(arena, forged, "HS256", NULL, text_bytes("{\"sub\":\"admin\"}"));
    assert_true(verifies(text, forged, NULL));
    assert_false(verifies(text, rsa, NULL));
    jwk_free(rsa);
    jwk_free(forged);
}

static void jws__none_does_not_exist_T39(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"None\"}",    "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"NONE\"}", "{\"alg\":\"\"}",        "{\"alg\":null}",
        "{\"alg\":0}",        "{\"alg\":[\"HS256\"]}", "{}",
        "{\"typ\":\"JWT\"}",
    };
    static const struct bytes nothing = { NULL, 0 };
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        assert_false(parses(compact(headers[i], "{}", nothing)));
    assert_false(parses(vector_jws("rfc7519_6.1")));
    assert_false(verifies(compact("{\"alg\":\"HS256\"}", "{}", nothing), keys[0], NULL));
}

/* RFC 7797 §4: the example with its payload encoded is a JWS like any other, the one without is none. */
static void jws__a_payload_that_is_not_encoded_is_refused_as_rfc7797_has_it(void **state)
{
    (void)state;
    struct jws jws;
    const char *error, *text = vector_jws("rfc7797_4");
    const char *bare = json_member_text(vector(arena, "rfc7797_4"), "unencoded");
    struct jwk *key = vector_key("rfc7797_4");
    assert_true(verifies(text, key, "HS256"));
    assert_true(jws_parse(arena, text, strlen(text), &jws, &error));
    assert_int_equal(jws.payload.length, 4);
    assert_memory_equal(jws.payload.data, "$.02", 4);
    const char *with =
        arena_printf(arena, "%.*s.$.02.%s", (int)strcspn(bare, "."), bare, strrchr(bare, '.') + 1);
    assert_false(parses(bare));
    assert_false(parses(with));
    jwk_free(key);
}

/* Also when their value is null or empty: their being there is enough (T-43: "zip"). */
static void jws__crit_b64_and_zip_are_refused_T43(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"crit\":[]",  "\"crit\":[\"exp\"]", "\"crit\":null",   "\"b64\":false",
        "\"b64\":true", "\"b64\":null",       "\"zip\":\"DEF\"", "\"zip\":null",
    };
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"HS256\",%s}", members[i]);
        assert_false(parses(compact(header, "{}", text_bytes("01234567890123456789012345678901"))));
    }
}

/* T-41: the token brings its own key along; it's the one that we know that counts. */
static void jws__a_key_in_the_header_is_not_looked_at_T41(void **state)
{
    (void)state;
    const size_t es256 = 9;
    struct jwk *attacker = jwk_generate("ES256", "kid-1");
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "alg", "ES256");
    jwk_write_public(attacker, &writer, "jwk");
    json_write_text(&writer, "jku", "https://attacker.example/jwks");
    json_close_object(&writer);
    const char *text = jws_sign(arena, attacker, "ES256", NULL, text_bytes("{}"));
    const char *forged = arena_printf(
        arena, "%s%s", base64url_encode(arena, writer.text.data, writer.text.length), strchr(text, '.'));
    assert_true(parses(forged));
    assert_false(verifies(forged, keys[es256], NULL));
    assert_false(verifies(text, keys[es256], NULL));
    jwk_free(attacker);
}

static void jws__only_one_means_good_T44(void **state)
{
    (void)state;
    static const int answers[] = { 0, -1, -2, 2, 256, INT32_MAX };
    for (size_t i = 3; i < ARRAY_SIZE(all_algs); i++) {
        const char *text = signed_with(i, "x");
        for (size_t j = 0; j < ARRAY_SIZE(answers); j++) {
            forced_answer = answers[j];
            bool good = verifies(text, keys[i], NULL);
            forced_answer = 1;
            assert_false(good);
        }
        assert_true(verifies(text, keys[i], NULL));
    }
}

/* CVE-2022-21449 and its kin: r | s of exact length, neither zero nor the group's order. */
static void jws__ecdsa_signatures_have_one_form_104(void **state)
{
    (void)state;
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    struct jwk *key = vector_key("rfc7515_A.3");
    const char *text = vector_jws("rfc7515_A.3"), *error;
    struct jws jws;
    unsigned char pair[72] = { 0 };
    assert_true(jws_parse(arena, text, strlen(text), &jws, &error));
    struct bytes good = jws.signature;
    const struct {
        bool r, s; /* which half is the good one; the other is zero, or the order in the second round */
    } halves[] = { { false, false }, { true, false }, { false, true } };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
            memset(pair, 0, sizeof(pair));
            if (round == 1)
                assert_true(hex_decode(order, pair, 32) && hex_decode(order, pair + 32, 32));
            if (halves[i].r)
                memcpy(pair, good.data, 32);
            if (halves[i].s)
                memcpy(pair + 32, good.data + 32, 32);
            jws.signature = (struct bytes) { pair, 64 };
            assert_false(jws_verify(&jws, key, NULL));
        }
    }
    static const size_t lengths[] = { 0, 1, 32, 63, 65, 66, 70, 72 };
    memcpy(pair, good.data, 64);
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        jws.signature = (struct bytes) { pair, lengths[i] };
        assert_false(jws_verify(&jws, key, NULL));
    }
    jws.signature = good;
    assert_true(jws_verify(&jws, key, NULL));
    jwk_free(key);
}

/* The right signature in the DER form of X.509 (RFC 7518 §3.4 wants r | s). */
static void jws__ecdsa_in_der_is_refused_104(void **state)
{
    (void)state;
    struct jwk *key = vector_key("rfc7515_A.3");
    const char *text = vector_jws("rfc7515_A.3"), *error;
    struct jws jws;
    assert_true(jws_parse(arena, text, strlen(text), &jws, &error));
    unsigned char der[72] = { 0x30, 69, 2, 32 }; /* r begins with 0x0e, s with 0xc5 */
    memcpy(der + 4, jws.signature.data, 32);
    der[36] = 2;
    der[37] = 33;
    memcpy(der + 39, jws.signature.data + 32, 32);
    jws.signature = (struct bytes) { der, 71 };
    assert_false(jws_verify(&jws, key, NULL));
    jwk_free(key);
}

static void jws__hmac_keys_are_as_long_as_the_hash_96(void **state)
{
    (void)state;
    static const struct {
        const char *alg;
        size_t length;
    } cases[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };
    unsigned char secret[64] = "some secret";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (size_t length = cases[i].length - 1; length <= cases[i].length; length++) {
            const char *k = base64url_encode(arena, secret, length);
            struct jwk *key = key_from(arena_printf(arena, "{\"kty\":\"oct\",\"k\":\"%s\"}", k));
            bool enough = length == cases[i].length;
            assert_int_equal(jws_alg_fits(cases[i].alg, key), enough);
            assert_int_equal(jws_sign(arena, key, cases[i].alg, NULL, text_bytes("x")) != NULL, enough);
            jwk_free(key);
        }
    }
}

static void jws__a_public_key_does_not_sign(void **state)
{
    (void)state;
    struct jwk *key = vector_key("rfc7638_3.1");
    assert_null(jws_sign(arena, key, "RS256", NULL, text_bytes("x")));
    jwk_free(key);
}

static void jws__text_must_be_three_parts_of_strict_base64url(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "....",
        "a",
        "a.b",
        "a.b.c.d",
        " ",
        "{}",
        "{}.{}.{}",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.",
        ".e30.",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA.AA",
        "eyJhbGciOiJIUzI1NiJ9=.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30=.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAA=",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA\n",
        " eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA+A",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA/A",
        "eyJhbGciOiJIUzI1NiJ9.e30.A",
        "eyJhbGciOiJIUzI1NiJ9.e30.AB",
        "eyJhbGciOiJIUzI1NiJ9.e31.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.",
        "e30.e30.AAAA",
        "W10.e30.AAAA",
        "bnVsbA.e30.AAAA",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_false(parses(texts[i]));
    assert_true(parses("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"));
    assert_true(parses("eyJhbGciOiJIUzI1NiJ9..AAAA")); /* RFC 7515 doesn't mind an empty payload */
}

static void jws__headers_with_faults_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "{",
        "[]",
        "null",
        "\"HS256\"",
        "{\"alg\":\"HS256\"}x",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}",
        "{\"alg\":\"HS256\",\"kid\":1}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"typ\":{}}",
        "{\"alg\":\"HS256\",\"kid\":\"\\u0000\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\xff\"}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\" HS256\"}",
        "{\"ALG\":\"HS256\"}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        assert_false(parses(compact(headers[i], "{}", text_bytes("signature"))));
    assert_true(parses(compact("{ \"alg\" : \"HS256\", \"kid\" : \"\" }", "{}", text_bytes("signature"))));
}

static void jws__longer_than_64_kib_is_refused(void **state)
{
    (void)state;
    char *payload = arena_alloc(arena, 70000);
    memset(payload, 'x', 69999);
    assert_false(parses(signed_with(0, payload)));
    payload[48000] = '\0';
    assert_true(verifies(signed_with(0, payload), keys[0], NULL));
}

static void jws__empty_payloads_are_signed_too_T117(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all_algs); i++) {
        const char *text = jws_sign(arena, keys[i], all_algs[i], "", (struct bytes) { NULL, 0 });
        assert_true(verifies(text, keys[i], NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jws__verifies_the_examples_of_rfc7515_rfc7519_and_rfc8037),
        TEST(jws__signs_as_rfc7515_A2_and_rfc8037_A4_do),
        TEST(jws__every_changed_character_is_refused),
        TEST(jws__every_algorithm_signs_and_verifies_and_is_listed),
        TEST(jws__the_algorithm_is_pinned_by_the_key_T38),
        TEST(jws__a_key_without_alg_serves_its_family),
        TEST(jws__an_rsa_public_key_is_no_hmac_key_T38),
        TEST(jws__none_does_not_exist_T39),
        TEST(jws__a_payload_that_is_not_encoded_is_refused_as_rfc7797_has_it),
        TEST(jws__crit_b64_and_zip_are_refused_T43),
        TEST(jws__a_key_in_the_header_is_not_looked_at_T41),
        TEST(jws__only_one_means_good_T44),
        TEST(jws__ecdsa_signatures_have_one_form_104),
        TEST(jws__ecdsa_in_der_is_refused_104),
        TEST(jws__hmac_keys_are_as_long_as_the_hash_96),
        TEST(jws__a_public_key_does_not_sign),
        TEST(jws__text_must_be_three_parts_of_strict_base64url),
        TEST(jws__headers_with_faults_are_refused),
        TEST(jws__longer_than_64_kib_is_refused),
        TEST(jws__empty_payloads_are_signed_too_T117),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up_keys, free_keys);
}
