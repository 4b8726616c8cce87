/*
 * revocation.h: a token that is taken off is revoked at its provider: written down in the transaction that
 * takes it off, so that neither a slow provider nor one that is down is waited for or forgotten, and carried
 * there by the courier.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_REVOCATION_H
#define DOORWARD_DOMAIN_PROVIDERS_REVOCATION_H

#include "domain/context.h"
#include "store/connections.h"
#include "store/provider_revocations.h"

/* Inside the transaction that removes these rows or empties them; they must be locked, so that nobody
 * refreshes them meanwhile. Nothing for one without tokens. Then revocation_wake(). */
enum store_result revocation_store(struct db *db, struct context *context, const struct connection_row *rows,
                                   size_t count) MUST_CHECK;

/* Tells the courier of this machine, once the transaction is committed. */
void revocation_wake(struct context *context);

/*
 * Asks the provider to forget the row's token. OK: it has, or has no way to. NOT_FOUND: it never will, since
 * the provider was removed, the token can't be opened any more, or the account has been connected anew and
 * would lose that again. A provider that is switched off is told. Anything else may get better.
 * context->reason says why.
 */
enum outcome revocation_send(struct context *context, const struct provider_revocation_row *row);

/* When what failed now is tried again; 0: it isn't. */
int64_t revocation_next_at(const struct provider_revocation_row *row, int64_t now);

#endif
