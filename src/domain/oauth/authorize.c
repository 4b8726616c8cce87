/* authorize.c: see authorize.h. Checks stand in the order of OpenID Connect Core §3.1.2.2. */
#include "domain/oauth/authorize.h"

#include "core/encode.h"
#include "core/json.h"
#include "core/text.h"
#include "domain/login/sign_in.h"
#include "domain/oauth/dpop.h"
#include "domain/oauth/pkce.h"
#include "domain/oauth/redirect_uri.h"
#include "domain/oauth/scope.h"
#include "domain/oidc/id_token.h"
#include "domain/permissions/permission.h"
#include "store/grants.h"

/* In bytes; together, escaped as JSON, they fit into a ticket's row. */
enum { MAX_STATE = 4096, MAX_NONCE = 2000, MAX_REDIRECT_URI = 2000, MAX_HINT = 1000 };

static enum outcome bad_request(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

/* --- who asks, and where the answer may go: refused here and never redirected --- */

static enum outcome choose_redirect_uri(struct context *context,
                                        const struct authorize_parameters *parameters, struct ticket *ticket)
{
    const char *asked = parameters->redirect_uri;
    const char *const *registered = ticket->client->redirect_uris;
    if (asked) {
        if (strlen(asked) > MAX_REDIRECT_URI ||
            !redirect_uri_is_registered(context->arena, ticket->client, asked))
            return bad_request(context, "redirect_uri is not registered for this client");
        ticket->redirect_uri = asked;
        ticket->redirect_uri_sent = true;
        return OUTCOME_OK;
    }
    /* RFC 6749 §3.1.2.3 lets it out when there is one alone; OpenID Connect Core §3.1.2.1 does not. */
    bool only_one = registered && registered[0] && !registered[1];
    if (!only_one || scope_has(parameters->scope, "openid"))
        return bad_request(context, "redirect_uri is missing");
    ticket->redirect_uri = registered[0];
    return OUTCOME_OK;
}

static enum outcome check_asker(struct context *context, const struct authorize_parameters *parameters,
                                struct ticket *ticket)
{
    const char *repeated = parameters->repeated;
    if (text_equal(repeated, "client_id") || text_equal(repeated, "redirect_uri"))
        return bad_request(context, "client_id or redirect_uri came more than once");
    if (!parameters->client_id)
        return bad_request(context, "client_id is missing");
    enum outcome outcome = directory_client(context, parameters->client_id, &ticket->client);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!ticket->client->active)
        return refuse(context, OUTCOME_UNAUTHORIZED_CLIENT, "the client is disabled");
    return choose_redirect_uri(context, parameters, ticket);
}

/* --- the rest of the request: refusals travel to the client --- */

/* Read first of all, since it says how a refusal travels. */
static enum outcome read_response_mode(struct context *context, const struct authorize_parameters *parameters,
                                       struct ticket *ticket)
{
    const char *mode = parameters->response_mode;
    if (!mode || text_equal(mode, "query"))
        return OUTCOME_OK;
    if (!text_equal(mode, "form_post"))
        return bad_request(context, "response_mode must be query or form_post");
    ticket->response_mode = RESPONSE_MODE_FORM_POST;
    return OUTCOME_OK;
}

static enum outcome check_unsupported(struct context *context, const struct authorize_parameters *parameters,
                                      struct ticket *ticket)
{
    (void)ticket;
    const char *error;
    const char *claims = parameters->claims;
    if (parameters->repeated)
        return bad_request(context, "a parameter came more than once");
    if (parameters->request)
        return refuse(context, OUTCOME_REQUEST_NOT_SUPPORTED, "request objects are not supported");
    if (parameters->request_uri)
        return refuse(context, OUTCOME_REQUEST_URI_NOT_SUPPORTED, "request_uri is not supported");
    if (parameters->registration)
        return refuse(context, OUTCOME_REGISTRATION_NOT_SUPPORTED, "registration is not supported");
    if (claims && json_kind(json_parse(context->arena, claims, strlen(claims), &error)) != JSON_OBJECT)
        return bad_request(context, "claims must be a JSON object");
    return OUTCOME_OK;
}

