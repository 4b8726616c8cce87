/*
 * limits.h: rate limits of callers across machines. Each machine's housekeeper tells what was counted in its
 * shared page and adds what the others tell, about once a second while it has requests. So a caller who
 * uses several machines may go beyond a limit by what each of them lets through in the two seconds that it
 * takes to hear of the others; no request waits for it, or writes.
 *
 * A machine that is alone tells and asks nothing, but looks every ten seconds whether it still is.
 */
#ifndef DOORWARD_DOMAIN_ANALYTICS_LIMITS_H
#define DOORWARD_DOMAIN_ANALYTICS_LIMITS_H

#include "domain/context.h"

/* What one process remembers between exchanges; begins as zeros. */
struct limits_exchange {
    bool alone; /* as of looked_at_ms */
    int64_t looked_at_ms;
    int64_t awake_until_ms;
    uint64_t calls;      /* shared_limit_spread_calls() of the last exchange that went well */
    size_t place;        /* of shared_limit_changes() */
    int64_t heard_at_ms; /* clock_mono_ms() of the last look at the others' counts; 0: never */
};

/* Tells the other machines that this one is there: at the start, and now and then. */
enum store_result limits_announce(struct context *context) MUST_CHECK;

/* Two or three statements when calls have been counted in the last seconds, none else. */
enum store_result limits_exchange(struct context *context, struct limits_exchange *exchange) MUST_CHECK;

#endif
