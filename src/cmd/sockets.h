/*
 * sockets.h: every listening socket that the master holds, across generations: a reload takes over
 * those whose path has stayed, so that no connection is lost, and binds only new ones.
 */
#ifndef DOORWARD_CMD_SOCKETS_H
#define DOORWARD_CMD_SOCKETS_H

#include "cmd/generation.h"
#include "cmd/listen.h"

struct sockets {
    struct inherited inherited;
    struct listener own[2 * MAX_POOLS]; /* of the serving and of a new generation */
    size_t count;
};

/* Gives the generation a listener for each pool; false with a message, and nothing left behind. */
bool sockets_provide(struct sockets *sockets, struct generation *generation,
                     const char **error_out) MUST_CHECK;

/* Closes, and removes from the file system, those that the generation (NULL: none) doesn't use. */
void sockets_keep_only(struct sockets *sockets, const struct generation *generation);

/* In a child: closes all but the one that it serves (-1: all), and touches no file. */
void sockets_close_others(const struct sockets *sockets, int served);

#endif
