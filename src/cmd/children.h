/*
 * children.h: the processes of a master: one entry a child, at the index of its slot on the
 * scoreboard. Starting them, finding out how they ended, and telling so.
 */
#ifndef DOORWARD_CMD_CHILDREN_H
#define DOORWARD_CMD_CHILDREN_H

#include "cmd/sockets.h"

#include <sys/types.h>

/* A pool's index in the settings, or one of those that there is one of. */
enum { HOUSEKEEPER = MAX_POOLS, COURIER, WEBHOOK_COURIER, REVOCATION_COURIER, EGRESS, CHILD_KINDS };

struct child {
    pid_t pid; /* 0: a free entry */
    size_t kind;
    struct generation *generation;
    int64_t started_ms;
    bool told_to_leave, killed;
};

struct children {
    struct child list[SHARED_SLOTS];
    struct arena *messages; /* reset by the owner, at each turn of its loop */
    struct shared *shared;
    const struct sockets *sockets;
    int lock, signals;  /* the master's, which a child closes */
    long deaths, kills; /* since the master's start, for the log */
};

/* Forks one more. False when there's no place or fork fails; it has been logged then. */
bool children_start(struct children *children, struct generation *generation, size_t kind);

/* How a child ended. */
struct ending {
    struct child child; /* as it was */
    bool died;          /* nobody had asked it to go, or it couldn't go by itself */
    bool early;         /* before it had done anything: the next one may well end the same way */
};

/* Takes one child that has ended off the list, logs how, and clears its slot; false when none has. */
bool children_reap(struct children *children, struct ending *ending_out);

/* Sends a signal to all children of a generation (NULL: of all); those that mean leaving are noted. */
void children_signal(struct children *children, const struct generation *generation, int number);

/* Those of this kind and generation that will go on serving. */
size_t children_count(const struct children *children, const struct generation *generation, size_t kind);

/* Whether at least one child of the kind is ready to serve. */
bool children_are_ready(const struct children *children, const struct generation *generation, size_t kind);

/*
 * Kills those that have been busy with one request past the deadline, or have been told to leave and
 * still haven't. Returns the milliseconds until the next such look is needed.
 */
int64_t children_check_deadlines(struct children *children);

#endif
