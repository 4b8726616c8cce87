/* totp.c: see totp.h. */
#include "crypto/totp.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "crypto/fetched.h"
#include "crypto/secret.h"

#include <openssl/core_names.h>

enum { SHA1_BYTES = 20, COUNTER_BYTES = 8, BITS_PER_LETTER = 5 };

static void hmac_sha1(struct bytes key, const unsigned char counter[COUNTER_BYTES],
                      unsigned char mac_out[SHA1_BYTES])
{
    static EVP_MAC_CTX *context;
    char digest[] = "SHA1";
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end() };
    size_t written = 0;
    if (!context && !(context = EVP_MAC_CTX_new(fetched_hmac())))
        fatal("out of memory");
    if (EVP_MAC_init(context, key.data, key.length, parameters) != 1 ||
        EVP_MAC_update(context, counter, COUNTER_BYTES) != 1 ||
        EVP_MAC_final(context, mac_out, &written, SHA1_BYTES) != 1)
        bug("HMAC-SHA-1 failed");
}

/* The dynamic truncation of RFC 4226 §5.3. */
static uint32_t truncate_mac(const unsigned char mac[SHA1_BYTES])
{
    const unsigned char *at = mac + (mac[SHA1_BYTES - 1] & 0xf);
    return (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

const char *totp_code(struct arena *arena, struct bytes secret, uint64_t counter, int digits)
{
    unsigned char moving[COUNTER_BYTES], mac[SHA1_BYTES];
    uint32_t modulus = 1;
    for (int i = 0; i < COUNTER_BYTES; i++)
        moving[i] = (unsigned char)(counter >> (8 * (COUNTER_BYTES - 1 - i)));
    for (int i = 0; i < digits; i++)
        modulus *= 10;
    hmac_sha1(secret, moving, mac);
    return arena_printf(arena, "%0*u", digits, truncate_mac(mac) % modulus);
}

int64_t totp_step(int64_t now)
{
    return now / TOTP_STEP_S;
}

int64_t totp_match(struct arena *arena, struct bytes secret, int64_t now, int64_t after_step,
                   const char *code)
{
    int64_t found = -1;
    if (strlen(code) != TOTP_DIGITS)
        return -1;
    struct bytes typed = { (const unsigned char *)code, TOTP_DIGITS };
    for (int64_t step = totp_step(now) - 1; step <= totp_step(now) + 1; step++) {
        const char *right = totp_code(arena, secret, (uint64_t)step, TOTP_DIGITS);
        struct bytes wanted = { (const unsigned char *)right, TOTP_DIGITS };
        if (secret_equal(wanted, typed) && step > after_step)
            found = step;
    }
    return found;
}

const char *base32_encode(struct arena *arena, struct bytes data)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct strbuf out = strbuf_start(arena);
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < data.length; i++) {
        bits = bits << 8 | data.data[i];
        held += 8;
        for (; held >= BITS_PER_LETTER; held -= BITS_PER_LETTER)
            strbuf_add_char(&out, letters[bits >> (held - BITS_PER_LETTER) & 31]);
    }
    if (held > 0)
        strbuf_add_char(&out, letters[bits << (BITS_PER_LETTER - held) & 31]);
    return out.data;
}

const char *totp_uri(struct arena *arena, struct bytes secret, const char *issuer, const char *account)
{
    const char *by = percent_encode(arena, issuer);
    return arena_printf(arena, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
                        by, percent_encode(arena, account), base32_encode(arena, secret), by, TOTP_DIGITS,
                        TOTP_STEP_S);
}
