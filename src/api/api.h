/* api.h: the families of JSON endpoints. Each ends its file in its table. */
#ifndef DOORWARD_API_API_H
#define DOORWARD_API_API_H

#include "app/route.h"

extern const struct route_family token_family;
extern const struct route_family userinfo_family;
extern const struct route_family consent_family;
extern const struct route_family metadata_family;
extern const struct route_family health_family;
extern const struct route_family public_family;
extern const struct route_family webhooks_family;
extern const struct route_family permissions_family;
extern const struct route_family service_analytics_family;
extern const struct route_family workspace_family;
extern const struct route_family subscriptions_family;
extern const struct route_family service_family;
extern const struct route_family user_family;
extern const struct route_family manage_family;
extern const struct route_family clients_family;
extern const struct route_family provider_tokens_family;
extern const struct route_family linked_accounts_family;
extern const struct route_family providers_family;

#endif
