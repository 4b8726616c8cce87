/* strbuf.c: see strbuf.h. */
#include "core/strbuf.h"

enum { FIRST_CAPACITY = 256 };

struct strbuf strbuf_start(struct arena *arena)
{
    return (struct strbuf) { arena, arena_alloc(arena, FIRST_CAPACITY), 0, FIRST_CAPACITY };
}

void strbuf_reserve(struct strbuf *buffer, size_t more)
{
    if (more < buffer->capacity - buffer->length)
        return;
    size_t wanted = (buffer->length + more + 1) * 2;
    char *grown = arena_alloc(buffer->arena, wanted);
    memcpy(grown, buffer->data, buffer->length);
    buffer->data = grown;
    buffer->capacity = wanted;
}

void strbuf_add(struct strbuf *buffer, const void *data, size_t length)
{
    if (!length)
        return;
    strbuf_reserve(buffer, length);
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void strbuf_add_text(struct strbuf *buffer, const char *text)
{
    strbuf_add(buffer, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buffer, char character)
{
    strbuf_add(buffer, &character, 1);
}

void strbuf_add_format(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    if (length < 0)
        bug("strbuf: bad format %s", format);
    if ((size_t)length >= room) {
        strbuf_reserve(buffer, (size_t)length);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    }
    buffer->length += (size_t)length;
    va_end(again);
    va_end(arguments);
}

void strbuf_cut(struct strbuf *buffer, size_t length)
{
    if (length > buffer->length)
        bug("strbuf: cut to %zu of %zu", length, buffer->length);
    buffer->length = length;
    buffer->data[length] = '\0';
}
