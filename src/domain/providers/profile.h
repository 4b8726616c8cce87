/* profile.h: who somebody is, out of what a provider says of them. */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROFILE_H
#define DOORWARD_DOMAIN_PROVIDERS_PROFILE_H

#include "domain/providers/exchange.h"

/* Fills in what is still missing in the identity from an ID Token's claims or a userinfo answer, as the kind
 * maps them. What can't be used (an address that is none, a name with control characters) is as if it weren't
 * there. */
void profile_read(struct arena *arena, const struct provider_kind *kind, const struct json *profile,
                  struct provider_identity *identity);

/* The subject of a profile: text or a number; NULL when it has none that can be kept. */
const char *profile_subject(struct arena *arena, const struct provider_kind *kind,
                            const struct json *profile);

/* What the token of a profile may, space separated, of a list of {"permission","status"} in it (facebook);
 * NULL: it doesn't say. */
const char *profile_permissions(struct arena *arena, const struct provider_kind *kind,
                                const struct json *profile);

/* The primary address of a list of {"email","primary","verified"} (github): vouched for when it is verified.
 */
void profile_read_addresses(struct arena *arena, const struct json *list, struct provider_identity *identity);

/* The name that comes beside the code on the first sign-in (apple): {"name":{"firstName","lastName"}}. */
void profile_read_user(struct arena *arena, const char *user, struct provider_identity *identity);

#endif
