/*
 * master.h: the process that holds the sockets, starts the others, replaces them when they die, and
 * does nothing else: it never reads a request and has no database connection.
 */
#ifndef DOORWARD_CMD_MASTER_H
#define DOORWARD_CMD_MASTER_H

#include "cmd/listen.h"

enum {
    MASTER_OK = 0,
    MASTER_TAKEN = 1,         /* another master runs in the run directory, or a socket can't be had */
    MASTER_CONFIGURATION = 3, /* the configuration is broken; as CLI_CONFIGURATION */
    MASTER_CHILD_DIED = 70    /* a process died and none may be replaced (for tests) */
};

struct master_options {
    const char *config_path;
    struct inherited inherited;
    int64_t workers; /* in place of each pool's number; 0: as configured */
    bool no_respawn; /* a process that dies unasked ends the program with MASTER_CHILD_DIED */
};

/* Runs until it is told to stop; what ends the start is in *error_out. Signals: doorward(8). */
int master_run(struct arena *arena, const struct master_options *options, const char **error_out);

#endif
