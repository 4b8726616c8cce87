/* text.c: see text.h. */
#include "core/text.h"

#include <errno.h>
#include <strings.h>

bool text_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool text_equal_ascii_case(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    for (; *a && *b; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y)
            return false;
    }
    return *a == *b;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && memcmp(text + length - tail, suffix, tail) == 0;
}

bool text_empty(const char *text)
{
    return !text || !*text;
}

bool text_to_int(const char *text, int64_t minimum, int64_t maximum, int64_t *value_out)
{
    if (text_empty(text))
        return false;
    const char *digits = *text == '-' ? text + 1 : text;
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno || value < minimum || value > maximum)
        return false;
    *value_out = value;
    return true;
}

struct unit {
    char letter;
    int64_t factor;
};

static bool to_units(const char *text, const struct unit *units, size_t count, int64_t *value_out)
{
    char digits[24];
    size_t length = text ? strspn(text, "0123456789") : 0;
    if (!length || length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!text_to_int(digits, 0, INT64_MAX, value_out))
        return false;
    if (!text[length])
        return true;
    for (size_t i = 0; i < count; i++) {
        if (text[length] == units[i].letter && !text[length + 1])
            return !__builtin_mul_overflow(*value_out, units[i].factor, value_out);
    }
    return false;
}

bool text_to_duration(const char *text, int64_t *seconds_out)
{
    static const struct unit units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    return to_units(text, units, ARRAY_SIZE(units), seconds_out);
}

bool text_to_size(const char *text, int64_t *bytes_out)
{
    static const struct unit units[] = { { 'k', 1024 }, { 'm', 1024 * 1024 } };
    return to_units(text, units, ARRAY_SIZE(units), bytes_out);
}

bool text_next_word(const char **cursor, char separator, const char **word_out, size_t *length_out)
{
    const char *at = *cursor;
    while (*at == separator)
        at++;
    if (!*at)
        return false;
    *word_out = at;
    while (*at && *at != separator)
        at++;
    *length_out = (size_t)(at - *word_out);
    *cursor = at;
    return true;
}

bool text_has_word(const char *list, char separator, const char *word)
{
    const char *at;
    size_t length, wanted = strlen(word);
    if (!list)
        return false;
    while (text_next_word(&list, separator, &at, &length)) {
        if (length == wanted && memcmp(at, word, length) == 0)
            return true;
    }
    return false;
}

char *text_trim(struct arena *arena, const char *text)
{
    static const char white[] = " \t\r\n\f\v";
    text += strspn(text, white);
    size_t length = strlen(text);
    while (length && strchr(white, text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

char *text_lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 32);
    }
    return copy;
}

/* Length of the UTF-8 sequence that the lead byte opens and the bounds of its second byte, or 0. */
static size_t utf8_lead(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

bool text_is_utf8(const char *data, size_t length)
{
    const unsigned char *at = (const unsigned char *)data, *end = at + length;
    while (at < end) {
        unsigned char low, high;
        if (*at && *at < 0x80) {
            at++;
            continue;
        }
        size_t size = utf8_lead(*at, &low, &high);
        if (!size || !*at || size > (size_t)(end - at))
            return false;
        if (size > 1 && (at[1] < low || at[1] > high))
            return false;
        for (size_t i = 2; i < size; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return false;
        }
        at += size;
    }
    return true;
}

bool text_is_printable(const char *text)
{
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e)
            return false;
    }
    return true;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t text_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1], width = strlen(b);
    if (width > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t kept = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = kept;
        }
    }
    return row[width];
}
