/* message.c: see message.h. */
#include "net/message.h"

#include "core/encode.h"
#include "core/text.h"

#include <time.h>

enum {
    LINE_MAX_BYTES = 76,    /* of quoted-printable (RFC 2045 §6.7) */
    PLAIN_VALUE_BYTES = 60, /* longer ones are encoded, which folds them */
    WORD_BYTES = 39,        /* in an encoded word: with "Subject: " in front still within 76 (RFC 2047 §2) */
    ADDRESS_MAX_BYTES = 254, /* RFC 5321 §4.5.3.1.3 */
    LOCAL_MAX_BYTES = 64
};

/* --- values of headers --- */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static bool local_part_is_plain(const char *local, size_t length)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~.";
    if (length == 0 || length > LOCAL_MAX_BYTES || !text_is_utf8(local, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)local[i];
        bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z', digit = byte >= '0' && byte <= '9';
        if (byte < 0x80 && !letter && !digit && (byte == '\0' || !strchr(others, byte)))
            return false;
    }
    return local[0] != '.' && local[length - 1] != '.' && !memmem(local, length, "..", 2);
}

bool message_address_is_plain(const char *address)
{
    static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const char *at = strchr(address, '@');
    if (!at || strlen(address) > ADDRESS_MAX_BYTES || !local_part_is_plain(address, (size_t)(at - address)))
        return false;
    return at[1] && at[1] != '.' && at[1] != '-' && strspn(at + 1, host_bytes) == strlen(at + 1);
}

/* Encoded words (RFC 2047), each of whole characters, on lines of their own. */
static void add_encoded_words(struct strbuf *out, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t length = left < WORD_BYTES ? left : WORD_BYTES;
        while (length < left && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
        strbuf_add_format(out, "=?UTF-8?B?%s?=", base64_encode(out->arena, text, length));
        text += length;
        left -= length;
        if (left > 0)
            strbuf_add_text(out, "\r\n ");
    }
}

static bool is_plain_value(const char *text)
{
    size_t length = strlen(text);
    return is_ascii(text) && length <= PLAIN_VALUE_BYTES && !strstr(text, "=?") && length > 0 &&
           text[0] != ' ' && text[length - 1] != ' ';
}

static void add_subject(struct strbuf *out, const char *subject)
{
    strbuf_add_text(out, "Subject: ");
    if (is_plain_value(subject))
        strbuf_add_text(out, subject);
    else
        add_encoded_words(out, subject);
    strbuf_add_text(out, "\r\n");
}

static void add_from(struct strbuf *out, const char *address, const char *name)
{
    bool plain = is_plain_value(name) && !strpbrk(name, "\"\\");
    strbuf_add_text(out, "From: ");
    if (plain)
        strbuf_add_format(out, "\"%s\"\r\n ", name);
    else if (*name) {
        add_encoded_words(out, name);
        strbuf_add_text(out, "\r\n ");
    }
    strbuf_add_format(out, "<%s>\r\n", address);
}

static void add_date(struct strbuf *out, int64_t now)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)now;
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        bug("no date for %lld", (long long)now);
    strbuf_add_format(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
                      months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* --- bodies --- */

/* Whether a byte of a line stays as it is; begins: it would be the first of its line on the way. */
static bool stays(const char *line, size_t length, size_t at, bool begins)
{
    unsigned char byte = (unsigned char)line[at];
    if (byte == ' ' || byte == '\t')
        return at + 1 < length; /* at a line's end it would get lost on the way */
    if (begins && byte == '.')
        return false; /* ends a mail, for a server or command that knows no better */
    if (begins && length - at >= 5 && memcmp(line + at, "From ", 5) == 0)
        return false; /* begins one in a mailbox file */
    return byte > 0x20 && byte < 0x7f && byte != '=';
}

static void add_quoted_line(struct strbuf *out, const char *line, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        size_t needed = stays(line, length, i, used == 0) ? 1 : 3;
        if (used + needed > LINE_MAX_BYTES - 1) {
            strbuf_add_text(out, "=\r\n");
            used = 0;
            needed = stays(line, length, i, true) ? 1 : 3;
        }
        if (needed == 1)
            strbuf_add_char(out, line[i]);
        else
            strbuf_add_format(out, "=%02X", (unsigned char)line[i]);
        used += needed;
    }
    strbuf_add_text(out, "\r\n");
}

static void add_quoted(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        add_quoted_line(out, text, length);
        text += length + (text[length] == '\n');
    }
}

/* The boundary holds "=_", which quoted-printable never does. */
static void add_part(struct strbuf *out, const char *boundary, const char *type, const char *text)
{
    strbuf_add_format(out, "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n", boundary, type);
    strbuf_add_text(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    add_quoted(out, text);
    strbuf_add_text(out, "\r\n");
}

/* --- the whole --- */

static const char *find_fault(const struct message *message)
{
    if (!message_address_is_plain(message->to))
        return "the address can't be written in a mail";
    if (!message_address_is_plain(message->from))
        return "mail_from can't be written in a mail";
    if (has_control(message->subject) || !text_is_utf8(message->subject, strlen(message->subject)))
        return "the subject has control characters";
    if (has_control(message->from_name) || !text_is_utf8(message->from_name, strlen(message->from_name)))
        return "the sender's name has control characters";
    const char *const words[] = { message->language, message->kind, message->id, message->id_host };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!text_is_printable(words[i]) || strpbrk(words[i], " <>"))
            return "a header is not one word";
    return NULL;
}

bool message_compose(struct arena *arena, const struct message *message, struct strbuf *out,
                     const char **error_out)
{
    *error_out = find_fault(message);
    if (*error_out)
        return false;
    const char *boundary = arena_printf(arena, "=_%s", message->id);
    add_date(out, message->now);
    add_from(out, message->from, message->from_name);
    strbuf_add_format(out, "To: <%s>\r\n", message->to);
    add_subject(out, message->subject);
    strbuf_add_format(out, "Message-ID: <%s@%s>\r\n", message->id, message->id_host);
    /* Nobody's absence note is wanted (RFC 3834 §5). */
    strbuf_add_text(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
    strbuf_add_format(out, "X-Doorward-Mail: %s\r\nContent-Language: %s\r\n", message->kind,
                      message->language);
    strbuf_add_format(out,
                      "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
                      boundary);
    add_part(out, boundary, "plain", message->text);
    add_part(out, boundary, "html", message->html);
    strbuf_add_format(out, "--%s--\r\n", boundary);
    return true;
}
