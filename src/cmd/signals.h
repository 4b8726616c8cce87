/*
 * signals.h: signals as something to read. All that we act on stay blocked in every process, across
 * fork too, and are read from a descriptor in the poll set: so none is ever lost, none interrupts a
 * request, and the handlers that libfcgi puts on SIGTERM and SIGUSR1 never run.
 */
#ifndef DOORWARD_CMD_SIGNALS_H
#define DOORWARD_CMD_SIGNALS_H

#include "core/base.h"

#include <signal.h>

/* Blocks the signals, ignores SIGPIPE and returns a descriptor for this process to read them from; fatal on
 * failure. Called again after fork: a child reads from one of its own. */
int signals_open(void);

/* The next signal that has come, 0 for none. Never waits. */
int signals_next(int descriptor);

/* "KILL", "ABRT"; for the log. */
const char *signal_name(int number);

#endif
