/* Hashes, MACs, HKDF and the comparing of secrets, against the vectors of their RFCs. */
#include "unit.h"

#include "core/encode.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

/* RFC 4231 §4: HMAC-SHA-256, -384 and -512 of each test case. */
struct hmac_case {
    unsigned char key_byte, data_byte; /* repeated, when key or data is NULL */
    size_t key_length, data_length;
    const char *key, *data;
    const char *mac256, *mac384, *mac512;
};

static const struct hmac_case hmac_cases[] = {
#include "../vectors/rfc4231_4.inc"
};

static struct bytes filled(struct arena *arena, const char *text, unsigned char byte, size_t length)
{
    if (text)
        return arena_copy(arena, text, strlen(text));
    unsigned char *data = arena_alloc(arena, length);
    memset(data, byte, length);
    return (struct bytes) { data, length };
}

static void digest__hmac_gives_the_macs_of_rfc4231(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    unsigned char mac[64];
    for (size_t i = 0; i < ARRAY_SIZE(hmac_cases); i++) {
        const struct hmac_case *row = &hmac_cases[i];
        struct bytes key = filled(arena, row->key, row->key_byte, row->key_length);
        struct bytes data = filled(arena, row->data, row->data_byte, row->data_length);
        const struct {
            int bits;
            const char *mac;
        } macs[] = { { 256, row->mac256 }, { 384, row->mac384 }, { 512, row->mac512 } };
        for (size_t j = 0; j < ARRAY_SIZE(macs); j++) {
            assert_int_equal(hmac_sha2(macs[j].bits, key, data.data, data.length, mac), macs[j].bits / 8);
            assert_string_equal(hex_encode(arena, mac, (size_t)macs[j].bits / 8), macs[j].mac);
        }
    }
    arena_destroy(arena);
}

/* FIPS 180-4's examples "abc" and the empty message. */
static void digest__sha2_gives_the_known_hashes(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    unsigned char hash[64];
    sha256_text("abc", hash);
    assert_string_equal(hex_encode(arena, hash, 32),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(NULL, 0, hash);
    assert_string_equal(hex_encode(arena, hash, 32),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(sha2(384, "abc", 3, hash), 48);
    assert_string_equal(hex_encode(arena, hash, 48),
                        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                        "8086072ba1e7cc2358baeca134c825a7");
    assert_int_equal(sha2(512, "abc", 3, hash), 64);
    assert_string_equal(hex_encode(arena, hash, 64),
                        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    arena_destroy(arena);
}

/* RFC 5869 A.3 (no salt, no info); its first 32 bytes don't depend on the length asked for. */
static void digest__hkdf_gives_the_key_of_rfc5869_A3(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    unsigned char key[32], other[32];
    struct bytes input = filled(arena, NULL, 0x0b, 22);
    hkdf_sha256(input, "", key);
    assert_string_equal(hex_encode(arena, key, 32),
                        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    hkdf_sha256(input, "another purpose", other);
    assert_memory_not_equal(key, other, 32);
    arena_destroy(arena);
}

static void digest__an_empty_key_is_not_the_last_one_T117(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    unsigned char mac[64], again[64];
    hmac_sha2(256, (struct bytes) { NULL, 0 }, "", 0, mac);
    assert_string_equal(hex_encode(arena, mac, 32),
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    hmac_sha2(256, (struct bytes) { (const unsigned char *)"other", 5 }, "", 0, again);
    hmac_sha2(256, (struct bytes) { NULL, 0 }, NULL, 0, again);
    assert_memory_equal(mac, again, 32);
    arena_destroy(arena);
}

static void secret__equal_means_same_length_and_bytes_T45(void **state)
{
    (void)state;
    const struct bytes a = { (const unsigned char *)"abcd", 4 },
                       longer = { (const unsigned char *)"abcde", 5 };
    const struct bytes empty = { NULL, 0 }, other = { (const unsigned char *)"abce", 4 };
    assert_true(secret_equal(a, (struct bytes) { (const unsigned char *)"abcd", 4 }));
    assert_false(secret_equal(a, longer));
    assert_false(secret_equal(a, other));
    assert_false(secret_equal(a, empty));
    assert_true(secret_equal(empty, empty));
    unsigned char one[32] = { 0 }, two[32] = { 0 };
    assert_true(secret_equal_hash(one, two));
    for (int i = 0; i < 32; i++) {
        two[i] = 1;
        assert_false(secret_equal_hash(one, two));
        two[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest__hmac_gives_the_macs_of_rfc4231),
        cmocka_unit_test(digest__sha2_gives_the_known_hashes),
        cmocka_unit_test(digest__hkdf_gives_the_key_of_rfc5869_A3),
        cmocka_unit_test(digest__an_empty_key_is_not_the_last_one_T117),
        cmocka_unit_test(secret__equal_means_same_length_and_bytes_T45),
    };
    return UNIT_RUN(tests);
}
