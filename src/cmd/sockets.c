/* sockets.c: see sockets.h. */
#include "cmd/sockets.h"

#include "core/text.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int find_own(const struct sockets *sockets, const char *path)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (text_equal(sockets->own[i].path, path))
            return sockets->own[i].descriptor;
    return -1;
}

/* Those of a listener, with a new passage between its workers when it has none yet. */
static bool find_ends(struct sockets *sockets, int listener, struct pool_ends *ends_out)
{
    int pair[2];

    for (size_t i = 0; i < sockets->ends_count; i++)
        if (sockets->ends[i].listener == listener) {
            *ends_out = sockets->ends[i];
            return true;
        }
    if (sockets->ends_count == ARRAY_SIZE(sockets->ends))
        bug("more listening sockets than pools can have");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    *ends_out = (struct pool_ends) { .listener = listener, .adopt = pair[0], .hand_over = pair[1] };
    sockets->ends[sockets->ends_count++] = *ends_out;
    return true;
}

/* Finds or binds the listener of a pool; -1 with a message. */
static int find_listener(struct sockets *sockets, struct arena *arena, const struct pool_settings *pool,
                         size_t index, const char **error_out)
{
    int descriptor = listen_find_inherited(&sockets->inherited, pool, index);

    if (descriptor >= 0)
        return descriptor;
    descriptor = find_own(sockets, pool->socket);
    if (descriptor >= 0)
        return listen_set_access(arena, pool, error_out) ? descriptor : -1;
    struct listener *fresh = &sockets->own[sockets->count];
    if (sockets->count == ARRAY_SIZE(sockets->own))
        bug("more listening sockets than two generations can have");
    if (!listen_bind(arena, pool, fresh, error_out))
        return -1;
    sockets->count++;
    return fresh->descriptor;
}

static bool provide_one(struct sockets *sockets, struct generation *generation, size_t index,
                        const char **error_out)
{
    const struct pool_settings *pool = &generation->application.settings->pools[index];
    int listener = find_listener(sockets, generation->arena, pool, index, error_out);

    if (listener < 0)
        return false;
    if (find_ends(sockets, listener, &generation->ends[index]))
        return true;
    *error_out = arena_printf(generation->arena, "pool %s: %s", pool->name, strerror(errno));
    return false;
}

/* No two generations share one: what is handed over is sent by the settings of whoever handed it over. */
static bool make_way(struct sockets *sockets, struct generation *generation, const char **error_out)
{
    int pair[2];

    if (sockets->ways_count == ARRAY_SIZE(sockets->ways))
        bug("more ways to egress processes than two generations can have");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        *error_out = arena_printf(generation->arena, "the way to the egress process: %s", strerror(errno));
        return false;
    }
    generation->way = (struct egress_way) { .hand_over = pair[0], .take = pair[1] };
    sockets->ways[sockets->ways_count++] = generation->way;
    return true;
}

static void close_ends(const struct pool_ends *ends)
{
    close(ends->adopt);
    close(ends->hand_over);
}

static bool uses(const struct generation *generation, int listener)
{
    for (size_t i = 0; generation && i < generation->application.settings->pool_count; i++)
        if (generation->ends[i].listener == listener)
            return true;
    return false;
}

static void keep_way(struct sockets *sockets, const struct generation *generation)
{
    size_t kept = 0;

    for (size_t i = 0; i < sockets->ways_count; i++) {
        struct egress_way way = sockets->ways[i];
        if (generation && generation->way.take == way.take) {
            sockets->ways[kept++] = way;
            continue;
        }
        close(way.hand_over);
        close(way.take);
    }
    sockets->ways_count = kept;
}

void sockets_keep_only(struct sockets *sockets, const struct generation *generation)
{
    size_t kept = 0, kept_ends = 0;

    for (size_t i = 0; i < sockets->ends_count; i++)
        if (uses(generation, sockets->ends[i].listener))
            sockets->ends[kept_ends++] = sockets->ends[i];
        else
            close_ends(&sockets->ends[i]);
    sockets->ends_count = kept_ends;
    for (size_t i = 0; i < sockets->count; i++)
        if (uses(generation, sockets->own[i].descriptor))
            sockets->own[kept++] = sockets->own[i];
        else
            listen_close(&sockets->own[i]);
    sockets->count = kept;
    keep_way(sockets, generation);
}

bool sockets_provide(struct sockets *sockets, struct generation *generation, const struct generation *serving,
                     const char **error_out)
{
    bool provided = make_way(sockets, generation, error_out);

    for (size_t i = 0; provided && i < generation->application.settings->pool_count; i++)
        provided = provide_one(sockets, generation, i, error_out);
    if (!provided)
        sockets_keep_only(sockets, serving);
    return provided;
}

void sockets_close_others(const struct sockets *sockets, const struct kept_sockets *kept)
{
    const struct pool_ends *served = kept->served;

    for (size_t i = 0; i < sockets->count; i++)
        if (!served || sockets->own[i].descriptor != served->listener)
            close(sockets->own[i].descriptor);
    for (size_t i = 0; i < sockets->inherited.count; i++)
        if (!served || sockets->inherited.descriptors[i] != served->listener)
            close(sockets->inherited.descriptors[i]);
    for (size_t i = 0; i < sockets->ends_count; i++)
        if (!served || sockets->ends[i].listener != served->listener)
            close_ends(&sockets->ends[i]);
    for (size_t i = 0; i < sockets->ways_count; i++) {
        const struct egress_way *way = &sockets->ways[i];
        if (way->hand_over != kept->way)
            close(way->hand_over);
        if (way->take != kept->way)
            close(way->take);
    }
}
