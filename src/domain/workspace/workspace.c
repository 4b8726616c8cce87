/* workspace.c: see workspace.h. */
#include "domain/workspace/workspace.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "domain/keyring.h"
#include "domain/login/sign_in.h"
#include "domain/oauth/authorize.h"
#include "domain/oauth/pkce.h"
#include "domain/oauth/scope.h"
#include "store/authorizations.h"

enum { SECRET_BYTES = 32 };

/* --- whose call it is --- */

static enum outcome unknown(struct context *context)
{
    return refuse(context, OUTCOME_NOT_FOUND, "there is no such workspace here");
}

static bool host_is(struct arena *arena, const char *asked, const char *host)
{
    return text_equal_ascii_case(arena_strndup(arena, asked, strcspn(asked, ":")), host);
}

enum outcome workspace_of_host(struct context *context, const char *host, const char **client_id_out)
{
    const struct workspace_place *places;
    size_t count;
    *client_id_out = NULL;
    enum outcome outcome = directory_workspaces(context, &places, &count);
    for (size_t i = 0; outcome == OUTCOME_OK && host && i < count && !*client_id_out; i++) {
        if (places[i].host && host_is(context->arena, host, places[i].host))
            *client_id_out = places[i].client_id;
    }
    return outcome;
}

/* The client of what a handle of ours hangs from; NULL when it is none, or hangs from nothing any more. */
static enum outcome client_of_handle(struct context *context, enum handle_kind kind, const char *text,
                                     const struct client **client_out)
{
    struct handle handle;
    struct authorization_state state;
    if (!text || !handle_parse(context->keyfile, context->arena, kind, text, &handle))
        return OUTCOME_NOT_FOUND;
    enum store_result found = authorizations_find(context->db, context->arena, handle.id, &state);
    enum outcome outcome = store_outcome(context, found, OUTCOME_NOT_FOUND, "unknown or expired");
    if (outcome != OUTCOME_OK)
        return outcome;
    return directory_client_by_number(context, state.authorization.client_number, client_out);
}

/* Of several workspaces, by what the call is about. */
static enum outcome find_by_client(struct context *context, const struct workspace_hints *hints,
                                   const struct client **client_out)
{
    enum outcome outcome = OUTCOME_NOT_FOUND;
    if (hints->client_id)
        outcome = directory_client(context, hints->client_id, client_out);
    else if (hints->code)
        outcome = client_of_handle(context, HANDLE_CODE, hints->code, client_out);
    else if (hints->refresh_token)
        outcome = client_of_handle(context, HANDLE_REFRESH_TOKEN, hints->refresh_token, client_out);
    return outcome;
}

static enum outcome find(struct context *context, const struct workspace_hints *hints,
                         const struct client **client_out)
{
    const char *client_id;
    const struct workspace_place *places;
    size_t count;
    enum outcome outcome = workspace_of_host(context, hints->host, &client_id);
    if (outcome == OUTCOME_OK)
        outcome = directory_workspaces(context, &places, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!client_id && count == 1)
        client_id = places[0].client_id;
    if (!client_id)
        return find_by_client(context, hints, client_out);
    return directory_client(context, client_id, client_out);
}

enum outcome workspace_find(struct context *context, const struct workspace_hints *hints,
                            const struct client **client_out)
{
    *client_out = NULL;
    enum outcome outcome = directory_refresh(context);
    if (outcome == OUTCOME_OK)
        outcome = keyring_refresh(context);
    if (outcome == OUTCOME_OK)
        outcome = find(context, hints, client_out);
    if (outcome == OUTCOME_NOT_FOUND || outcome == OUTCOME_INVALID_CLIENT)
        return unknown(context);
    if (outcome != OUTCOME_OK)
        return outcome;
    return (*client_out)->workspace && (*client_out)->active ? OUTCOME_OK : unknown(context);
}

/* --- a code --- */

