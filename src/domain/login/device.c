/*
 * device.c: see device.h. The cookie is a list of "ACCOUNT.TIME.MAC", newest first, separated by '~':
 * the beginning of the account's hash, seconds in hex, and the MAC over browser, account and time.
 */
#include "domain/login/device.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "domain/login/browser.h"

enum { MAX_ACCOUNTS = 8, ACCOUNT_BYTES = 8, MAC_BYTES = 16, MAX_COOKIE = 1024 };

static const char purpose[] = "device";

static const char *account_name(struct context *context, const char *email_key)
{
    unsigned char hash[32];
    sha256_text(email_key, hash);
    return hex_encode(context->arena, hash, ACCOUNT_BYTES);
}

/* Account and time are of fixed alphabets without a space, so no two triples give the same bytes. */
static const char *signed_text(struct context *context, const char *browser, const char *account,
                               const char *seconds)
{
    return arena_printf(context->arena, "%s %s %s", browser, account, seconds);
}

static const char *make_entry(struct context *context, const char *browser, const char *account)
{
    unsigned char mac[MAC_BYTES];
    const char *seconds = arena_printf(context->arena, "%llx", (unsigned long long)context->now);
    const char *text = signed_text(context, browser, account, seconds);
    keyfile_sign(context->keyfile, purpose, text, strlen(text), mac, sizeof(mac));
    return arena_printf(context->arena, "%s.%s.%s", account, seconds,
                        base64url_encode(context->arena, mac, sizeof(mac)));
}

/* The time of an entry that is for this browser and account; -1 for any other. */
static int64_t read_entry(struct context *context, const char *browser, const char *account,
                          const char *entry)
{
    struct bytes mac;
    size_t account_length = strlen(account);
    if (!text_starts(entry, account) || entry[account_length] != '.')
        return -1;
    const char *seconds = entry + account_length + 1;
    const char *dot = strchr(seconds, '.');
    if (!dot || dot == seconds || dot - seconds > 12 ||
        strspn(seconds, "0123456789abcdef") != (size_t)(dot - seconds))
        return -1;
    seconds = arena_strndup(context->arena, seconds, (size_t)(dot - seconds));
    if (!base64url_decode(context->arena, dot + 1, strlen(dot + 1), &mac) || mac.length != MAC_BYTES)
        return -1;
    const char *text = signed_text(context, browser, account, seconds);
    bool ours = keyfile_verify(context->keyfile, purpose, text, strlen(text), mac.data, mac.length);
    return ours ? (int64_t)strtoll(seconds, NULL, 16) : -1;
}

bool device_is_known(struct context *context, const char *browser, const char *devices, const char *email_key,
                     int64_t since)
{
    const char *word;
    size_t length;
    if (!browser_is_valid(browser) || text_empty(devices) || strlen(devices) > MAX_COOKIE)
        return false;
    const char *account = account_name(context, email_key);
    while (text_next_word(&devices, '~', &word, &length)) {
        int64_t at = read_entry(context, browser, account, arena_strndup(context->arena, word, length));
        if (at >= 0)
            return at >= since;
    }
    return false;
}

const char *device_remember(struct context *context, const char *browser, const char *devices,
                            const char *email_key)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *word, *account = account_name(context, email_key);
    size_t length;
    struct strbuf cookie = strbuf_start(context->arena);
    strbuf_add_text(&cookie, make_entry(context, browser, account));
    if (text_empty(devices) || strlen(devices) > MAX_COOKIE)
        return cookie.data;
    for (int kept = 1; kept < MAX_ACCOUNTS && text_next_word(&devices, '~', &word, &length);) {
        const char *entry = arena_strndup(context->arena, word, length);
        if (text_starts(entry, account) || strspn(entry, plain) != length)
            continue;
        strbuf_add_format(&cookie, "~%s", entry);
        kept++;
    }
    return cookie.data;
}
