/*
 * admin_session.h: administrators' signed-in browsers. The cookie's value is 64 hex digits; the row holds
 * its hash. Apart from session.h, so that no user's session ever becomes an admin's.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H
#define DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H

#include "domain/context.h"

#define ADMIN_SESSION_COOKIE "admin-session"

enum { ADMIN_SESSION_LIFETIME_S = 4 * 60 * 60, ADMIN_SESSION_IDLE_S = 60 * 60 };

struct admin_session {
    unsigned char id_hash[32];
    unsigned char admin_id[16];
    int64_t created_at, authenticated_at, seen_at, expires_at;
    const char *email, *name;
};

/* The session of a cookie value: OK, or UNAUTHENTICATED when there is none, it has idled or expired, or
 * its admin isn't active. Moves seen_at on at most once a minute. */
enum outcome admin_session_find(struct context *context, const char *cookie,
                                const struct admin_session **session_out);

#endif
