/*
 * attempts.c: see attempts.h. A guess is added first and the others are counted then, so of guesses that run
 * side by side each sees all that were added before it counted: none past the limit goes on. One that may
 * not is taken back.
 *
 * The shared page holds no lock of its own, which an unlocking on another machine could not lift: it only
 * bounds what guesses at one subject cost the database, over some seconds.
 */
#include "domain/login/attempts.h"

#include "core/log.h"
#include "crypto/digest.h"
#include "crypto/random.h"

enum { FLOOD_WINDOW_S = 10, MOST_DOUBLINGS = 20 };

static void subject_of(struct context *context, const char *kind, const char *subject,
                       unsigned char subject_out[16])
{
    unsigned char hash[32];
    sha256_text(arena_printf(context->arena, "%s\n%s", kind, subject), hash);
    memcpy(subject_out, hash, 16);
}

int64_t attempts_wait_ms(const struct attempt_limit *limit, const struct attempts_made *made, int64_t now_ms)
{
    int64_t window_ms = limit->window_s * 1000, free = (limit->limit + 1) / 2;
    int64_t until_ms = 0;
    if (made->count >= limit->limit) {
        until_ms = made->first_ms + window_ms;
    } else if (limit->grows && made->count >= free) {
        int64_t doublings = made->count - free;
        int64_t delay_ms = (int64_t)1000 << (doublings < MOST_DOUBLINGS ? doublings : MOST_DOUBLINGS);
        until_ms = made->last_ms + (delay_ms < window_ms ? delay_ms : window_ms);
    }
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

static enum outcome too_many(struct context *context, int64_t wait_s)
{
    context->retry_after_s = wait_s > 0 ? wait_s : 1;
    return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many failed tries");
}

/* Whether the guess, whose row is there, may go on; else its row is taken back. */
static enum outcome judge(struct context *context, const struct attempt_limit *limit,
                          const struct attempt_row *row, bool *last_out)
{
    struct attempts_made made;
    enum outcome counted = store_outcome(
        context,
        attempts_count(context->db, context->arena, row, context->now_ms - limit->window_s * 1000, &made),
        OUTCOME_SERVER_ERROR, "nothing was counted");
    int64_t wait_ms = counted == OUTCOME_OK ? attempts_wait_ms(limit, &made, context->now_ms) : 0;
    if (counted == OUTCOME_OK && wait_ms == 0) {
        *last_out = made.count == limit->limit - 1;
        return OUTCOME_OK;
    }
    /* One that stays counts until its window is over: to the safe side. */
    if (attempts_take_back(context->db, row->id) != STORE_OK)
        log_warn("attempt.not_taken_back");
    return counted == OUTCOME_OK ? too_many(context, (wait_ms + 999) / 1000) : counted;
}

enum outcome attempt_begin(struct context *context, const struct attempt_limit *limit,
                           struct attempt *attempt_out)
{
    struct limit_state state;
    struct attempt_row row = { .at_ms = context->now_ms, .expires_at = context->now + limit->window_s + 1 };
    *attempt_out = (struct attempt) { .shared_key = shared_limit_key(limit->kind, limit->subject) };
    if (!shared_limit_take(context->shared, attempt_out->shared_key, context->now_ms, FLOOD_WINDOW_S,
                           limit->limit, 1, &state))
        return too_many(context, state.retry_after_s);

    random_uuid_timed(context->now_ms, row.id);
    subject_of(context, limit->kind, limit->subject, row.subject);
    memcpy(attempt_out->id, row.id, sizeof(row.id));
    memcpy(attempt_out->subject, row.subject, sizeof(row.subject));
    enum outcome added =
        store_outcome(context, attempts_add(context->db, &row), OUTCOME_SERVER_ERROR, "nothing was counted");
    return added == OUTCOME_OK ? judge(context, limit, &row, &attempt_out->locked_now) : added;
}

void attempt_right(struct context *context, const struct attempt *attempt)
{
    shared_limit_clear(context->shared, attempt->shared_key);
    if (attempts_forget_all(context->db, attempt->subject) != STORE_OK)
        log_warn("attempt.not_forgotten"); /* it counts until its window is over */
}

enum outcome attempts_forget(struct context *context, const char *kind, const char *subject)
{
    unsigned char name[16];
    subject_of(context, kind, subject, name);
    shared_limit_clear(context->shared, shared_limit_key(kind, subject));
    return store_outcome(context, attempts_forget_all(context->db, name), OUTCOME_OK, "nothing was counted");
}
