/*
 * strbuf.h: a growing string in an arena.
 *
 * Invariants: data is never NULL after strbuf_start(), and data[length] is always NUL, so data can
 * be used as a C string at any time. Growth leaves the old copy to the arena, which wipes it.
 */
#ifndef DOORWARD_CORE_STRBUF_H
#define DOORWARD_CORE_STRBUF_H

#include "core/arena.h"

struct strbuf {
    struct arena *arena;
    char *data;
    size_t length, capacity;
};

/* An empty string in the arena. */
struct strbuf strbuf_start(struct arena *arena);

void strbuf_add(struct strbuf *buffer, const void *data, size_t length);
void strbuf_add_text(struct strbuf *buffer, const char *text);
void strbuf_add_char(struct strbuf *buffer, char character);
void strbuf_add_format(struct strbuf *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for at least more bytes behind length, to be written by hand. */
void strbuf_reserve(struct strbuf *buffer, size_t more);

/* Forgets all behind the first length bytes. */
void strbuf_cut(struct strbuf *buffer, size_t length);

#endif
