/* introspect.c: see introspect.h. A token tells its own kind, so that a wrong token_type_hint costs
 * nothing and a right one gains nothing: hints aren't read (RFC 7009 §2.1). */
#include "domain/oauth/introspect.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/secret.h"
#include "domain/oauth/access_token.h"
#include "domain/oauth/authorization.h"
#include "store/revoked_tokens.h"

/* What would be an error elsewhere is an answer here: inactive. Only a failing database is not. */
static enum outcome inactive_unless_failed(struct context *context, enum outcome outcome)
{
    if (outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_SERVER_ERROR)
        return outcome;
    context->reason = NULL;
    return OUTCOME_OK;
}

static bool is_refresh_token(struct context *context, const char *token, struct handle *handle_out)
{
    return handle_parse(context->keyfile, context->arena, HANDLE_REFRESH_TOKEN, token, handle_out);
}

static enum outcome introspect_refresh_token(struct context *context, const struct client *client,
                                             const struct handle *token, struct introspection *answer)
{
    struct authorization_state state;
    enum outcome outcome = authorization_find(context, client, token->id, &state);
    if (outcome == OUTCOME_OK)
        outcome = authorization_is_alive(context, &state);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (token->generation != state.authorization.refresh_generation ||
        !secret_equal_hash(token->hash, state.authorization.refresh_hash))
        return OUTCOME_INVALID_GRANT;
    *answer = (struct introspection) {
        .active = true,
        .scope = authorization_scope(context, client, &state),
        .client_id = client->client_id,
        .username = state.user_email,
        .token_type = "refresh_token",
        .sub = uuid_encode(context->arena, state.authorization.user_id),
        .aud = client->client_id,
        .iss = context->settings->issuer,
        .exp = state.authorization.expires_at,
        .iat = state.authorization.refreshed_at_ms ? state.authorization.refreshed_at_ms / 1000
                                                   : state.authorization.redeemed_at,
        .binding = binding_parse(state.authorization.bound_to),
    };
    return OUTCOME_OK;
}

static enum outcome introspect_access_token(struct context *context, const struct client *client,
                                            const char *token, struct introspection *answer)
{
    struct access access;
    enum outcome outcome = access_token_read(context, token, &access);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!text_equal(access.client_id, client->client_id))
        return OUTCOME_INVALID_TOKEN;
    outcome = access_token_is_alive(context, &access);
    if (outcome != OUTCOME_OK)
        return outcome;
    *answer = (struct introspection) {
        .active = true,
        .scope = access.scope,
        .client_id = access.client_id,
        .username = access.user_email,
        .token_type = access.binding.jkt ? "DPoP" : "Bearer",
        .sub = access.sub,
        .aud = access.audience,
        .iss = access.issuer,
        .jti = access.jti_text,
        .exp = access.expires_at,
        .iat = access.issued_at,
        .binding = access.binding,
    };
    return OUTCOME_OK;
}

enum outcome token_introspect(struct context *context, const struct client *client, const char *token,
                              struct introspection *introspection_out)
{
    struct handle handle;
    *introspection_out = (struct introspection) { 0 };
    if (!token)
        return refuse(context, OUTCOME_INVALID_REQUEST, "token is missing");
    if (client_is_public(client))
        return refuse(context, OUTCOME_INVALID_CLIENT, "a public client can't prove who it is");
    if (is_refresh_token(context, token, &handle))
        return inactive_unless_failed(context,
                                      introspect_refresh_token(context, client, &handle, introspection_out));
    return inactive_unless_failed(context,
                                  introspect_access_token(context, client, token, introspection_out));
}

struct revoking {
    const unsigned char *id;
    int64_t client_number, now, expires_at;
};

static enum store_result run_revoke_refresh(struct db *db, void *argument)
{
    const struct revoking *revoking = argument;
    return authorizations_revoke_by_client(db, revoking->id, revoking->client_number, revoking->now);
}

static enum store_result run_revoke_access(struct db *db, void *argument)
{
    const struct revoking *revoking = argument;
    return revoked_tokens_add(db, revoking->id, revoking->expires_at);
}

/* Any generation will do: the MAC says that it's ours, the row whose it is. */
static enum outcome revoke_refresh_token(struct context *context, const struct client *client,
                                         const struct handle *token)
{
    struct revoking revoking = { .id = token->id, .client_number = client->number, .now = context->now };
    enum store_result ended;
    enum outcome outcome = once_run(context, run_revoke_refresh, &revoking, &ended);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (ended == STORE_OK)
        log_info("authorization ended: id=%s reason=\"revoked by the client\"",
                 uuid_encode(context->arena, token->id));
    return inactive_unless_failed(context, store_outcome(context, ended, OUTCOME_INVALID_TOKEN, NULL));
}

/* An expired token needs no row; one that hasn't is remembered until it does. */
static enum outcome revoke_access_token(struct context *context, const struct client *client,
                                        const char *token)
{
    struct access access;
    enum outcome outcome = access_token_read(context, token, &access);
    if (outcome != OUTCOME_OK || !text_equal(access.client_id, client->client_id))
        return inactive_unless_failed(context, outcome);
    struct revoking revoking = { .id = access.jti, .expires_at = access.expires_at };
    enum store_result added;
    outcome = once_run(context, run_revoke_access, &revoking, &added);
    return outcome == OUTCOME_OK ? store_outcome(context, added, OUTCOME_OK, NULL) : outcome;
}

enum outcome token_revoke(struct context *context, const struct client *client, const char *token)
{
    struct handle handle;
    if (!token)
        return refuse(context, OUTCOME_INVALID_REQUEST, "token is missing");
    bool refresh = is_refresh_token(context, token, &handle);
    enum outcome outcome = refresh ? revoke_refresh_token(context, client, &handle)
                                   : revoke_access_token(context, client, token);
    /* of a token that wasn't there to be revoked nothing was written */
    return outcome == OUTCOME_OK ? once_spend(context) : outcome;
}
