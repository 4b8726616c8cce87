/* session.c: see session.h. */
#include "domain/login/session.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "store/sessions.h"

enum { COOKIE_BYTES = 32, TOUCH_INTERVAL_S = 60 };

bool session_cookie_hash(const char *cookie, unsigned char hash_out[32])
{
    if (cookie == NULL || strlen(cookie) != 2 * COOKIE_BYTES ||
        strspn(cookie, "0123456789abcdef") != 2 * COOKIE_BYTES)
        return false;
    sha256_text(cookie, hash_out);
    return true;
}

static struct session *session_from_state(struct arena *arena, const struct session_state *state)
{
    const struct session_row *row = &state->session;
    struct session *session = arena_alloc(arena, sizeof *session);
    *session = (struct session) {
        .created_at = row->created_at,
        .authenticated_at = row->authenticated_at,
        .seen_at = row->seen_at,
        .expires_at = row->expires_at,
        .method = row->method,
        .user_email = state->user_email,
        .user_name = state->user_name,
        .user_email_verified = state->user_email_verified,
        .user_status = state->user_status,
        .user_agent = row->user_agent,
        .address = row->address,
    };
    memcpy(session->id_hash, row->id_hash, sizeof session->id_hash);
    memcpy(session->sid, row->sid, sizeof session->sid);
    memcpy(session->user_id, row->user_id, sizeof session->user_id);
    return session;
}

/* Whether it still counts at this moment. Idling and the end of its life are two limits; a session of
 * before the user's last change of password is dead. */
static bool session_is_live(const struct context *context, const struct session *session,
                            int64_t user_tokens_after)
{
    return session->authenticated_at >= user_tokens_after && context->now < session->expires_at &&
           context->now - session->seen_at < context->settings->session_idle_s &&
           text_equal(session->user_status, "active");
}

enum outcome session_find(struct context *context, const char *cookie, const struct session **session_out)
{
    unsigned char hash[32];
    *session_out = NULL;
    if (!session_cookie_hash(cookie, hash))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "nobody is signed in");

    struct session_state state;
    enum outcome found = store_outcome(context, sessions_find(context->db, context->arena, hash, &state),
                                       OUTCOME_UNAUTHENTICATED, "the session has ended");
    if (found != OUTCOME_OK)
        return found;
    struct session *session = session_from_state(context->arena, &state);
    if (!session_is_live(context, session, state.user_tokens_after))
        return refuse(context, OUTCOME_UNAUTHENTICATED, "the session has expired");

    /* A missed touch costs a minute of idle time at most, so its failure is nobody's problem. */
    if (context->now - session->seen_at >= TOUCH_INTERVAL_S &&
        sessions_touch(context->db, session->id_hash, context->now) == STORE_OK)
        session->seen_at = context->now;
    *session_out = session;
    return OUTCOME_OK;
}

/* The old session ends with the new one's start; if that fails, its own limits still end it. */
static void end_replaced(struct context *context, const char *old_cookie)
{
    unsigned char hash[32];
    if (!session_cookie_hash(old_cookie, hash))
        return;
    enum store_result ended = sessions_end(context->db, hash);
    if (ended != STORE_OK && ended != STORE_NOT_FOUND)
        log_warn("session.replaced_not_ended");
}

enum outcome session_open(struct context *context, const unsigned char user_id[16], const char *method,
                          const char *old_cookie, const char **cookie_out)
{
    unsigned char value[COOKIE_BYTES];
    random_bytes(value, sizeof value);
    const char *cookie = hex_encode(context->arena, value, sizeof value);

    struct session_row row = {
        .created_at = context->now,
        .authenticated_at = context->now,
        .seen_at = context->now,
        .expires_at = context->now + context->settings->session_lifetime_s,
        .method = method,
        .address = context->address,
        .user_agent = context->user_agent,
    };
    sha256_text(cookie, row.id_hash);
    random_uuid(row.sid);
    memcpy(row.user_id, user_id, sizeof row.user_id);

    /* not found: the user, deleted since the password was checked */
    enum outcome added = store_outcome(context, sessions_add(context->db, &row), OUTCOME_UNAUTHENTICATED,
                                       "the account has been removed");
    if (added != OUTCOME_OK)
        return added;
    end_replaced(context, old_cookie);
    *cookie_out = cookie;
    return OUTCOME_OK;
}

enum outcome session_end(struct context *context, const struct session *session)
{
    enum store_result ended = sessions_end(context->db, session->id_hash);
    return ended == STORE_NOT_FOUND
               ? OUTCOME_OK
               : store_outcome(context, ended, OUTCOME_OK, "the session had ended already");
}
