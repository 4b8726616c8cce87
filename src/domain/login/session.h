/*
 * session.h: signed-in browsers. The cookie's value is 64 hex digits (32 random bytes); the row holds
 * its hash. A new value at every sign-in, never one that the browser brought (T-68).
 */
#ifndef DOORWARD_DOMAIN_LOGIN_SESSION_H
#define DOORWARD_DOMAIN_LOGIN_SESSION_H

#include "domain/context.h"

#define SESSION_COOKIE "public-session"

/* A session and its user, as one statement reads them; or what stands for one where an application acts with
 * a person's access token (account_session_of_token()). */
struct session {
    unsigned char id_hash[32];
    unsigned char sid[16]; /* the name that clients may know */
    unsigned char user_id[16];
    int64_t created_at, authenticated_at, seen_at, expires_at;
    const char *method; /* amr value: "pwd" */
    const char *user_email, *user_name;
    bool user_email_verified;
    const char *user_status;
    const char *user_agent, *address;
    unsigned char authorization_id[16]; /* of a token, with its client; client_number 0: a browser's */
    int64_t client_number;
};

/* The hash that names the row of a cookie value; false when the value can't be one of ours. */
bool session_cookie_hash(const char *cookie, unsigned char hash_out[32]);

/* The session of a cookie value: OK, or UNAUTHENTICATED when there is none, it has idled or expired,
 * or its user isn't active. Moves seen_at on at most once a minute. */
enum outcome session_find(struct context *context, const char *cookie, const struct session **session_out);

/* Opens a session for a user who has just proven who they are, and ends the one of old_cookie (may be
 * NULL). *cookie_out is the new cookie value. */
enum outcome session_open(struct context *context, const unsigned char user_id[16], const char *method,
                          const char *old_cookie, const char **cookie_out);

/* Ends one session; fine when it has ended already. */
enum outcome session_end(struct context *context, const struct session *session);

#endif
