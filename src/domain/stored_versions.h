/*
 * stored_versions.h: the numbers by which processes learn that services, clients or keys have changed.
 * The database holds them for all machines, the shared page for all processes of this one.
 */
#ifndef DOORWARD_DOMAIN_STORED_VERSIONS_H
#define DOORWARD_DOMAIN_STORED_VERSIONS_H

#include "domain/context.h"
#include "store/versions.h"

/* Once a second on a machine, whichever process comes first: reads the stored numbers. UNAVAILABLE when
 * it was this caller's turn and the database is away. */
enum outcome stored_versions_check(struct context *context);

/* After the commit of a change made here: tells the processes of this machine at once. */
void stored_versions_publish(struct context *context, const struct versions *versions);

#endif
