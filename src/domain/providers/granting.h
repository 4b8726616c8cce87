/*
 * granting.h: a service's right to use an account's token: given, widened, withdrawn, each with its event;
 * and which scopes go together.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_GRANTING_H
#define DOORWARD_DOMAIN_PROVIDERS_GRANTING_H

#include "domain/providers/provider.h"
#include "store/provider_grants.h"

/* The words of both lists, each once. */
const char *granting_join(struct arena *arena, const char *scopes, const char *more);

/* Those of a list that are in another as well. */
const char *granting_common(struct arena *arena, const char *scopes, const char *others);

/*
 * The words of a token's scopes beyond those that are allowed, "" for none. What only says who somebody is
 * doesn't count: we ask for that ourselves.
 */
const char *granting_excess(struct arena *arena, const struct provider_kind *kind, const char *scopes,
                            const char *allowed);

/* The kind of an active provider, without asking it; NULL when there is none of this name. */
enum outcome granting_kind(struct context *context, const char *provider,
                           const struct provider_kind **kind_out);

struct granting {
    struct context *context;
    const unsigned char *connection_id, *service_id, *user_id;
    const char *provider;
    const char *scopes;            /* that are given */
    const char *allowed;           /* that the service may have: what an older grant has beyond them goes */
    const char *actor;             /* as in events */
    struct provider_grant_row row; /* out: as it is then */
};

/* Inside a transaction: the grant, or a wider one in its place, and its event. NOT_FOUND when the connection
 * is gone or the user is no member. Then event_wake(). */
enum store_result granting_store(struct db *db, struct granting *granting) MUST_CHECK;

/*
 * Takes a user's grant back. revoke: the provider is told to forget the account's tokens, when no other
 * service may use them; the account stays, to be connected anew. NOT_FOUND when there is none.
 */
struct withdrawal {
    const unsigned char *user_id, *connection_id, *service_id;
    const char *actor;
    bool revoke;
};
enum outcome granting_withdraw(struct context *context, const struct withdrawal *withdrawal);

/* Inside a transaction that removes a member, whose grants go with them: their events. The accounts keep
 * their tokens, as when a grant is taken back by itself. Then event_wake(). */
enum store_result granting_end_of_member(struct db *db, struct context *context,
                                         const unsigned char service_id[16], const unsigned char user_id[16],
                                         const char *actor) MUST_CHECK;

/* Inside a transaction that removes a connection: the events of the grants that go with it. actor NULL: its
 * owner. Then event_wake(). */
enum store_result granting_end_all(struct db *db, struct context *context,
                                   const struct connection_row *connection, const char *actor) MUST_CHECK;

#endif
