/*
 * attempts.h: guesses, counted before they are checked: parallel ones can't outrun the limit (T-87).
 * Each guess that may go on is a row of its own, counted over a window (no hot row), so that the limit
 * holds across workers and machines; the shared page turns a flood away before it costs a statement.
 *
 * Of a subject (an account's canonical address, or that address in one known browser) the first half of
 * the limit is free; then each further guess must wait, twice as long each time (1 s, 2 s, 4 s …); at
 * the limit the subject is locked until the window has moved on, or until it's unlocked by a mail.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_ATTEMPTS_H
#define DOORWARD_DOMAIN_LOGIN_ATTEMPTS_H

#include "domain/context.h"
#include "store/attempts.h"

struct attempt_limit {
    const char *kind;    /* keeps one text's counters apart: "password", "address sign-in" */
    const char *subject; /* what is guessed at */
    int64_t limit, window_s;
    bool grows; /* whether guesses in the second half have to wait */
};

struct attempt {
    unsigned char id[16], subject[16];
    uint64_t shared_key;
    bool locked_now; /* this one reached the limit: the moment for the unlock mail */
};

/* How long a guess must wait behind those that were made in the window, in milliseconds; 0: not at all. */
int64_t attempts_wait_ms(const struct attempt_limit *limit, const struct attempts_made *made, int64_t now_ms);

/* Counts a guess. TOO_MANY_REQUESTS with retry_after_s when it must not be checked now (such a one doesn't
 * count further). */
enum outcome attempt_begin(struct context *context, const struct attempt_limit *limit,
                           struct attempt *attempt_out);

/* The guess was right: the subject's count starts anew. */
void attempt_right(struct context *context, const struct attempt *attempt);

/* Unlocks: forgets what was counted, on every machine. */
enum outcome attempts_forget(struct context *context, const char *kind, const char *subject);

#endif