static enum outcome check_response_type(struct context *context,
                                        const struct authorize_parameters *parameters, struct ticket *ticket)
{
    if (!parameters->response_type)
        return bad_request(context, "response_type is missing");
    if (!text_equal(parameters->response_type, "code"))
        return refuse(context, OUTCOME_UNSUPPORTED_RESPONSE_TYPE, "response_type must be code");
    if (!client_may_use_grant(ticket->client, "authorization_code"))
        return refuse(context, OUTCOME_UNAUTHORIZED_CLIENT, "the client may not use the code flow");
    return OUTCOME_OK;
}

static enum outcome check_scope(struct context *context, const struct authorize_parameters *parameters,
                                struct ticket *ticket)
{
    return scope_check(context, ticket->client, SCOPE_FOR_USERS, parameters->scope, &ticket->scope);
}

/* RFC 7636 §4.3: a challenge without a method means "plain", which isn't taken (RFC 9700 §2.1.1). */
static enum outcome check_pkce(struct context *context, const struct authorize_parameters *parameters,
                               struct ticket *ticket)
{
    const char *challenge = parameters->code_challenge, *method = parameters->code_challenge_method;
    bool required = client_is_public(ticket->client) || ticket->client->require_pkce;
    if (!challenge && (required || method))
        return bad_request(context, "code_challenge is missing");
    if (challenge && !text_equal(method, "S256"))
        return bad_request(context, "code_challenge_method must be S256");
    if (challenge && !pkce_is_well_formed(challenge))
        return bad_request(context, "code_challenge must be 43 to 128 unreserved characters");
    ticket->code_challenge = challenge;
    return OUTCOME_OK;
}

/* RFC 9449 §10: the code is of use to nobody but who holds this key. */
static enum outcome read_dpop_key(struct context *context, const struct authorize_parameters *parameters,
                                  struct ticket *ticket)
{
    ticket->dpop_jkt = parameters->dpop_jkt;
    if (ticket->dpop_jkt && !dpop_is_thumbprint(context->arena, ticket->dpop_jkt))
        return bad_request(context, "dpop_jkt must be a SHA-256 thumbprint as base64url");
    return OUTCOME_OK;
}

static enum outcome read_prompt(struct context *context, const struct authorize_parameters *parameters,
                                struct ticket *ticket)
{
    static const struct {
        const char *word;
        enum prompt bit;
    } prompts[] = { { "none", PROMPT_NONE },
                    { "login", PROMPT_LOGIN },
                    { "consent", PROMPT_CONSENT },
                    { "select_account", PROMPT_SELECT_ACCOUNT } };
    const char *cursor = parameters->prompt, *word;
    size_t length, known = 0, words = 0;
    while (cursor && text_next_word(&cursor, ' ', &word, &length)) {
        words++;
        for (size_t i = 0; i < ARRAY_SIZE(prompts); i++) {
            if (length != strlen(prompts[i].word) || memcmp(word, prompts[i].word, length) != 0)
                continue;
            ticket->prompt |= prompts[i].bit;
            known++;
        }
    }
    if (known != words)
        return bad_request(context, "prompt has an unknown value");
    if ((ticket->prompt & PROMPT_NONE) && ticket->prompt != PROMPT_NONE)
        return bad_request(context, "prompt none stands alone");
    return OUTCOME_OK;
}

static enum outcome read_max_age(struct context *context, const struct authorize_parameters *parameters,
                                 struct ticket *ticket)
{
    ticket->max_age = ticket->client->default_max_age;
    if (parameters->max_age && !text_to_int(parameters->max_age, 0, INT64_MAX, &ticket->max_age))
        return bad_request(context, "max_age must be a number of seconds");
    return OUTCOME_OK;
}

static enum outcome read_hint(struct context *context, const struct authorize_parameters *parameters,
                              struct ticket *ticket)
{
    struct id_token_hint hint;
    if (!parameters->id_token_hint)
        return OUTCOME_OK;
    enum outcome outcome = id_token_read_hint(context, parameters->id_token_hint, &hint);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!text_equal(hint.audience, ticket->client->client_id))
        return bad_request(context, "id_token_hint was issued to another client");
    ticket->hinted_user = hint.sub;
    return OUTCOME_OK;
}

