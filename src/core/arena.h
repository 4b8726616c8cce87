/*
 * arena.h: memory with a lifetime instead of an owner.
 *
 * What a request allocates lives in its arena and goes when the arena is reset: no handler frees
 * anything. Objects of foreign libraries are hung on the arena with arena_defer(). Memory is wiped
 * before it is given back, since requests carry secrets.
 *
 * Invariants: memory is zeroed when handed out; allocation never returns NULL (going past the hard
 * limit is a bug of ours, as sizes are refused at the door); alignment suits every type.
 */
#ifndef DOORWARD_CORE_ARENA_H
#define DOORWARD_CORE_ARENA_H

#include "core/base.h"

struct arena;

/* A new arena that may hold at most limit bytes; destroy it with arena_destroy(). */
struct arena *arena_make(size_t limit);

/* size zeroed bytes that live as long as the arena's present use. */
void *arena_alloc(struct arena *arena, size_t size);

/* count zeroed items of size bytes each; an overflow of the product is a bug. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies into the arena. arena_strdup(NULL) is NULL. The copy of bytes has a NUL after it. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
struct bytes arena_copy(struct arena *arena, const void *data, size_t length);

/* As printf, into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* When the arena is reset or destroyed, calls release(object); the last deferred goes first. */
void arena_defer(struct arena *arena, void (*release)(void *object), void *object);

/* Runs what was deferred, wipes all that was handed out, and keeps one block for the next use. */
void arena_reset(struct arena *arena);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* arena_reset() and gives everything back; NULL is let through. */
void arena_destroy(struct arena *arena);

#endif
