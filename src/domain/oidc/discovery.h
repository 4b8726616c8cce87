/* discovery.h: the metadata document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), derived from the
 * settings and from the tables of the rules, never typed again. */
#ifndef DOORWARD_DOMAIN_OIDC_DISCOVERY_H
#define DOORWARD_DOMAIN_OIDC_DISCOVERY_H

#include "core/json_writer.h"
#include "core/settings.h"

/* The document as JSON text in the arena. */
const char *discovery_document(struct arena *arena, const struct settings *settings);

#endif
