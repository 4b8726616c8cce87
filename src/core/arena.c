/* arena.c: blocks of memory in a list, newest first; see arena.h. */
#include "core/arena.h"

#include <stdalign.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON 1
#endif
#endif
#ifdef POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

enum { FIRST_BLOCK = 32 * 1024 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct deferred {
    struct deferred *next;
    void (*release)(void *object);
    void *object;
};

struct arena {
    struct block *blocks;
    struct deferred *deferred;
    size_t total, limit;
};

static struct block *block_make(size_t size, struct block *next)
{
    struct block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        fatal("out of memory");
    block->next = next;
    block->size = size;
    ASAN_POISON_MEMORY_REGION(block->data, size);
    return block;
}

/* explicit_bzero, since the compiler may drop a memset of memory that is freed next. */
static void block_wipe(struct block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->data, block->used);
    explicit_bzero(block->data, block->used);
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
    block->used = 0;
}

struct arena *arena_make(size_t limit)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        fatal("out of memory");
    arena->limit = limit;
    arena->blocks = block_make(FIRST_BLOCK, NULL);
    return arena;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > arena->limit)
        bug("arena: %zu bytes asked for, limit %zu", size, arena->limit);
    size_t rounded = (size + unit - 1) / unit * unit;
    if (arena->total + rounded > arena->limit)
        bug("arena: limit of %zu bytes reached", arena->limit);
    struct block *block = arena->blocks;
    if (rounded > block->size - block->used) {
        size_t wanted = rounded > FIRST_BLOCK ? rounded : FIRST_BLOCK;
        block = arena->blocks = block_make(wanted, arena->blocks);
    }
    unsigned char *data = block->data + block->used;
    ASAN_UNPOISON_MEMORY_REGION(data, size);
    block->used += rounded;
    arena->total += rounded;
    return data;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bug("arena: %zu items of %zu bytes", count, size);
    return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

struct bytes arena_copy(struct arena *arena, const void *data, size_t length)
{
    unsigned char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, data, length);
    return (struct bytes) { copy, length };
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    char brief[256]; /* most are; the others are written twice */
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(brief, sizeof(brief), format, arguments);
    if (length < 0)
        bug("arena: bad format %s", format);
    char *text = arena_alloc(arena, (size_t)length + 1);
    if ((size_t)length < sizeof(brief))
        memcpy(text, brief, (size_t)length + 1);
    else
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    explicit_bzero(brief, sizeof(brief));
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void arena_defer(struct arena *arena, void (*release)(void *object), void *object)
{
    struct deferred *entry = arena_alloc(arena, sizeof(*entry));
    *entry = (struct deferred) { arena->deferred, release, object };
    arena->deferred = entry;
}

void arena_reset(struct arena *arena)
{
    while (arena->deferred) {
        struct deferred *entry = arena->deferred;
        arena->deferred = entry->next;
        entry->release(entry->object);
    }
    while (arena->blocks->next) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        block_wipe(block);
        ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
        free(block);
    }
    block_wipe(arena->blocks);
    arena->total = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->total;
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    ASAN_UNPOISON_MEMORY_REGION(arena->blocks->data, arena->blocks->size);
    free(arena->blocks);
    free(arena);
}
