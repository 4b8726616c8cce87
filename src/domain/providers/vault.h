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

/* Takes all tokens out of a row that is about to be written. */
void vault_empty(struct connection_row *row);

/* The access token of a row; NULL when it has none, or one that doesn't open. */
const char *vault_access_token(struct context *context, const struct connection_row *row);

/* Its refresh token, likewise. */
const char *vault_refresh_token(struct context *context, const struct connection_row *row);

/*
 * A token that is good for five minutes yet: the row's own, or a fresh one. One process of all machines asks
 * the provider, the others wait for what it writes. *row_out is the row as it then is. PROVIDER_REFUSED: the
 * connection has to be made again; PROVIDER_FAILED, UNAVAILABLE: not now.
 *
 * *provider is looked up by name when it has to be asked, so that reading costs nothing: NULL provider.
 */
enum outcome vault_fresh_token(struct context *context, const struct provider *provider,
                               const struct connection_row *row, struct connection_row *row_out,
                               const char **access_token_out);

/*
 * Writes what a provider has answered and the database, being away, couldn't take: such answers stay in this
 * process until they are written, or are out of date. True while there are some. Called between requests.
 */
bool vault_settle(struct context *context);

/* Whether this process holds some. */
bool vault_is_owing(void);

#endif
