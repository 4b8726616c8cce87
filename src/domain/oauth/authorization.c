/* authorization.c: see authorization.h. */
#include "domain/oauth/authorization.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/oauth/access_token.h"
#include "domain/oauth/scope.h"
#include "domain/oidc/id_token.h"
#include "domain/permissions/permission.h"

static enum outcome dead(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_GRANT, reason);
}

enum outcome authorization_find(struct context *context, const struct client *client,
                                const unsigned char id[16], struct authorization_state *state_out)
{
    enum store_result found = authorizations_find(context->db, context->arena, id, state_out);
    enum outcome outcome = store_outcome(context, found, OUTCOME_INVALID_GRANT, "unknown or expired");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (state_out->authorization.client_number != client->number)
        return dead(context, "issued to another client");
    return OUTCOME_OK;
}

static enum outcome check_permission(struct context *context, const struct authorization_state *state)
{
    const struct client *client;
    enum outcome outcome = directory_client_by_number(context, state->authorization.client_number, &client);
    if (outcome != OUTCOME_OK)
        return outcome == OUTCOME_NOT_FOUND ? dead(context, "the client has been removed") : outcome;
    if (!permission_suffices(client, &state->permission))
        return dead(context, "the user has no permission for this client");
    return OUTCOME_OK;
}

enum outcome authorization_is_alive(struct context *context, const struct authorization_state *state)
{
    if (state->authorization.revoked_at)
        return dead(context, "revoked");
    if (state->authorization.expires_at <= context->now)
        return refuse(context, OUTCOME_EXPIRED_GRANT, "expired");
    if (!text_equal(state->user_status, "active"))
        return dead(context, "the user is disabled");
    if (state->authorization.created_at < state->user_tokens_after)
        return dead(context, "ended by the user");
    if (!state->grant_scope)
        return dead(context, "the user has withdrawn consent");
    return check_permission(context, state);
}

const char *authorization_scope(struct context *context, const struct client *client,
                                const struct authorization_state *state)
{
    const char *allowed = scope_and(context->arena, state->authorization.scope, state->grant_scope);
    return scope_and(context->arena, allowed, client->scope);
}

bool authorization_is_refreshable(const struct client *client, const char *scope)
{
    return client_may_use_grant(client, "refresh_token") &&
           (scope_has(scope, "offline_access") || client->workspace != NULL);
}

enum outcome authorization_issue_tokens(struct context *context, const struct client *client,
                                        const struct authorization_state *state,
                                        const struct authorization_issue *issue,
                                        struct token_answer *answer_out)
{
    /* Every grant that gives a user's tokens comes by here; a state without a permission has none (T-101). */
    if (!permission_suffices(client, &state->permission))
        return dead(context, "the user has no permission for this client");
    struct claims_subject subject = {
        .email = state->user_email,
        .name = state->user_name,
        .claims = state->user_claims,
        .email_verified = state->user_email_verified,
        .updated_at = state->user_updated_at,
        .permission = state->permission,
    };
    const char *scope = issue->scope;
    enum outcome outcome = claims_read(context, client, state->authorization.user_id, scope, &subject);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct access_token_request access = {
        .client = client,
        .scope = scope,
        .user_id = state->authorization.user_id,
        .authorization_id = state->authorization.id,
        .auth_time = state->authorization.auth_time,
        .subject = &subject,
        .binding = issue->binding,
    };
    answer_out->scope = scope;
    outcome = access_token_issue(context, &access, &answer_out->access_token, &answer_out->expires_in);
    if (outcome != OUTCOME_OK || !scope_has(scope, "openid"))
        return outcome;
    struct id_token_request id_token = {
        .client = client,
        .user_id = state->authorization.user_id,
        .sid = state->authorization.sid,
        .subject = &subject,
        .scope = scope,
        .nonce = issue->nonce,
        .amr = state->authorization.amr,
        .access_token = answer_out->access_token,
        .auth_time = state->authorization.auth_time,
    };
    return id_token_issue(context, &id_token, &answer_out->id_token);
}

enum outcome authorization_end(struct context *context, const struct authorization_state *state)
{
    enum outcome spent = once_spend(context);
    if (spent != OUTCOME_OK)
        return spent;
    log_warn("authorization ended: id=%s reason=\"%s\"", uuid_encode(context->arena, state->authorization.id),
             context->reason ? context->reason : "");
    enum store_result ended = authorizations_revoke(context->db, state->authorization.id, context->now);
    if (ended == STORE_NOT_FOUND)
        return OUTCOME_OK;
    return store_outcome(context, ended, OUTCOME_OK, NULL);
}

int64_t authorization_refresh_expiry(const struct context *context, int64_t created_at)
{
    int64_t by_itself = context->now + context->settings->refresh_token_lifetime_s;
    int64_t at_most = created_at + context->settings->refresh_token_max_age_s;
    return by_itself < at_most ? by_itself : at_most;
}

const char *authorization_seal_name(struct context *context, const unsigned char id[16], int64_t generation)
{
    return arena_printf(context->arena, "%s:%lld", uuid_encode(context->arena, id), (long long)generation);
}
