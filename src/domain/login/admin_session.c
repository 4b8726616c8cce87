/* admin_session.c: see admin_session.h. */
#include "domain/login/admin_session.h"

#include "core/log.h"
#include "core/text.h"
#include "domain/login/session.h"
#include "store/admin_sessions.h"

enum { TOUCH_INTERVAL_S = 60 };

/* The row's own end and the limits of this program: whichever comes first. */
static bool is_live(const struct context *context, const struct admin_session_state *state)
{
    int64_t now = context->now;
    return now < state->expires_at && now - state->authenticated_at < ADMIN_SESSION_LIFETIME_S &&
           now - state->seen_at < ADMIN_SESSION_IDLE_S && text_equal(state->status, "active");
}

enum outcome admin_session_find(struct context *context, const char *cookie,
                                struct admin_session *session_out)
{
    unsigned char hash[32];
    struct admin_session_state state;
    if (!session_cookie_hash(cookie, hash))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "no admin is signed in");
    enum outcome found =
        store_outcome(context, admin_sessions_find(context->db, context->arena, hash, &state),
                      OUTCOME_UNAUTHENTICATED, "the admin session has ended");
    if (found != OUTCOME_OK)
        return found;
    if (!is_live(context, &state))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "the admin session has expired");

    /* A missed touch costs a minute of idle time at most, so its failure is nobody's problem. */
    if (context->now - state.seen_at >= TOUCH_INTERVAL_S &&
        admin_sessions_touch(context->db, hash, context->now) != STORE_OK)
        log_warn("admin_session.not_touched");
    *session_out = (struct admin_session) { .email = state.email, .name = state.name };
    memcpy(session_out->admin_id, state.admin_id, sizeof(session_out->admin_id));
    return OUTCOME_OK;
}
