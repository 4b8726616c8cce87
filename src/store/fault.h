/*
 * fault.h: what MariaDB's and Galera's error numbers mean for us, and what may be tried again. Three
 * things decide: whether the statement can have run, whether it may run twice, and whether a
 * transaction is open.
 */
#ifndef DOORWARD_STORE_FAULT_H
#define DOORWARD_STORE_FAULT_H

#include "store/db.h"

enum { FAULT_MAX_TRIES = 5, FAULT_REPLAY_BUDGET_MS = 5000 };

enum fault {
    FAULT_NONE,
    FAULT_CONFLICT, /* a unique key is taken */
    FAULT_MISSING,  /* the row referred to isn't there */
    FAULT_REPLAY,   /* deadlock, lock wait, certification failure: the same again may succeed */
    FAULT_UNSENT,   /* connection lost before the server can have run anything */
    FAULT_LOST,     /* connection lost, and the statement may have run */
    FAULT_REFUSED   /* an error of the statement, a full disk, missing rights … */
};

enum fault fault_of(unsigned code);

/* Whether the connection is of no more use. */
bool fault_is_loss(enum fault fault);

/* How a statement ends that isn't tried again. */
enum store_result fault_result(const struct statement *statement, enum fault fault, bool in_transaction);

/* The tries of one statement so far; start with started_ms set, from clock_mono_ms(). */
struct attempts {
    int64_t started_ms;
    int replays, losses;
};

/* Whether one statement by itself, outside transactions, may be tried once more; pauses when it must. */
bool fault_allows_retry(const struct statement *statement, enum fault fault, struct attempts *attempts);

/* A few milliseconds, more with each try, and different in each process. */
void fault_pause(int tries);

#endif
