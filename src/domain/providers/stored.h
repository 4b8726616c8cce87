/* stored.h: providers in the database: their metadata as JSON, their secret sealed under the key file and
 * bound to the row. */
#ifndef DOORWARD_DOMAIN_PROVIDERS_STORED_H
#define DOORWARD_DOMAIN_PROVIDERS_STORED_H

#include "domain/providers/provider.h"
#include "store/providers.h"

/* The provider that a row is of, in the arena. False with a reason for one that was stored broken, or whose
 * secret doesn't open. */
bool stored_provider_read(struct context *context, struct arena *arena, const struct provider_row *row,
                          struct provider *provider_out, const char **error_out) MUST_CHECK;

/* The whole object that the row's metadata were cut from, but for the secret; NULL when it doesn't parse. */
struct json *stored_provider_object(struct arena *arena, const struct provider_row *row);

/* The row's secret sealed, and opened: NULL for one that doesn't open; "" for none. */
struct bytes stored_provider_seal(struct context *context, const char *name, const char *secret);
const char *stored_provider_secret(struct context *context, struct arena *arena,
                                   const struct provider_row *row);

#endif
