/*
 * place.h: the run directory as one master's own: its lock and its pid file. Whoever holds the lock may
 * replace the sockets; a second master is turned away before it touches anything.
 */
#ifndef DOORWARD_CMD_PLACE_H
#define DOORWARD_CMD_PLACE_H

#include "core/arena.h"

/* Makes the directory (mode 0755) unless it is there. False with a message. */
bool place_make(struct arena *arena, const char *directory, const char **error_out) MUST_CHECK;

/* Locks directory/lock for this process until it closes the descriptor or dies; -1 with a message that
 * names the holder. Children close their copy, or they would hold the lock for a dead master. */
int place_lock(struct arena *arena, const char *directory, const char **error_out) MUST_CHECK;

/* Writes and removes directory/pid. */
bool place_write_pid(struct arena *arena, const char *directory, const char **error_out) MUST_CHECK;
void place_remove_pid(struct arena *arena, const char *directory);

#endif
