/*
 * worker.h: one process that answers requests, one at a time, until it is told to leave, has served
 * its share, or loses its master. It holds one listening socket and one database connection.
 */
#ifndef DOORWARD_CMD_WORKER_H
#define DOORWARD_CMD_WORKER_H

#include "cmd/application.h"

#include <sys/types.h>

struct worker {
    struct application application; /* opened, with its families set */
    int64_t request_limit;          /* it leaves after so many requests */
    struct slot *slot;              /* its place on the scoreboard */
    int listener;
    int signals;  /* of signals_open() */
    pid_t master; /* 0 for a worker that is alone: it keeps house itself */
};

/*
 * Serves until it is time to go; returns the exit status. Told to leave at once (SIGTERM; SIGINT when
 * alone), it serves whoever is already waiting. Told to leave politely (SIGQUIT), it also waits for
 * the web server to close its kept connections, each after its next answer, or within LEAVE_LIMIT.
 */
int worker_run(struct worker *worker);

/* How long a polite leave may take: longer than the web server keeps an idle connection. */
enum { WORKER_LEAVE_LIMIT_MS = 15 * 1000 };

/* Asks the master to look at the scoreboard. */
void worker_poke_master(pid_t master);

#endif
