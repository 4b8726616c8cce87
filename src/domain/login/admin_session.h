/*
 * admin_session.h: signed-in browsers of administrators. As with people's sessions, the cookie's value is 64
 * hex digits (32 random bytes), and the row holds its hash.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H
#define DOORWARD_DOMAIN_LOGIN_ADMIN_SESSION_H

#include "domain/context.h"

struct admin_session {
    unsigned char admin_id[16];
    const char *email, *name;
};

/* The session of a cookie value (NULL: none): OK, or UNAUTHENTICATED when there is none, it has expired, or
 * its administrator isn't active. */
enum outcome admin_session_find(struct context *context, const char *cookie,
                                struct admin_session *session_out);

#endif
