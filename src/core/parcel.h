/*
 * parcel.h: a descriptor handed from one process to another over a unix socket (unix(7), SCM_RIGHTS). Neither
 * end ever waits. Knows nothing of what the descriptor is.
 */
#ifndef DOORWARD_CORE_PARCEL_H
#define DOORWARD_CORE_PARCEL_H

#include "core/base.h"

/* Hands a copy over; the sender's stays open. False when there's no room or nobody to take it. */
bool parcel_send(int to, int descriptor) MUST_CHECK;

/* The next one, closed when another program is executed; -1 when none waits. *over_out (unless NULL) tells
 * that none can come any more, as all who could send have gone. */
int parcel_take(int from, bool *over_out);

#endif
