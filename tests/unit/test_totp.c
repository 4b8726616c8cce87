/* One-time passwords against the vectors of RFC 4226 appendix D and RFC 6238 appendix B. */
#include "unit.h"

#include "crypto/totp.h"

static const struct bytes secret = { (const unsigned char *)"12345678901234567890", 20 };

static void totp__gives_the_codes_of_rfc4226(void **state)
{
    (void)state;
    static const char *const codes[] = { "755224", "287082", "359152", "969429", "338314",
                                         "254676", "287922", "162583", "399871", "520489" };
    struct arena *arena = arena_make(1 << 16);
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        assert_string_equal(totp_code(arena, secret, i, 6), codes[i]);
    arena_destroy(arena);
}

static void totp__gives_the_codes_of_rfc6238(void **state)
{
    (void)state;
    static const struct {
        int64_t now;
        const char *code;
    } rows[] = {
        { 59, "94287082" },         { 1111111109, "07081804" }, { 1111111111, "14050471" },
        { 1234567890, "89005924" }, { 2000000000, "69279037" }, { 20000000000, "65353130" },
    };
    struct arena *arena = arena_make(1 << 16);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(totp_code(arena, secret, (uint64_t)totp_step(rows[i].now), 8), rows[i].code);
    arena_destroy(arena);
}

/* Security 134. */
static void totp__takes_one_step_before_and_after_and_each_code_once(void **state)
{
    (void)state;
    const int64_t now = 1234567890, step = now / TOTP_STEP_S;
    struct arena *arena = arena_make(1 << 16);
    for (int64_t away = -3; away <= 3; away++) {
        const char *code = totp_code(arena, secret, (uint64_t)(step + away), TOTP_DIGITS);
        int64_t wanted = away >= -1 && away <= 1 ? step + away : -1;
        assert_int_equal(totp_match(arena, secret, now, 0, code), wanted);
        assert_int_equal(totp_match(arena, secret, now, step + away, code), -1);
    }
    assert_int_equal(totp_match(arena, secret, now, 0, ""), -1);
    assert_int_equal(totp_match(arena, secret, now, 0, "89005924"), -1);
    arena_destroy(arena);
}

static void totp__writes_secrets_as_rfc4648_does(void **state)
{
    (void)state;
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "MY" },
                                           { "fo", "MZXQ" },
                                           { "foo", "MZXW6" },
                                           { "foob", "MZXW6YQ" },
                                           { "fooba", "MZXW6YTB" },
                                           { "foobar", "MZXW6YTBOI" } };
    struct arena *arena = arena_make(1 << 16);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct bytes data = { (const unsigned char *)rows[i][0], strlen(rows[i][0]) };
        assert_string_equal(base32_encode(arena, data), rows[i][1]);
    }
    assert_string_equal(totp_uri(arena, secret, "Door Ward", "ann@example.org"),
                        "otpauth://totp/Door%20Ward:ann%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                        "&issuer=Door%20Ward&algorithm=SHA1&digits=6&period=30");
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totp__gives_the_codes_of_rfc4226),
        cmocka_unit_test(totp__gives_the_codes_of_rfc6238),
        cmocka_unit_test(totp__takes_one_step_before_and_after_and_each_code_once),
        cmocka_unit_test(totp__writes_secrets_as_rfc4648_does),
    };
    return UNIT_RUN(tests);
}
