/* client_use.h: when, and from where, a client's secret or keys were last used. */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_USE_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_USE_H

#include "domain/oauth/client_auth.h"

/* Notes it, at most once a minute for each; a public client has nothing to note. */
void client_note_use(struct context *context, const struct client_proof *proof);

#endif
