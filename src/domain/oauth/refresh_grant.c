/*
 * refresh_grant.c: refresh_token (RFC 6749 §6, RFC 9700 §4.14.2).
 *
 * A refresh token has exactly one successor: generation N + 1 of the same authorization, made by one
 * conditional UPDATE. For a short time the same client that brings generation N again gets the same
 * successor, kept sealed in the row, so that a lost answer or a second tab costs nothing; after that,
 * an old generation is reuse and ends the authorization. Generations are counted, not timed (T-22).
 *
 * A workspace may have switched rotation off: then its client keeps the token that it has, until that
 * expires.
 */
#include "core/text.h"
#include "crypto/secret.h"
#include "domain/oauth/authorization.h"
#include "domain/oauth/scope.h"
#include "domain/permissions/permission.h"
#include "domain/sealed.h"

static enum outcome bad_token(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_GRANT, reason);
}

static enum outcome token_reused(struct context *context, const struct authorization_state *state)
{
    bad_token(context, "the refresh token has been used before");
    enum outcome ended = authorization_end(context, state);
    return ended == OUTCOME_OK ? OUTCOME_INVALID_GRANT : ended;
}

/* The successor that was handed out for the generation before the current one. */
static enum outcome same_successor(struct context *context, const struct authorization_state *state,
                                   struct handle *successor_out)
{
    struct bytes secret;
    int64_t since_ms = context->now_ms - state->authorization.refreshed_at_ms;
    if (since_ms > context->settings->refresh_grace_s * 1000)
        return token_reused(context, state);
    const char *name =
        authorization_seal_name(context, state->authorization.id, state->authorization.refresh_generation);
    if (!sealed_open(context->keyfile, context->arena, SEALED_SUCCESSOR, sealed_by_text(name),
                     state->authorization.refresh_sealed, &secret) ||
        secret.length != sizeof(successor_out->secret))
        return refuse(context, OUTCOME_SERVER_ERROR, "a sealed refresh token does not open");
    handle_restore(HANDLE_REFRESH_TOKEN, state->authorization.id,
                   (uint32_t)state->authorization.refresh_generation, secret.data, successor_out);
    return OUTCOME_OK;
}

struct rotating {
    const unsigned char *id;
    struct authorization_rotation rotation;
};

static enum store_result run_rotate(struct db *db, void *argument)
{
    const struct rotating *rotating = argument;
    return authorizations_rotate(db, rotating->id, &rotating->rotation);
}

/* One UPDATE that holds only for the current generation; NOT_FOUND when another request was faster. */
static enum outcome rotate(struct context *context, const struct authorization_state *state,
                           struct handle *successor_out, enum store_result *result_out)
{
    int64_t generation = state->authorization.refresh_generation + 1;
    handle_make(HANDLE_REFRESH_TOKEN, state->authorization.id, (uint32_t)generation, successor_out);
    struct rotating rotating = { .id = state->authorization.id };
    rotating.rotation = (struct authorization_rotation) {
        .generation = state->authorization.refresh_generation,
        .refresh_hash = successor_out->hash,
        .refresh_sealed =
            sealed_seal(context->keyfile, context->arena, SEALED_SUCCESSOR,
                        sealed_by_text(authorization_seal_name(context, state->authorization.id, generation)),
                        (struct bytes) { successor_out->secret, sizeof(successor_out->secret) }),
        .now_ms = context->now_ms,
        .expires_at = authorization_refresh_expiry(context, state->authorization.created_at),
    };
    return once_run(context, run_rotate, &rotating, result_out);
}

/* The successor of the token that was brought: a new one, the one that exists, or itself. */
static enum outcome find_successor(struct context *context, const struct client *client,
                                   const struct handle *token, const struct authorization_state *state,
                                   struct handle *successor_out)
{
    bool rotates = client->workspace == NULL || client->workspace->refresh_rotation;
    int64_t current = state->authorization.refresh_generation;
    if (token->generation + (int64_t)1 == current)
        return same_successor(context, state, successor_out);
    if (token->generation != current || !secret_equal_hash(token->hash, state->authorization.refresh_hash))
        return token_reused(context, state);
    *successor_out = *token;
    if (!rotates)
        return OUTCOME_OK;
    enum store_result rotated;
    enum outcome outcome = rotate(context, state, successor_out, &rotated);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (rotated != STORE_NOT_FOUND)
        return store_outcome(context, rotated, OUTCOME_INVALID_GRANT, NULL);
    /* Another request rotated this very token between our SELECT and UPDATE: share its successor. */
    struct authorization_state now;
    enum store_result found = authorizations_find(context->db, context->arena, state->authorization.id, &now);
    outcome = store_outcome(context, found, OUTCOME_INVALID_GRANT, "revoked");
    if (outcome == OUTCOME_OK)
        outcome = authorization_is_alive(context, &now);
    if (outcome == OUTCOME_OK && now.authorization.refresh_generation != current + 1)
        return token_reused(context, &now);
    return outcome == OUTCOME_OK ? same_successor(context, &now, successor_out) : outcome;
}

/* RFC 6749 §6: never wider than granted; narrower holds for this access token alone. */
static enum outcome narrow_scope(struct context *context, const char *granted, const char *asked,
                                 const char **scope_out)
{
    *scope_out = granted;
    if (!asked)
        return OUTCOME_OK;
    if (!scope_within(context->arena, asked, granted))
        return refuse(context, OUTCOME_INVALID_SCOPE, "scope is wider than what was granted");
    *scope_out = scope_and(context->arena, granted, asked);
    return OUTCOME_OK;
}

enum outcome refresh_grant(struct context *context, const struct client *client,
                           const struct token_parameters *parameters, struct token_answer *answer_out)
{
    struct handle token, successor;
    struct authorization_state state;
    const char *scope;
    if (!parameters->refresh_token)
        return refuse(context, OUTCOME_INVALID_REQUEST, "refresh_token is missing");
    if (!handle_parse(context->keyfile, context->arena, HANDLE_REFRESH_TOKEN, parameters->refresh_token,
                      &token))
        return bad_token(context, "unknown or expired");
    enum outcome outcome = authorization_find(context, client, token.id, &state);
    if (outcome == OUTCOME_OK)
        outcome = authorization_is_alive(context, &state);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!binding_fits(&parameters->binding, state.authorization.bound_to))
        return bad_token(context, "the refresh token is bound to another key");
    const char *granted = authorization_scope(context, client, &state);
    if (!authorization_is_refreshable(client, granted))
        return bad_token(context, "the user has withdrawn consent");
    outcome = narrow_scope(context, granted, parameters->scope, &scope);
    const struct authorization_issue issue = { .scope = scope, .binding = parameters->binding };
    if (outcome == OUTCOME_OK)
        outcome = authorization_issue_tokens(context, client, &state, &issue, answer_out);
    if (outcome == OUTCOME_OK)
        outcome = find_successor(context, client, &token, &state, &successor);
    /* a successor that was there already, or a token that stays, was given without a write */
    if (outcome == OUTCOME_OK)
        outcome = once_spend(context);
    if (outcome == OUTCOME_OK)
        answer_out->refresh_token = handle_print(context->keyfile, context->arena, &successor);
    if (outcome == OUTCOME_OK)
        permission_note_access(context, state.authorization.user_id, client, &state.permission);
    return outcome;
}
