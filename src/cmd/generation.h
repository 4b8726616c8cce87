/*
 * generation.h: one reading of the configuration and all that follows from it, in memory of its own.
 * A reload makes a new one beside the old; the old goes when the last of its processes has gone.
 */
#ifndef DOORWARD_CMD_GENERATION_H
#define DOORWARD_CMD_GENERATION_H

#include "cmd/application.h"

enum {
    /* all pools together, so that two generations fit the scoreboard */
    GENERATION_MAX_WORKERS = SHARED_SLOTS / 2 - 4
};

/* The descriptors of a pool, shared by all its workers of whatever generation. */
struct pool_ends {
    int listener;
    int adopt, hand_over; /* a worker that leaves hands its kept connections over to the others */
};

/* From the processes of a generation to its egress process: what is handed over at one end is taken at the
 * other. Nothing in the file system leads there. */
struct egress_way {
    int hand_over, take;
};

struct generation {
    int number;
    struct arena *arena;
    struct application application; /* shared by its processes; not opened */
    const struct route_family *const *families[MAX_POOLS];
    struct pool_ends ends[MAX_POOLS]; /* held by struct sockets */
    struct egress_way way;            /* likewise */
    int64_t workers[MAX_POOLS];
    size_t children;          /* processes that live */
    int64_t retired_at_ms;    /* 0: serving */
    struct generation *next;  /* in the master's list of retired ones */
    struct generation *older; /* in the list of all */
};

/*
 * Reads and checks the configuration file: settings, key file, families, numbers of workers, templates,
 * and, with the database within reach, its schema. workers_override, when not 0, takes the place of each
 * pool's workers. NULL with a message in error_arena.
 */
struct generation *generation_make(const char *config_path, int number, int64_t workers_override,
                                   struct arena *error_arena, const char **error_out) MUST_CHECK;
void generation_free(struct generation *generation);

/*
 * For a process that is to know no secret, right behind its fork: wipes all generations that it has a copy
 * of, with their settings, keys and configured providers, and what the stack was used for. Nothing that is in
 * a generation may be used any more.
 */
void generations_forget(void);

/* Of all its pools. */
int64_t generation_workers(const struct generation *generation);

#endif
