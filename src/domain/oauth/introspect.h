/* introspect.h: token introspection (RFC 7662) and revocation (RFC 7009), for the token's own client. */
#ifndef DOORWARD_DOMAIN_OAUTH_INTROSPECT_H
#define DOORWARD_DOMAIN_OAUTH_INTROSPECT_H

#include "domain/oauth/binding.h"

/* Members of an introspection answer; when it isn't active nothing else is told (RFC 7662 §2.2). */
struct introspection {
    bool active;
    const char *scope, *client_id, *username, *token_type, *sub, *aud, *iss, *jti;
    int64_t exp, iat;
    struct token_binding binding;
};

/* OK with an answer, also for a token that is unknown, dead, or another client's (T-98): inactive. */
enum outcome token_introspect(struct context *context, const struct client *client, const char *token,
                              struct introspection *introspection_out);

/* OK also for a token that is unknown or another client's: nothing happens then (RFC 7009 §2.2).
 * A refresh token takes with it all that its authorization gave. UNAVAILABLE when it couldn't be
 * written, never OK (T-23). */
enum outcome token_revoke(struct context *context, const struct client *client, const char *token);

#endif
