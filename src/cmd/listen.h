/*
 * listen.h: listening sockets: our own unix sockets, put in place without a moment in which there is
 * none, and those that systemd or a web server hands over.
 */
#ifndef DOORWARD_CMD_LISTEN_H
#define DOORWARD_CMD_LISTEN_H

#include "core/settings.h"

enum { LISTEN_PATH_SIZE = 108 }; /* of struct sockaddr_un */

struct listener {
    char path[LISTEN_PATH_SIZE]; /* of a socket of ours */
    int descriptor;
};

/* Whether a descriptor is a listening socket (webservers.md, fact 4: getpeername says ENOTCONN, too). */
bool listen_is_listener(int descriptor);

/*
 * Binds the pool's socket beside its place, with mode, group and backlog set, and renames it into
 * place. The message lives in the arena. False with a message, and nothing touched, for what isn't a
 * socket and for the socket of a living program.
 */
bool listen_bind(struct arena *arena, const struct pool_settings *pool, struct listener *listener_out,
                 const char **error_out) MUST_CHECK;

/* Sets mode and group anew, after a changed configuration. */
bool listen_set_access(struct arena *arena, const struct pool_settings *pool,
                       const char **error_out) MUST_CHECK;

/* What was handed over: LISTEN_FDS from descriptor 3 on (sd_listen_fds(3)), meant for this process, or
 * else a listening socket on descriptor 0. The environment is cleared of it. */
struct inherited {
    int descriptors[MAX_POOLS];
    char names[MAX_POOLS][64]; /* of LISTEN_FDNAMES, "" for none */
    size_t count;
};
void listen_take_inherited(struct inherited *inherited_out);

/* The inherited socket for a pool: bound to its path, or bearing its name, or else at its place in the
 * list. -1 when there is none. */
int listen_find_inherited(const struct inherited *inherited, const struct pool_settings *pool, size_t index);

/* Removes the socket file of a listener of ours and closes it. */
void listen_close(struct listener *listener);

#endif
