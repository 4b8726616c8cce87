/*
 * vault.h: the tokens of connections: sealed under the key file and bound to their row, refreshed by one at a
 * time, and never lost between the provider's answer and the row.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_VAULT_H
#define DOORWARD_DOMAIN_PROVIDERS_VAULT_H

#include "domain/providers/exchange.h"
#include "store/connections.h"

/* Puts tokens into a row that is about to be written; its id must be set. A refresh token of NULL leaves the
 * row's. */
void vault_seal(struct context *context, const struct provider_tokens *tokens, struct connection_row *row);

/* The access token of a row; NULL when it has none, or one that doesn't open. */
const char *vault_access_token(struct context *context, const struct connection_row *row);

/*
 * A token that is good for five minutes yet: the row's own, or a fresh one. One process of all machines asks
 * the provider, the others wait for what it writes. *row_out is the row as it then is. PROVIDER_REFUSED: the
 * connection has to be made again; PROVIDER_FAILED, UNAVAILABLE: not now.
 */
enum outcome vault_fresh_token(struct context *context, const struct provider *provider,
                               const struct connection_row *row, struct connection_row *row_out,
                               const char **access_token_out);

/* Seals again, under the newest key, up to limit rows that an older one sealed; housekeeping. */
enum outcome vault_reseal(struct context *context, int64_t limit, int64_t *count_out);

#endif
