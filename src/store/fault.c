/* fault.c: see fault.h. */
#include "store/fault.h"

#include "core/clock.h"

#include <time.h>

/* A connection lost later than this timed out: nobody waits for the same twice. */
enum { QUICK_LOSS_MS = 1000 };

static const struct {
    unsigned code;
    enum fault fault;
} faults[] = {
    { 1062, FAULT_CONFLICT }, /* duplicate entry */
    { 1451, FAULT_CONFLICT }, /* rows still refer to this one */
    { 1452, FAULT_MISSING },  /* the row referred to is gone */
    { 1205, FAULT_REPLAY },   /* lock wait timeout */
    { 1213, FAULT_REPLAY },   /* deadlock, or Galera certification failed */
    { 1020, FAULT_REPLAY },   /* record changed since last read */
    { 1180, FAULT_REPLAY },   /* error during commit (Galera) */
    { 1047, FAULT_LOST },     /* node not ready (Galera without a majority) */
    { 1053, FAULT_LOST },     /* server shutdown */
    { 1927, FAULT_LOST },     /* connection was killed */
    { 2002, FAULT_UNSENT },   /* can't connect to socket */
    { 2003, FAULT_UNSENT },   /* can't connect to host */
    { 2006, FAULT_UNSENT },   /* gone away: the command could not be written */
    { 2026, FAULT_UNSENT },   /* TLS failed */
    { 4031, FAULT_UNSENT },   /* closed for inactivity before this command */
    { 1243, FAULT_UNSENT },   /* the server doesn't know the prepared handle any more */
    { 1615, FAULT_UNSENT },   /* needs to be prepared again */
    { 2013, FAULT_LOST },     /* lost while waiting for the answer */
    { 2014, FAULT_LOST },     /* out of sync: only a fresh connection helps */
    { 2055, FAULT_LOST },     /* as 2013, with the errno */
};

enum fault fault_of(unsigned code)
{
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
        if (faults[i].code == code)
            return faults[i].fault;
    return FAULT_REFUSED;
}

bool fault_is_loss(enum fault fault)
{
    return fault == FAULT_LOST || fault == FAULT_UNSENT;
}

bool fault_allows_retry(const struct statement *statement, enum fault fault, struct attempts *attempts)
{
    int64_t elapsed_ms = clock_mono_ms() - attempts->started_ms;
    if (fault == FAULT_REPLAY && elapsed_ms < FAULT_REPLAY_BUDGET_MS &&
        ++attempts->replays < FAULT_MAX_TRIES) {
        fault_pause(attempts->replays);
        return true;
    }
    if (fault == FAULT_UNSENT || (fault == FAULT_LOST && statement->retry))
        return elapsed_ms < QUICK_LOSS_MS && attempts->losses++ == 0;
    return false;
}

enum store_result fault_result(const struct statement *statement, enum fault fault, bool in_transaction)
{
    switch (fault) {
    case FAULT_NONE:
        return STORE_OK;
    case FAULT_CONFLICT:
        return STORE_CONFLICT;
    case FAULT_MISSING:
        return STORE_NOT_FOUND;
    case FAULT_LOST:
        return statement->retry || in_transaction ? STORE_FAILED : STORE_UNCERTAIN;
    case FAULT_REPLAY:
    case FAULT_UNSENT:
    case FAULT_REFUSED:
        break;
    }
    return STORE_FAILED;
}

void fault_pause(int tries)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long span_us = 4000L << (tries < 4 ? tries : 4);
    long pause_us = 1000 + now.tv_nsec / 7 % span_us;
    nanosleep(&(struct timespec) { .tv_nsec = pause_us * 1000 }, NULL);
}
