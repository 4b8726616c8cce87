/*
 * usage.h: what is counted for a service's numbers. A sign-in is a row, written in the transaction of the
 * code that the service's client gets; so is a failed one of which the flow says the service. Tokens are
 * counted in the shared page (shared_usage_add()) and stored by the housekeeper.
 */
#ifndef DOORWARD_DOMAIN_ANALYTICS_USAGE_H
#define DOORWARD_DOMAIN_ANALYTICS_USAGE_H

#include "domain/directory.h"

/* By whom a person was recognised, out of a session's method: "password", "mail", or the method's first word,
 * which is a provider's name. In the arena. */
const char *usage_provider(struct arena *arena, const char *method);

/* Notes a sign-in that failed on the way to a service (NULL: none, then nothing). Whose it was isn't noted.
 * What can't be stored is only logged. */
void usage_note_failure(struct context *context, const struct service *service, const char *provider);

/* Stores what this machine has counted: one statement when there is anything, none else. */
enum store_result usage_store(struct context *context) MUST_CHECK;

#endif
