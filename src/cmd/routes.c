/* routes.c: the program's table of contents: every family of endpoints, in the order they are matched.
 * The first and the last also answer for paths that nobody has: programs and people. */
#include "api/api.h"
#include "pages/connect.h"
#include "pages/pages.h"
#include "pages/provider_pages.h"

/* clang-format off */
const struct route_family *const route_families[] = {
    &metadata_family,
    &token_family,
    &userinfo_family,
    &consent_family,
    &public_family,
    &service_family,
    &permissions_family,
    &webhooks_family,
    &service_analytics_family,
    &workspace_family,
    &subscriptions_family,
    &user_family,
    &manage_family,
    &clients_family,
    &auth_family,
    &provider_tokens_family,
    &linked_accounts_family,
    &providers_family,
    &health_family,
    &connect_family,
    &account_family,
    &admin_family,
    &pages_family,
    NULL,
};
/* clang-format on */
