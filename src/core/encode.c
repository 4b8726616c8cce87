/* encode.c: see encode.h. */
#include "core/encode.h"

#include "core/strbuf.h"
#include "core/text.h"

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char plain_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode64(struct arena *arena, const char *alphabet, bool pad, struct bytes in)
{
    char *text = arena_alloc(arena, (in.length + 2) / 3 * 4 + 1), *at = text;
    for (size_t i = 0; i < in.length; i += 3) {
        size_t left = in.length - i;
        unsigned group = (unsigned)in.data[i] << 16;
        group |= left > 1 ? (unsigned)in.data[i + 1] << 8 : 0;
        group |= left > 2 ? in.data[i + 2] : 0;
        *at++ = alphabet[group >> 18];
        *at++ = alphabet[group >> 12 & 63];
        if (left > 1)
            *at++ = alphabet[group >> 6 & 63];
        if (left > 2)
            *at++ = alphabet[group & 63];
        for (size_t missing = left; pad && missing < 3; missing++)
            *at++ = '=';
    }
    return text;
}

/* By ranges, since every token that comes in passes through here. */
static int value64(const char *alphabet, char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == alphabet[62])
        return 62;
    return character == alphabet[63] ? 63 : -1;
}

/* Unpadded groups only; spare bits must be zero, so that each value has one spelling. */
static bool decode64(struct arena *arena, const char *alphabet, const char *text, size_t length,
                     struct bytes *bytes_out)
{
    if (length % 4 == 1)
        return false;
    unsigned char *data = arena_alloc(arena, length / 4 * 3 + 3);
    size_t size = 0;
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value64(alphabet, text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            data[size++] = (unsigned char)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    if (bits)
        return false;
    *bytes_out = (struct bytes) { data, size };
    return true;
}

char *base64url_encode(struct arena *arena, const void *data, size_t length)
{
    return encode64(arena, url_alphabet, false, (struct bytes) { data, length });
}

bool base64url_decode(struct arena *arena, const char *text, size_t length, struct bytes *bytes_out)
{
    return decode64(arena, url_alphabet, text, length, bytes_out);
}

char *base64_encode(struct arena *arena, const void *data, size_t length)
{
    return encode64(arena, plain_alphabet, true, (struct bytes) { data, length });
}

bool base64_decode(struct arena *arena, const char *text, size_t length, struct bytes *bytes_out)
{
    if (length % 4)
        return false;
    for (int padding = 0; padding < 2 && length && text[length - 1] == '='; padding++)
        length--;
    return decode64(arena, plain_alphabet, text, length, bytes_out);
}

char *hex_encode(struct arena *arena, const void *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    char *text = arena_alloc(arena, length * 2 + 1);
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, unsigned char *data_out, size_t size)
{
    if (strlen(text) != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        data_out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

char *uuid_encode(struct arena *arena, const unsigned char id[16])
{
    const char *hex = hex_encode(arena, id, 16);
    return arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

bool uuid_decode(const char *text, unsigned char id_out[16])
{
    char hex[33];
    size_t digits = 0;
    if (strlen(text) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-') || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
        if (!dash)
            hex[digits++] = text[i];
    }
    hex[32] = '\0';
    return hex_decode(hex, id_out, 16);
}

char *percent_encode(struct arena *arena, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    struct strbuf out = strbuf_start(arena);
    for (; *text; text++) {
        if (strchr(unreserved, *text))
            strbuf_add_char(&out, *text);
        else
            strbuf_add_format(&out, "%%%02X", (unsigned char)*text);
    }
    return out.data;
}

bool percent_decode(struct arena *arena, const char *text, size_t length, bool plus_is_space, char **text_out)
{
    char *decoded = arena_alloc(arena, length + 1);
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        char character = text[i];
        if (character == '%') {
            if (length - i < 3)
                return false;
            int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0)
                return false;
            character = (char)(high << 4 | low);
            i += 2;
        } else if (character == '+' && plus_is_space) {
            character = ' ';
        }
        decoded[size++] = character;
    }
    *text_out = decoded;
    return text_is_utf8(decoded, size);
}
