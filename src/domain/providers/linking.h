/*
 * linking.h: how an account at a provider becomes a way into an account here: with the proof of both, never
 * because two addresses are the same (T-80, T-81). The provider has shown the one; the other is shown by
 * signing in to it, in the same browser, while the connection waits: random, for half an hour, used once,
 * bound to browser, provider, account there and account here.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_LINKING_H
#define DOORWARD_DOMAIN_PROVIDERS_LINKING_H

#include "domain/login/challenge.h"
#include "domain/login/session.h"
#include "domain/providers/exchange.h"
#include "store/users.h"

/* A connection that waits. */
struct linking {
    const char *text;          /* its handle */
    const char *provider;      /* name */
    const char *provider_name; /* as people know it */
    const char *email;         /* of the account here */
    unsigned char user_id[16];
    struct challenge challenge;
};

/* Keeps what the provider said until the user has been proven in this browser. */
enum outcome linking_begin(struct context *context, const struct provider *provider,
                           const struct provider_identity *identity, const struct user_row *user,
                           const char *browser, const char **text_out);

/* Looks, without using it. FLOW_ENDED: none of ours, of another browser, used or expired; text may be NULL.
 */
enum outcome linking_look(struct context *context, const char *text, const char *browser,
                          struct linking *linking_out);

/* Connects, for the user who has just been proven; mails that it happened. FORBIDDEN when that is somebody
 * else than the one whom it waits for; FLOW_ENDED when it has been used; ALREADY_EXISTS when the account
 * there belongs to somebody else by now. */
enum outcome linking_finish(struct context *context, const struct linking *linking,
                            const unsigned char user_id[16]);

/* Connects at once, for who is signed in and came back from the provider; mails that it happened.
 * ALREADY_EXISTS as above; FLOW_ENDED when the account has been removed or disabled. */
enum outcome linking_add(struct context *context, const struct provider *provider,
                         const struct provider_identity *identity, const struct session *session);

/* The row of an identity, with a new id. */
struct connection_row; /* store/connections.h */
void linking_row(struct context *context, const char *provider, const struct provider_identity *identity,
                 const unsigned char user_id[16], struct connection_row *row_out);

/* Whether one signs in by a provider at present: there is such a one, it is switched on, and not for its
 * tokens alone. */
bool linking_is_open(struct context *context, const char *provider);

/* Inside a transaction: whether the user can sign in with what there is, by a password or by such a provider.
 */
enum store_result linking_has_way_in(struct db *db, struct context *context, const struct user_row *user,
                                     bool *there_out) MUST_CHECK;

/* "Google": a provider's name as people know it; its own name when there is no such provider (any more). */
const char *linking_provider_name(struct context *context, const char *provider);

#endif
