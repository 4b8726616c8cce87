/* value.c: tagged parameters of statements; see db.h. */
#include "store/db.h"

struct value sql_text(const char *text)
{
    return (struct value) { .kind = VALUE_TEXT,
                            .null = !text,
                            .bytes = { (const unsigned char *)text, text ? strlen(text) : 0 } };
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
