/* admin_session.c: see admin_session.h. */
#include "domain/login/admin_session.h"

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

static const struct admin_session *from_state(struct arena *arena, const struct admin_session_state *state)
{
    struct admin_session *session = arena_alloc(arena, sizeof(*session));
    *session = (struct admin_session) { .created_at = state->created_at,
                                        .authenticated_at = state->authenticated_at,
                                        .seen_at = state->seen_at,
                                        .expires_at = state->expires_at,
                                        .email = state->email,
                                        .name = state->name };
    memcpy(session->id_hash, state->id_hash, sizeof(session->id_hash));
    memcpy(session->admin_id, state->admin_id, sizeof(session->admin_id));
    return session;
}

enum outcome admin_session_find(struct context *context, const char *cookie,
                                const struct admin_session **session_out)
{
    unsigned char hash[32];
    struct admin_session_state state;
    *session_out = NULL;
    if (!session_cookie_hash(cookie, hash))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "no admin is signed in");
    enum outcome found =
        store_outcome(context, admin_sessions_find(context->db, context->arena, hash, &state),
                      OUTCOME_UNAUTHENTICATED, "the admin session has ended");
    if (found != OUTCOME_OK)
        return found;
    if (!is_live(context, &state))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "the admin session has expired");

    /* A missed touch costs a minute of idle time at most. */
    if (context->now - state.seen_at >= TOUCH_INTERVAL_S &&
        admin_sessions_touch(context->db, hash, context->now) == STORE_OK)
        state.seen_at = context->now;
    *session_out = from_state(context->arena, &state);
    return OUTCOME_OK;
}
