/* unwritten.c: see unwritten.h. Each one has an arena of its own, since it outlives the request. */
#include "domain/providers/unwritten.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"

enum { ARENA_LIMIT = 1024 * 1024 };

struct unwritten {
    struct arena *arena; /* holds this too */
    struct connection_row row;
    struct unwritten *next;
};

/* One list per process. */
static struct unwritten *first;
static size_t kept;

size_t unwritten_count(void)
{
    return kept;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* The row isn't what the tokens are for: because they are in it already (an answer of the database that was
 * lost), or because of newer ones. Sealed bytes are never the same twice. */
static bool look_up(struct context *context, const struct connection_row *row)
{
    struct connection_row there;
    enum store_result result = connections_find(context->db, context->arena, row->user_id, row->id, &there);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return false;
    if (result == STORE_NOT_FOUND || !same_bytes(there.access_sealed, row->access_sealed))
        log_info("provider_token.out_of_date provider=%s connection=%s", row->provider,
                 uuid_encode(context->arena, row->id));
    return true;
}

bool unwritten_write(struct context *context, const struct connection_row *row)
{
    enum store_result result = connections_write(context->db, row, clock_now_s());
    if (result == STORE_NOT_FOUND)
        return look_up(context, row);
    return result == STORE_OK;
}

void unwritten_keep(const struct connection_row *row)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    struct unwritten *one = arena_alloc(arena, sizeof(*one));
    *one = (struct unwritten) { .arena = arena, .row = *row };
    const char **const texts[] = { &one->row.provider, &one->row.subject, &one->row.label,
                                   &one->row.email,    &one->row.scopes,  &one->row.display_name,
                                   &one->row.status };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *texts[i] = arena_strdup(arena, *texts[i]);
    one->row.access_sealed = arena_copy(arena, row->access_sealed.data, row->access_sealed.length);
    one->row.refresh_sealed = arena_copy(arena, row->refresh_sealed.data, row->refresh_sealed.length);
    struct unwritten **end = &first;
    while (*end)
        end = &(*end)->next;
    *end = one;
    kept++;
    log_warn("provider_token.not_written_yet provider=%s connection=%s", row->provider,
             uuid_encode(arena, row->id));
}

bool unwritten_settle(struct context *context)
{
    while (first && unwritten_write(context, &first->row)) {
        struct unwritten *done = first;
        log_info("provider_token.written_at_last connection=%s", uuid_encode(context->arena, done->row.id));
        first = done->next;
        kept--;
        arena_destroy(done->arena);
    }
    return first != NULL;
}
