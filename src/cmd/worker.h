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
    int adopt, hand_over; /* of struct pool_ends; -1 when alone */
    int signals;          /* of signals_open() */
    pid_t master;         /* 0 for a worker that is alone: it keeps house itself */
};

/*
 * Serves until it is time to go; returns the exit status. However it goes, it finishes the request in
 * its hand and serves whoever is already waiting. What becomes of its kept connections:
 *
 *   SIGTERM   the pool goes on (a reload, a request limit): the other workers get them
 *   SIGINT    the service ends, or the master is gone: they are closed
 *   SIGQUIT   the service ends slowly: each gets one more answer, within WORKER_LEAVE_LIMIT_MS
 *
 * A worker that is alone takes SIGTERM for SIGINT, and SIGUSR1 for SIGQUIT.
 */
int worker_run(struct worker *worker);

/* Longer than the web server keeps an idle connection. */
enum { WORKER_LEAVE_LIMIT_MS = 15 * 1000 };

/* Asks the master to look at the scoreboard. */
void worker_poke_master(pid_t master);

#endif
