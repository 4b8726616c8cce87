/*
 * code_grant.c: authorization_code (RFC 6749 §4.1.3). One SELECT reads the authorization with the
 * state of its user and grant, one conditional UPDATE redeems the code; its affected row decides.
 */
#include "core/text.h"
#include "crypto/secret.h"
#include "domain/oauth/authorization.h"
#include "domain/oauth/pkce.h"
#include "domain/permissions/permission.h"

static enum outcome bad_code(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_GRANT, reason);
}

/* RFC 6749 §4.1.2: a second use ends what the first one got. */
static enum outcome code_reused(struct context *context, const struct authorization_state *state)
{
    bad_code(context, "the code has been used before");
    enum outcome ended = authorization_end(context, state);
    return ended == OUTCOME_OK ? OUTCOME_INVALID_GRANT : ended;
}

/* RFC 6749 §4.1.3: the redirect URI of the authorization request comes again, unless it had none. */
static bool redirect_uri_fits(const struct authorization_state *state, const char *redirect_uri)
{
    if (!redirect_uri)
        return !state->authorization.redirect_uri_sent;
    return text_equal(state->authorization.redirect_uri, redirect_uri);
}

/* An empty code_verifier is one that doesn't fit, not one that is missing (T-31). */
static bool verifier_fits(struct context *context, const struct authorization_state *state,
                          const struct token_parameters *parameters)
{
    const char *verifier = parameters->code_verifier;
    if (!verifier && parameters->has_code_verifier)
        verifier = "";
    return pkce_fits(context->arena, state->authorization.code_challenge, verifier);
}

static enum outcome check_code(struct context *context, const struct handle *code,
                               const struct authorization_state *state,
                               const struct token_parameters *parameters)
{
    if (!secret_equal_hash(state->authorization.code_hash, code->hash))
        return bad_code(context, "unknown or expired");
    if (state->authorization.redeemed_at)
        return code_reused(context, state);
    if (state->authorization.code_expires_at <= context->now)
        return bad_code(context, "the code has expired");
    if (!redirect_uri_fits(state, parameters->redirect_uri))
        return bad_code(context, "redirect_uri is not the one of the authorization request");
    if (!verifier_fits(context, state, parameters))
        return bad_code(context, "code_verifier does not fit the code_challenge");
    if (!binding_fits(&parameters->binding, state->authorization.bound_to))
        return bad_code(context, "the code is bound to another DPoP key");
    return authorization_is_alive(context, state);
}

/* How the row leaves redemption: with a first refresh token, or to be kept while its access token lives.
 * The secret's hash is written in any case: it names this redemption and no other. */
static struct authorization_redemption plan_redemption(struct context *context,
                                                       const struct authorization_state *state,
                                                       bool refreshable, const char *bound_to,
                                                       struct handle *refresh_out)
{
    handle_make(HANDLE_REFRESH_TOKEN, state->authorization.id, 1, refresh_out);
    struct authorization_redemption redemption = {
        .now = context->now,
        .refresh_hash = refresh_out->hash,
        .refresh_generation = refreshable ? 1 : 0,
        .bound_to = bound_to,
        .expires_at = context->now + context->settings->access_token_lifetime_s,
    };
    int64_t expiry = authorization_refresh_expiry(context, state->authorization.created_at);
    if (refreshable && expiry > redemption.expires_at)
        redemption.expires_at = expiry;
    return redemption;
}

/* The connection was lost while the redemption was being committed: only the row knows. It is ours when
 * it holds the hash that nobody else can have made. */
static enum outcome look_up_redemption(struct context *context, const unsigned char id[16],
                                       const struct authorization_redemption *redemption)
{
    struct authorization_state now;
    enum store_result found = authorizations_find(context->db, context->arena, id, &now);
    enum outcome outcome = store_outcome(context, found, OUTCOME_INVALID_GRANT, "unknown or expired");
    if (outcome != OUTCOME_OK || secret_equal_hash(now.authorization.refresh_hash, redemption->refresh_hash))
        return outcome;
    return store_outcome(context, STORE_UNCERTAIN, OUTCOME_UNAVAILABLE, NULL);
}

struct redeeming {
    const struct authorization_row *row;
    const struct authorization_redemption *redemption;
};

static enum store_result run_redeem(struct db *db, void *argument)
{
    const struct redeeming *redeeming = argument;
    return authorizations_redeem(db, redeeming->row->id, redeeming->row->code_hash, redeeming->redemption);
}

static enum outcome redeem(struct context *context, const struct authorization_state *state,
                           const struct authorization_redemption *redemption)
{
    const struct authorization_row *row = &state->authorization;
    struct redeeming redeeming = { row, redemption };
    enum store_result redeemed;
    enum outcome outcome = once_run(context, run_redeem, &redeeming, &redeemed);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (redeemed == STORE_NOT_FOUND)
        return code_reused(context, state); /* another request was faster */
    if (redeemed == STORE_UNCERTAIN)
        return look_up_redemption(context, row->id, redemption);
    return store_outcome(context, redeemed, OUTCOME_INVALID_GRANT, NULL);
}

enum outcome code_grant(struct context *context, const struct client *client,
                        const struct token_parameters *parameters, struct token_answer *answer_out)
{
    struct handle code, refresh;
    struct authorization_state state;
    if (!parameters->code)
        return refuse(context, OUTCOME_INVALID_REQUEST, "code is missing");
    if (!handle_parse(context->keyfile, context->arena, HANDLE_CODE, parameters->code, &code))
        return bad_code(context, "unknown or expired");
    enum outcome outcome = authorization_find(context, client, code.id, &state);
    if (outcome == OUTCOME_OK)
        outcome = check_code(context, &code, &state, parameters);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *scope = authorization_scope(context, client, &state);
    bool refreshable = authorization_is_refreshable(client, scope);
    const struct authorization_issue issue = { scope, state.authorization.nonce, parameters->binding };
    const char *bound_to = binding_for_refresh(context, client, &parameters->binding);
    struct authorization_redemption redemption =
        plan_redemption(context, &state, refreshable, bound_to, &refresh);
    /* Tokens are made before the code is spent, so that a failing signature costs nobody a code. */
    outcome = authorization_issue_tokens(context, client, &state, &issue, answer_out);
    if (outcome == OUTCOME_OK)
        outcome = redeem(context, &state, &redemption);
    if (outcome == OUTCOME_OK && refreshable)
        answer_out->refresh_token = handle_print(context->keyfile, context->arena, &refresh);
    if (outcome == OUTCOME_OK)
        permission_note_access(context, state.authorization.user_id, client, &state.permission);
    return outcome;
}
