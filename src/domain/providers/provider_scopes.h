/* provider_scopes.h: scopes between our words (separated by spaces) and those of a kind of providers. */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROVIDER_SCOPES_H
#define DOORWARD_DOMAIN_PROVIDERS_PROVIDER_SCOPES_H

#include "domain/providers/provider.h"

/* What is asked for, with what the kind needs beside (openid, offline_access), in its separator. */
const char *provider_scopes_asked(struct arena *arena, const struct provider_kind *kind, const char *scopes,
                                  bool offline);

/*
 * What was given: answered as the provider says it (NULL: it didn't, and gave what was asked for), in our
 * spelling, with what a wider scope holds of those that were asked for, and without those that only we had
 * added. NULL when it can't be kept.
 */
const char *provider_scopes_given(struct arena *arena, const struct provider_kind *kind, const char *answered,
                                  const char *asked);

#endif
