/* admin_session.c: see admin_session.h. */
#include "domain/login/admin_session.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/login/session.h"
#include "store/admin_sessions.h"

enum { COOKIE_BYTES = 32, TOUCH_INTERVAL_S = 60 };

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
    *session_out = (struct admin_session) { .email = state.email,
                                            .name = state.name,
                                            .authenticated_at = state.authenticated_at };
    memcpy(session_out->admin_id, state.admin_id, sizeof(session_out->admin_id));
    memcpy(session_out->id_hash, hash, sizeof(session_out->id_hash));
    return OUTCOME_OK;
}

enum outcome admin_session_needs_recent(struct context *context, const struct admin_session *session)
{
    if (context->now - session->authenticated_at <= context->settings->recent_sign_in_s)
        return OUTCOME_OK;
    return refuse(context, OUTCOME_REAUTHENTICATION_REQUIRED, "the sign-in is too old for this");
}

/* A new value at each sign-in, never one that the browser brought (T-68). */
enum outcome admin_session_open(struct context *context, const unsigned char admin_id[16], const char *method,
                                const char *old_cookie, const char **cookie_out)
{
    unsigned char value[COOKIE_BYTES], old_hash[32];
    random_bytes(value, sizeof(value));
    *cookie_out = hex_encode(context->arena, value, sizeof(value));
    struct admin_session_row row = { .created_at = context->now,
                                     .expires_at = context->now + ADMIN_SESSION_LIFETIME_S,
                                     .method = method,
                                     .address = context->address,
                                     .user_agent = context->user_agent };
    sha256_text(*cookie_out, row.id_hash);
    memcpy(row.admin_id, admin_id, sizeof(row.admin_id));
    enum outcome added = store_outcome(context, admin_sessions_add(context->db, &row),
                                       OUTCOME_UNAUTHENTICATED, "the admin has been removed");
    if (added == OUTCOME_OK && session_cookie_hash(old_cookie, old_hash) &&
        admin_sessions_end(context->db, old_hash) != STORE_OK)
        log_warn("admin_session.replaced_not_ended");
    return added;
}

enum outcome admin_session_end(struct context *context, const struct admin_session *session)
{
    return store_outcome(context, admin_sessions_end(context->db, session->id_hash), OUTCOME_OK,
                         "the session had ended already");
}
