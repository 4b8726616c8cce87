/*
 * form.c: takes form fields apart in one pass, strictly. The number of fields is capped before
 * anything is decoded, so a flood of parameters costs no more than a look at its bytes.
 */
#include "http/form.h"

#include "core/encode.h"
#include "core/text.h"

static size_t count_pairs(const char *text, size_t length)
{
    size_t pairs = length > 0;
    for (size_t i = 0; i < length && pairs <= FORM_MAX_FIELDS; i++)
        pairs += text[i] == '&';
    return pairs;
}

static bool decode_pair(struct arena *arena, const char *pair, size_t length, struct field *field_out)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals ? (size_t)(equals - pair) : length;
    const char *value = equals ? equals + 1 : pair + length;
    size_t value_length = length - (size_t)(value - pair);
    char *name_decoded, *value_decoded;

    if (!percent_decode(arena, pair, name_length, true, &name_decoded) ||
        !percent_decode(arena, value, value_length, true, &value_decoded))
        return false;
    *field_out = (struct field) { .name = name_decoded, .value = value_decoded };
    return true;
}

bool form_parse(struct arena *arena, const char *text, size_t length, struct form *form_out)
{
    size_t pairs = count_pairs(text, length);
    const char *end = text + length;

    *form_out = (struct form) { 0 };
    if (pairs > FORM_MAX_FIELDS)
        return false;
    struct field *fields = arena_array(arena, pairs + 1, sizeof *fields);
    size_t count = 0;
    for (const char *pair = text; pair < end;) {
        const char *ampersand = memchr(pair, '&', (size_t)(end - pair));
        const char *pair_end = ampersand ? ampersand : end;
        size_t pair_length = (size_t)(pair_end - pair);
        if (pair_length > 0 && !decode_pair(arena, pair, pair_length, &fields[count++]))
            return false;
        pair = ampersand ? ampersand + 1 : end;
    }
    *form_out = (struct form) { .fields = fields, .count = count };
    return true;
}

const char *form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (text_equal(form->fields[i].name, name))
            return form->fields[i].value[0] ? form->fields[i].value : NULL;
    return NULL;
}

size_t form_times(const struct form *form, const char *name)
{
    size_t times = 0;
    for (size_t i = 0; i < form->count; i++)
        times += text_equal(form->fields[i].name, name);
    return times;
}
