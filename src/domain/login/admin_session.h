/*
 * admin_session.h: signed-in browsers of administrators. As with people's sessions, the cookie's value is 64
 * hex digits (32 random bytes), and the row holds its hash. Apart from them, so that no user's session
 * ever becomes an administrator's.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H
#define DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H

#include "domain/context.h"

#define ADMIN_SESSION_COOKIE "admin-session"

enum { ADMIN_SESSION_LIFETIME_S = 4 * 60 * 60, ADMIN_SESSION_IDLE_S = 60 * 60 };

struct admin_session {
    unsigned char admin_id[16];
    const char *email, *name;
    unsigned char id_hash[32];
    int64_t authenticated_at;
};

/* The session of a cookie value (NULL: none): OK, or UNAUTHENTICATED when there is none, it has idled or
 * expired, or its administrator isn't active. Moves seen_at on at most once a minute. */
enum outcome admin_session_find(struct context *context, const char *cookie,
                                struct admin_session *session_out);

/* REAUTHENTICATION_REQUIRED when password and second step were last shown longer ago than recent_sign_in. */
enum outcome admin_session_needs_recent(struct context *context, const struct admin_session *session);

/* Opens a session for an administrator who has just shown password and second step, and ends the one of
 * old_cookie (may be NULL). *cookie_out is the new cookie value. */
enum outcome admin_session_open(struct context *context, const unsigned char admin_id[16], const char *method,
                                const char *old_cookie, const char **cookie_out);

/* Ends one session; fine when it has ended already. */
enum outcome admin_session_end(struct context *context, const struct admin_session *session);

#endif