enum outcome workspace_begin(struct context *context, const struct client *client,
                             struct workspace_start *start_out)
{
    struct arena *arena = context->arena;
    const char *scope = scope_user_default(context, client);
    if (text_empty(scope))
        return refuse(context, OUTCOME_INVALID_SCOPE, "the workspace's client may ask for no scope");
    start_out->state = random_text(arena, SECRET_BYTES);
    start_out->verifier = random_text(arena, SECRET_BYTES);
    start_out->location = arena_printf(
        arena,
        "%s/api/oauth/authorize?response_type=code&client_id=%s&redirect_uri=%s&scope=%s&state=%s"
        "&code_challenge=%s&code_challenge_method=S256",
        context->settings->issuer, percent_encode(arena, client->client_id),
        percent_encode(arena, workspace_redirect_uri(context, client->workspace)),
        percent_encode(arena, scope), start_out->state, pkce_challenge(arena, start_out->verifier));
    return OUTCOME_OK;
}

enum outcome workspace_redeem(struct context *context, const struct client *client, const char *code,
                              const char *verifier, struct token_answer *answer_out)
{
    const struct token_parameters parameters = {
        .grant_type = "authorization_code",
        .code = code,
        .redirect_uri = workspace_redirect_uri(context, client->workspace),
        .code_verifier = verifier,
        .has_code_verifier = verifier != NULL,
    };
    return token_request(context, client, &parameters, answer_out);
}

/* --- a password --- */

/* The session that every sign-in has: the person sees it among theirs, and can end it. Its cookie is
 * nobody's. */
static enum outcome open_session(struct context *context, const struct signed_in *signed_in,
                                 const struct session **session_out)
{
    const char *cookie;
    enum outcome outcome = session_open(context, signed_in->user_id, signed_in->method, NULL, &cookie);
    if (outcome == OUTCOME_OK)
        outcome = session_find(context, cookie, session_out);
    if (outcome == OUTCOME_OK)
        sign_in_note(context, signed_in->user_id);
    return outcome;
}

/* What the authorization endpoint would do next for this person and request, as far as a program can. */
static enum outcome authorize(struct context *context, struct ticket *ticket, const struct session *session,
                              struct authorize_answer *answer_out)
{
    enum next_step next;
    enum outcome failure;
    enum outcome outcome = authorize_next(context, ticket, session, &next, &failure);
    if (outcome == OUTCOME_OK && next == NEXT_CONSENT) {
        outcome = authorize_allow(context, ticket, session);
        next = NEXT_ISSUE;
    }
    if (outcome == OUTCOME_OK && next != NEXT_ISSUE)
        return refuse(context, OUTCOME_FORBIDDEN, "this account can't sign in here by password alone");
    return outcome == OUTCOME_OK ? authorize_issue(context, ticket, session, answer_out) : outcome;
}

enum outcome workspace_sign_in(struct context *context, const struct client *client, const char *username,
                               const char *password, const char *scope, struct token_answer *answer_out)
{
    const char *verifier = random_text(context->arena, SECRET_BYTES);
    const struct sign_in_place place = { .service = client->service };
    const struct authorize_parameters parameters = {
        .response_type = "code",
        .client_id = client->client_id,
        .redirect_uri = workspace_redirect_uri(context, client->workspace),
        .scope = scope ? scope : scope_user_default(context, client),
        .code_challenge = pkce_challenge(context->arena, verifier),
        .code_challenge_method = "S256",
    };
    struct ticket ticket;
    struct signed_in signed_in;
    struct authorize_answer answer = { 0 };
    const struct session *session = NULL;
    bool redirectable;
    if (!client->workspace->password_grant_enabled)
        return refuse(context, OUTCOME_FORBIDDEN, "signing in by password is switched off here");
    enum outcome outcome = authorize_accept(context, &parameters, &ticket, &redirectable);
    if (outcome == OUTCOME_OK)
        outcome = sign_in_by_password(context, username, password, &place, &signed_in);
    if (outcome == OUTCOME_OK)
        outcome = open_session(context, &signed_in, &session);
    if (outcome == OUTCOME_OK)
        outcome = authorize(context, &ticket, session, &answer);
    return outcome == OUTCOME_OK ? workspace_redeem(context, client, answer.code, verifier, answer_out)
                                 : outcome;
}

/* --- a refresh token --- */

enum outcome workspace_refresh(struct context *context, const struct client *client,
                               const char *refresh_token, struct token_answer *answer_out)
{
    const struct token_parameters parameters = {
        .grant_type = "refresh_token",
        .refresh_token = refresh_token,
    };
    return token_request(context, client, &parameters, answer_out);
}
