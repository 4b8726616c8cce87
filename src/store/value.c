/* value.c: tagged parameters of statements; see db.h. */
#include "store/db.h"

#include "core/text.h"

struct value sql_text(const char *text)
{
    return (struct value) { .kind = VALUE_TEXT,
                            .null = !text,
                            .bytes = { (const unsigned char *)text, text ? strlen(text) : 0 } };
}

struct value sql_text_cut(const char *text, size_t most)
{
    struct value value = sql_text(text);
    if (value.bytes.length > most)
        value.bytes.length = most;
    while (value.bytes.length && !text_is_utf8(text, value.bytes.length))
        value.bytes.length--;
    return value;
}

struct value sql_integer(int64_t integer)
{
    return (struct value) { .kind = VALUE_INTEGER, .integer = integer };
}

struct value sql_bytes(const void *data, size_t length)
{
    return (struct value) { .kind = VALUE_BYTES, .null = !data, .bytes = { data, data ? length : 0 } };
}

struct value sql_id(const unsigned char id[16])
{
    return sql_bytes(id, 16);
}

struct value sql_hash(const unsigned char hash[32])
{
    return sql_bytes(hash, 32);
}
