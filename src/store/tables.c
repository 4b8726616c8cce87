/* tables.c: see tables.h. */
#include "store/tables.h"

#include "store/access_state.h"
#include "store/admin_sessions.h"
#include "store/admins.h"
#include "store/analytics.h"
#include "store/api_keys.h"
#include "store/attempts.h"
#include "store/authorizations.h"
#include "store/challenges.h"
#include "store/client_uses.h"
#include "store/clients.h"
#include "store/connections.h"
#include "store/email_changes.h"
#include "store/file_keys.h"
#include "store/grants.h"
#include "store/history.h"
#include "store/housekeeping.h"
#include "store/idempotency_keys.h"
#include "store/limit_counts.h"
#include "store/members.h"
#include "store/migrations.h"
#include "store/outbox.h"
#include "store/participants.h"
#include "store/permissions.h"
#include "store/plans.h"
#include "store/provider_grants.h"
#include "store/provider_requests.h"
#include "store/provider_revocations.h"
#include "store/providers.h"
#include "store/revoked_tokens.h"
#include "store/sealed_columns.h"
#include "store/services.h"
#include "store/sessions.h"
#include "store/sign_ins.h"
#include "store/signing_keys.h"
#include "store/subscription_claims.h"
#include "store/subscriptions.h"
#include "store/tickets.h"
#include "store/usage_counts.h"
#include "store/used_ids.h"
#include "store/users.h"
#include "store/versions.h"
#include "store/webhook_deliveries.h"
#include "store/webhooks.h"

/* clang-format off */
const struct statement_table *const store_tables[] = {
    &access_state_statements,
    &admin_sessions_statements,
    &admins_statements,
    &analytics_statements,
    &api_keys_statements,
    &attempts_statements,
    &authorizations_statements,
    &challenges_statements,
    &client_uses_statements,
    &clients_statements,
    &connections_statements,
    &email_changes_statements,
    &file_keys_statements,
    &grants_statements,
    &history_statements,
    &housekeeping_statements,
    &idempotency_keys_statements,
    &limit_counts_statements,
    &members_statements,
    &migrations_statements,
    &outbox_statements,
    &participants_statements,
    &permissions_statements,
    &plans_statements,
    &provider_grants_statements,
    &provider_requests_statements,
    &provider_revocations_statements,
    &providers_statements,
    &revoked_tokens_statements,
    &sealed_columns_statements,
    &services_statements,
    &sessions_statements,
    &sign_ins_statements,
    &signing_keys_statements,
    &subscription_claims_statements,
    &subscriptions_statements,
    &tickets_statements,
    &usage_counts_statements,
    &used_ids_statements,
    &users_statements,
    &versions_statements,
    &webhook_deliveries_statements,
    &webhooks_statements,
    NULL,
};
/* clang-format on */