/* Hints may be passed over: one that is longer than any of use isn't kept. */
static const char *hint_of_use(const char *hint)
{
    return hint && strlen(hint) <= MAX_HINT ? hint : NULL;
}

static enum outcome copy_texts(struct context *context, const struct authorize_parameters *parameters,
                               struct ticket *ticket)
{
    if (parameters->nonce && strlen(parameters->nonce) > MAX_NONCE)
        return bad_request(context, "nonce is too long");
    ticket->nonce = parameters->nonce;
    ticket->login_hint = hint_of_use(parameters->login_hint);
    ticket->ui_locales = hint_of_use(parameters->ui_locales);
    return OUTCOME_OK;
}

typedef enum outcome (*check_fn)(struct context *context, const struct authorize_parameters *parameters,
                                 struct ticket *ticket);

static const check_fn checks[] = {
    read_response_mode, check_unsupported, check_response_type, check_scope, check_pkce,
    read_dpop_key,      read_prompt,       read_max_age,        read_hint,   copy_texts,
};

enum outcome authorize_accept(struct context *context, const struct authorize_parameters *parameters,
                              struct ticket *ticket_out, bool *redirectable_out)
{
    *ticket_out = (struct ticket) { .max_age = -1, .created_at = context->now };
    *redirectable_out = false;
    enum outcome outcome = check_asker(context, parameters, ticket_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (parameters->state && strlen(parameters->state) > MAX_STATE)
        return bad_request(context, "state is too long");
    *redirectable_out = true;
    /* Of a state that came twice nobody knows which one was meant: it isn't sent back. */
    ticket_out->state = text_equal(parameters->repeated, "state") ? NULL : parameters->state;
    for (size_t i = 0; outcome == OUTCOME_OK && i < ARRAY_SIZE(checks); i++)
        outcome = checks[i](context, parameters, ticket_out);
    return outcome;
}

enum outcome authorize_accept_consent(struct context *context, const char *client_id, const char *scope,
                                      struct ticket *ticket_out)
{
    *ticket_out = (struct ticket) { .max_age = -1, .created_at = context->now };
    enum outcome outcome = directory_client(context, client_id, &ticket_out->client);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!ticket_out->client->active)
        return refuse(context, OUTCOME_UNAUTHORIZED_CLIENT, "the client is disabled");
    return scope_check(context, ticket_out->client, SCOPE_FOR_USERS, scope, &ticket_out->scope);
}

/* --- what to do next --- */

static bool session_suffices(struct context *context, const struct ticket *ticket,
                             const struct session *session)
{
    if (!session)
        return false;
    if (ticket->hinted_user &&
        !text_equal(ticket->hinted_user, uuid_encode(context->arena, session->user_id)))
        return false;
    if (ticket->has_settled_session && memcmp(ticket->settled_sid, session->sid, 16) == 0)
        return true;
    /* max_age=0 asks for what prompt=login asks for (OpenID Connect Core §3.1.2.1) */
    if ((ticket->prompt & PROMPT_LOGIN) || ticket->max_age == 0)
        return false;
    return ticket->max_age < 0 || context->now - session->authenticated_at <= ticket->max_age;
}

static bool account_is_chosen(const struct ticket *ticket, const struct session *session)
{
    if (!(ticket->prompt & PROMPT_SELECT_ACCOUNT))
        return true;
    return ticket->has_settled_session && memcmp(ticket->settled_sid, session->sid, 16) == 0;
}

static enum outcome read_grant(struct context *context, struct ticket *ticket, const struct session *session)
{
    struct grant_row grant;
    enum store_result found =
        grants_find(context->db, context->arena, session->user_id, ticket->client->number, &grant);
    ticket->has_grant = found == STORE_OK;
    ticket->granted_scope = "";
    if (found == STORE_NOT_FOUND)
        return OUTCOME_OK;
    if (ticket->has_grant) {
        memcpy(ticket->grant_id, grant.id, sizeof(grant.id));
        ticket->granted_scope = grant.scope;
    }
    return store_outcome(context, found, OUTCOME_SERVER_ERROR, NULL);
}

