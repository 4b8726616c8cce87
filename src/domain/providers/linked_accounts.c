/* linked_accounts.c: see linked_accounts.h. */
#include "domain/providers/linked_accounts.h"

#include "core/text.h"
#include "domain/account/account.h"
#include "domain/account/link_mail.h"
#include "domain/events/event.h"
#include "domain/providers/disconnect.h"
#include "domain/providers/granting.h"
#include "domain/providers/linking.h"
#include "domain/providers/vault.h"

static const char unknown[] = "there is no such account";

enum outcome linked_accounts_find(struct context *context, const unsigned char user_id[16],
                                  const char *provider, struct linked_accounts *accounts_out)
{
    struct linked_accounts *found = accounts_out;
    size_t count, kept = 0;
    *found = (struct linked_accounts) { .count = 0 };
    enum store_result result =
        connections_list(context->db, context->arena, user_id, &found->accounts, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        if (!provider || text_equal(found->accounts[i].provider, provider))
            found->accounts[kept++] = found->accounts[i];
    }
    found->count = kept;
    if (result == STORE_OK && kept)
        result = provider_grants_of_user(context->db, context->arena, user_id, &found->grants,
                                         &found->grant_count);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

/* --- giving --- */

static enum store_result grant_in_transaction(struct db *db, void *argument)
{
    return granting_store(db, argument);
}

static enum outcome check_scopes(struct context *context, const struct linked_grant *wanted,
                                 const struct connection_row *account, const char **scopes_out)
{
    const char *allowed = service_providers_scopes(wanted->settings, account->provider);
    *scopes_out = *wanted->scopes ? granting_join(context->arena, wanted->scopes, "") : allowed;
    if (!allowed || !provider_scopes_cover(allowed, *scopes_out))
        return refuse(context, OUTCOME_FORBIDDEN, "the service may not have these scopes");
    if (!provider_scopes_cover(account->scopes, *scopes_out))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the account's token doesn't have all scopes");
    return OUTCOME_OK;
}

enum outcome linked_account_grant(struct context *context, const struct linked_grant *wanted,
                                  struct provider_grant_row *row_out)
{
    struct connection_row account;
    struct granting granting = { .context = context,
                                 .connection_id = wanted->account_id,
                                 .service_id = wanted->service_id,
                                 .user_id = wanted->user_id,
                                 .actor = wanted->actor };
    enum store_result result =
        connections_find(context->db, context->arena, wanted->user_id, wanted->account_id, &account);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome = check_scopes(context, wanted, &account, &granting.scopes);
    if (outcome != OUTCOME_OK)
        return outcome;
    granting.provider = account.provider;
    granting.allowed = service_providers_scopes(wanted->settings, account.provider);
    result = db_transact(context->db, grant_in_transaction, &granting);
    /* done twice it is the same grant */
    if (result == STORE_UNCERTAIN || result == STORE_CONFLICT)
        result = db_transact(context->db, grant_in_transaction, &granting);
    outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, "the person is no member of the service");
    if (outcome == OUTCOME_OK)
        event_wake(context);
    *row_out = granting.row;
    return outcome;
}

/* --- tokens --- */

struct keeping {
    struct context *context;
    const unsigned char *user_id;
    const char *provider, *subject;
    const struct provider_tokens *tokens;
};

static enum store_result keep_in_transaction(struct db *db, void *argument)
{
    const struct keeping *keeping = argument;
    struct context *context = keeping->context;
    struct connection_row row;
    enum store_result result =
        connections_find_by_subject(db, context->arena, keeping->provider, keeping->subject, &row);
    if (result == STORE_OK)
        result = connections_lock(db, context->arena, keeping->user_id, row.id, &row);
    if (result != STORE_OK)
        return result;
    if (text_equal(row.status, "active") && row.access_sealed.data &&
        !provider_scopes_cover(keeping->tokens->scopes, row.scopes))
        return STORE_OK;
    vault_seal(context, keeping->tokens, &row);
    return connections_write(db, &row, context->now);
}

enum outcome linked_account_keep_tokens(struct context *context, const unsigned char user_id[16],
                                        const char *provider, const char *subject,
                                        const struct provider_tokens *tokens)
{
    struct keeping keeping = {
        .context = context, .user_id = user_id, .provider = provider, .subject = subject, .tokens = tokens
    };
    enum store_result result = db_transact(context->db, keep_in_transaction, &keeping);
    if (result == STORE_UNCERTAIN)
        result = db_transact(context->db, keep_in_transaction, &keeping);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

/* --- taking off --- */

struct removal {
    struct context *context;
    const struct session *session;
    const unsigned char *account_id;
    struct notice notice;          /* of one by which the person signs in */
    struct connection_row account; /* out */
    bool needs_recent, last_way;   /* out: why it wasn't done */
};

static enum store_result remove_in_transaction(struct db *db, void *argument)
{
    struct removal *removal = argument;
    struct context *context = removal->context;
    struct user_row user;
    bool other = true;
    enum store_result result = users_lock(db, context->arena, removal->session->user_id, &user);
    if (result == STORE_OK)
        result = connections_lock(db, context->arena, user.id, removal->account_id, &removal->account);
    if (result != STORE_OK)
        return result;
    removal->needs_recent =
        removal->account.sign_in && account_needs_recent(context, removal->session) != OUTCOME_OK;
    if (removal->needs_recent)
        return STORE_CONFLICT; /* anything but OK rolls back */
    result = disconnect_accounts(db, context, &removal->account, 1, NULL);
    if (result == STORE_OK && removal->account.sign_in)
        result = linking_has_way_in(db, context, &user, &other);
    removal->last_way = result == STORE_OK && !other;
    if (removal->last_way)
        return STORE_CONFLICT;
    return result == STORE_OK && removal->account.sign_in ? notice_add(db, &removal->notice) : result;
}

static enum outcome prepare_notice(struct context *context, struct removal *removal)
{
    struct user_row user;
    struct connection_row account;
    const unsigned char *user_id = removal->session->user_id;
    enum store_result result = users_find(context->db, context->arena, user_id, &user);
    if (result == STORE_OK)
        result = connections_find(context->db, context->arena, user_id, removal->account_id, &account);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    return notice_prepare_connection(context, MAIL_CONNECTION_REMOVED, &user,
                                     linking_provider_name(context, account.provider), &removal->notice);
}

enum outcome linked_account_remove(struct context *context, const struct session *session,
                                   const unsigned char account_id[16])
{
    struct removal removal = { .context = context, .session = session, .account_id = account_id };
    enum outcome outcome = prepare_notice(context, &removal);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = db_transact(context->db, remove_in_transaction, &removal);
    if (result == STORE_UNCERTAIN) {
        const struct removal before = removal;
        result = db_transact(context->db, remove_in_transaction, &removal);
        if (result == STORE_NOT_FOUND) {
            removal = before; /* the first one had done it */
            result = STORE_OK;
        }
    }
    if (removal.needs_recent)
        return refuse(context, OUTCOME_REAUTHENTICATION_REQUIRED, "a fresh sign-in is required");
    if (removal.last_way)
        return refuse(context, OUTCOME_FORBIDDEN, "this is the only way to sign in");
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    if (removal.account.sign_in)
        notice_wake(context, &removal.notice);
    disconnect_wake(context);
    return OUTCOME_OK;
}
