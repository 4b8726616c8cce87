/* received_id_token.h: ID Tokens that providers give us, checked as OpenID Connect Core §3.1.3.7 has it. */
#ifndef DOORWARD_DOMAIN_PROVIDERS_RECEIVED_ID_TOKEN_H
#define DOORWARD_DOMAIN_PROVIDERS_RECEIVED_ID_TOKEN_H

#include "domain/providers/provider.h"

enum { ID_TOKEN_SKEW_S = 60 }; /* how far a provider's clock may be off */

/* Signature and claims. PROVIDER_FAILED for anything but a token of this provider, for this client, now, and
 * of this nonce. */
enum outcome received_id_token_read(struct context *context, const struct provider *provider,
                                    const char *token, const char *nonce, const struct json **claims_out);

/* The claims alone: NULL, or what is wrong with them. key_issuer: whose the key is, where it says so (NULL).
 */
const char *received_id_token_check(struct context *context, const struct provider *provider,
                                    const struct json *claims, const char *nonce, const char *key_issuer);

#endif
