/*
 * limit.h: rate limits. Of guesses, per client address, by the category that a row names: counted before
 * anything of the request is believed, so that parallel guesses can't outrun it. (Limits per account are the
 * rules' own, domain/login.) And of work, per caller and per service, once it is known who calls: counted in
 * the shared page alone; the housekeepers tell the machines of each other's counts (domain/limits.h).
 */
#ifndef DOORWARD_APP_LIMIT_H
#define DOORWARD_APP_LIMIT_H

#include "app/route.h"

/* Counts the call; OK, or TOO_MANY_REQUESTS with retry_after_s. Puts the RateLimit-* headers. */
enum outcome limit_check(struct call *call);

/* The same for a row that names no category, by a handler that first sees whether there is anything to count.
 */
enum outcome limit_take(struct call *call, enum limit_category category);

/* The same for the caller that policy_check() found, and for its service. */
enum outcome limit_check_caller(struct call *call);

#endif
