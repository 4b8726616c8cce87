/* signed_secret.h: a client secret that is a short-lived JWT, signed with a key (apple). */
#ifndef DOORWARD_DOMAIN_PROVIDERS_SIGNED_SECRET_H
#define DOORWARD_DOMAIN_PROVIDERS_SIGNED_SECRET_H

#include "domain/providers/provider.h"

/* What is wrong with the key (PEM); NULL: it signs. */
const char *signed_secret_check(struct arena *arena, const char *pem);

/* A secret for the next five minutes; NULL when the key doesn't sign. */
const char *signed_secret_make(struct context *context, const struct provider *provider);

#endif
