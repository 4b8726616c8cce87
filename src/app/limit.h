/*
 * limit.h: rate limits per client address, by the category that a row names. Counted before anything
 * of the request is believed, so that parallel guesses can't outrun it. Limits per account are the
 * rules' own (domain/login).
 */
#ifndef DOORWARD_APP_LIMIT_H
#define DOORWARD_APP_LIMIT_H

#include "app/call.h"

/* Counts the call; OK, or TOO_MANY_REQUESTS with retry_after_s. Puts the RateLimit-* headers. */
enum outcome limit_check(struct call *call);

#endif
