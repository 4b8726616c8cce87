/*
 * sockets.h: every listening socket that the master holds, across generations: a reload takes over
 * those whose path has stayed, so that no connection is lost, and binds only new ones. And the ways to
 * egress processes, of which each generation has one of its own.
 */
#ifndef DOORWARD_CMD_SOCKETS_H
#define DOORWARD_CMD_SOCKETS_H

#include "cmd/generation.h"
#include "cmd/listen.h"

struct sockets {
    struct inherited inherited;
    struct listener own[2 * MAX_POOLS]; /* of the serving and of a new generation */
    size_t count;
    struct pool_ends ends[3 * MAX_POOLS]; /* one for each listener that a pool has, own or inherited */
    size_t ends_count;
    struct egress_way ways[2]; /* likewise */
    size_t ways_count;
};

/* Gives the generation a listener for each pool, and a way to its egress process. False with a message, and
 * only what the serving generation (NULL: none) uses is left. */
bool sockets_provide(struct sockets *sockets, struct generation *generation, const struct generation *serving,
                     const char **error_out) MUST_CHECK;

/* Closes, and removes from the file system, those that the generation (NULL: none) doesn't use. */
void sockets_keep_only(struct sockets *sockets, const struct generation *generation);

/* In a child: closes all but what it needs, and touches no file. */
struct kept_sockets {
    const struct pool_ends *served; /* of the pool that it serves; NULL: it serves none */
    int way;                        /* its end of its generation's */
};
void sockets_close_others(const struct sockets *sockets, const struct kept_sockets *kept);

#endif
