/* api.h: the families of JSON endpoints. Each ends its file in its table. */
#ifndef DOORWARD_API_API_H
#define DOORWARD_API_API_H

#include "app/route.h"

extern const struct route_family token_family, userinfo_family, consent_family, metadata_family,
    health_family, public_family, workspace_family;

#endif