/* Whether the client gets anything of this person at all. */
static enum outcome read_permission(struct context *context, const struct ticket *ticket,
                                    const struct session *session, bool *allowed_out)
{
    struct permission permission;
    *allowed_out = !ticket->client->requires_permission;
    if (*allowed_out)
        return OUTCOME_OK;
    enum outcome outcome = permission_find(context, session->user_id, ticket->client, &permission);
    if (outcome != OUTCOME_OK && outcome != OUTCOME_NOT_FOUND)
        return outcome;
    context->reason = NULL;
    *allowed_out = permission.has_access;
    return OUTCOME_OK;
}

/* RFC 8252 §8.6: consent may not be remembered for a client that anybody could pose as. */
static bool consent_is_needed(struct context *context, const struct ticket *ticket)
{
    bool local =
        client_is_public(ticket->client) && redirect_uri_is_local(context->arena, ticket->redirect_uri);
    if (ticket->consent_shown)
        return false;
    if ((ticket->prompt & PROMPT_CONSENT) || local)
        return true;
    return !ticket->client->skip_consent && *authorize_missing_scope(context, ticket);
}

static enum outcome next(const struct ticket *ticket, enum next_step step, enum outcome failure,
                         enum next_step *next_out, enum outcome *failure_out)
{
    *next_out = ticket->prompt & PROMPT_NONE ? NEXT_FAIL : step;
    *failure_out = failure;
    return OUTCOME_OK;
}

enum outcome authorize_next(struct context *context, struct ticket *ticket, const struct session *session,
                            enum next_step *next_out, enum outcome *failure_out)
{
    if (!session_suffices(context, ticket, session))
        return next(ticket, NEXT_SIGN_IN, OUTCOME_LOGIN_REQUIRED, next_out, failure_out);
    if (!account_is_chosen(ticket, session))
        return next(ticket, NEXT_SELECT_ACCOUNT, OUTCOME_ACCOUNT_SELECTION_REQUIRED, next_out, failure_out);
    if (pin_gate_wants_step_up(ticket->client->service, session))
        return next(ticket, NEXT_PIN, OUTCOME_LOGIN_REQUIRED, next_out, failure_out);
    bool allowed;
    enum outcome outcome = read_permission(context, ticket, session, &allowed);
    if (outcome == OUTCOME_OK && !allowed)
        return next(ticket, NEXT_REQUEST_ACCESS, OUTCOME_ACCESS_DENIED, next_out, failure_out);
    if (outcome == OUTCOME_OK)
        outcome = read_grant(context, ticket, session);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (consent_is_needed(context, ticket))
        return next(ticket, NEXT_CONSENT, OUTCOME_CONSENT_REQUIRED, next_out, failure_out);
    *next_out = NEXT_ISSUE;
    return OUTCOME_OK;
}

const char *authorize_missing_scope(struct context *context, const struct ticket *ticket)
{
    return scope_minus(context->arena, ticket->scope, ticket->granted_scope);
}

const char *authorize_error_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_INVALID_REQUEST] = "invalid_request",
        [OUTCOME_UNAUTHORIZED_CLIENT] = "unauthorized_client",
        [OUTCOME_ACCESS_DENIED] = "access_denied",
        [OUTCOME_UNSUPPORTED_RESPONSE_TYPE] = "unsupported_response_type",
        [OUTCOME_INVALID_SCOPE] = "invalid_scope",
        [OUTCOME_LOGIN_REQUIRED] = "login_required",
        [OUTCOME_CONSENT_REQUIRED] = "consent_required",
        [OUTCOME_ACCOUNT_SELECTION_REQUIRED] = "account_selection_required",
        [OUTCOME_REQUEST_NOT_SUPPORTED] = "request_not_supported",
        [OUTCOME_REQUEST_URI_NOT_SUPPORTED] = "request_uri_not_supported",
        [OUTCOME_REGISTRATION_NOT_SUPPORTED] = "registration_not_supported",
        [OUTCOME_UNAVAILABLE] = "temporarily_unavailable",
    };
    return names[outcome] ? names[outcome] : "server_error";
}
