/* sockets.c: see sockets.h. */
#include "cmd/sockets.h"

#include "core/text.h"

#include <unistd.h>

static int find_own(const struct sockets *sockets, const char *path)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (text_equal(sockets->own[i].path, path))
            return sockets->own[i].descriptor;
    return -1;
}

static bool provide_one(struct sockets *sockets, struct generation *generation, size_t index,
                        const char **error_out)
{
    const struct pool_settings *pool = &generation->application.settings->pools[index];
    int descriptor = listen_find_inherited(&sockets->inherited, pool, index);

    if (descriptor < 0) {
        descriptor = find_own(sockets, pool->socket);
        if (descriptor >= 0 && !listen_set_access(generation->arena, pool, error_out))
            return false;
    }
    if (descriptor < 0) {
        struct listener *fresh = &sockets->own[sockets->count];
        if (sockets->count == ARRAY_SIZE(sockets->own))
            bug("more listening sockets than two generations can have");
        if (!listen_bind(generation->arena, pool, fresh, error_out))
            return false;
        sockets->count++;
        descriptor = fresh->descriptor;
    }
    generation->listeners[index] = descriptor;
    return true;
}

bool sockets_provide(struct sockets *sockets, struct generation *generation, const char **error_out)
{
    size_t before = sockets->count;

    for (size_t i = 0; i < generation->application.settings->pool_count; i++) {
        if (provide_one(sockets, generation, i, error_out))
            continue;
        while (sockets->count > before)
            listen_close(&sockets->own[--sockets->count]);
        return false;
    }
    return true;
}

static bool uses(const struct generation *generation, int descriptor)
{
    for (size_t i = 0; generation && i < generation->application.settings->pool_count; i++)
        if (generation->listeners[i] == descriptor)
            return true;
    return false;
}

void sockets_keep_only(struct sockets *sockets, const struct generation *generation)
{
    size_t kept = 0;

    for (size_t i = 0; i < sockets->count; i++)
        if (uses(generation, sockets->own[i].descriptor))
            sockets->own[kept++] = sockets->own[i];
        else
            listen_close(&sockets->own[i]);
    sockets->count = kept;
}

void sockets_close_others(const struct sockets *sockets, int served)
{
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->own[i].descriptor != served)
            close(sockets->own[i].descriptor);
    for (size_t i = 0; i < sockets->inherited.count; i++)
        if (sockets->inherited.descriptors[i] != served)
            close(sockets->inherited.descriptors[i]);
}
