/*
 * disconnect.h: accounts elsewhere are taken off, by whomever and why ever: what goes with them, in one
 * place.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_DISCONNECT_H
#define DOORWARD_DOMAIN_PROVIDERS_DISCONNECT_H

#include "domain/context.h"
#include "store/connections.h"

/* Inside a transaction that has locked these rows: services' grants end, each with its event; the providers
 * are to forget the tokens; the rows go. actor is who does it, as in events; NULL: whose accounts they are.
 * Then disconnect_wake(). */
enum store_result disconnect_accounts(struct db *db, struct context *context,
                                      const struct connection_row *rows, size_t count,
                                      const char *actor) MUST_CHECK;

/* The same for all that a user has, which it locks; OK also when there are none. */
enum store_result disconnect_all(struct db *db, struct context *context,
                                 const unsigned char user_id[16]) MUST_CHECK;

/* Tells the couriers of this machine, once the transaction is committed. */
void disconnect_wake(struct context *context);

#endif
