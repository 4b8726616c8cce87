/*
 * workspace_api.c: the family "workspace": a small API in front of our own OpenID Connect endpoints, for
 * applications that let the server be the client: {"data": {...}} or {"error": {"code", "message"}} out.
 * Which service a call is for: domain/workspace/workspace.h. Its table is at the bottom.
 */
#include "api/api.h"
#include "app/answer.h"
#include "app/browser_side.h"
#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/secret.h"
#include "domain/login/sign_in.h"
#include "domain/oauth/scope.h"
#include "domain/workspace/participants.h"
#include "domain/workspace/workspace.h"

/* What a sign-in that begins here leaves in the browser: "STATE.VERIFIER", each of PART characters. */
#define FLOW_COOKIE "__Host-doorward-workspace"

enum { PART = 43, WORD_MAX = 64 };

/* --- answers --- */

/* Codes are stable. message NULL: the reason, where it may be told. */
static const struct {
    const char *code;
    int status;
    const char *message;
} refusals[OUTCOME_COUNT] = {
    [OUTCOME_INVALID_REQUEST] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_INVALID_GRANT] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_INVALID_DPOP_PROOF] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_USE_DPOP_NONCE] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_INVALID_SCOPE] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_UNAUTHORIZED_CLIENT] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_UNSUPPORTED_GRANT_TYPE] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_MALFORMED] = { "SW_AUTH_OIDC_FAILED", 400, NULL },
    [OUTCOME_EXPIRED_GRANT] = { "SW_AUTH_EXPIRED_TOKEN", 401, NULL },
    [OUTCOME_INVALID_TOKEN] = { "SW_AUTH_INVALID_TOKEN", 401, NULL },
    [OUTCOME_INVALID_TOKEN_PROOF] = { "SW_AUTH_INVALID_TOKEN", 401, NULL },
    [OUTCOME_USE_TOKEN_NONCE] = { "SW_AUTH_INVALID_TOKEN", 401, NULL },
    [OUTCOME_UNAUTHENTICATED] = { "SW_AUTH_INVALID_TOKEN", 401, NULL },
    [OUTCOME_WRONG_PASSWORD] = { "SW_AUTH_INVALID_CREDENTIALS", 401, "Invalid username or password" },
    [OUTCOME_PASSWORD_NOT_SET] = { "SW_AUTH_INVALID_CREDENTIALS", 401, "Invalid username or password" },
    [OUTCOME_EMAIL_NOT_VERIFIED] = { "SW_AUTH_INSUFFICIENT_PERMISSION", 403, NULL },
    [OUTCOME_FORBIDDEN] = { "SW_AUTH_INSUFFICIENT_PERMISSION", 403, NULL },
    [OUTCOME_ACCESS_DENIED] = { "SW_AUTH_INSUFFICIENT_PERMISSION", 403, NULL },
    [OUTCOME_INSUFFICIENT_SCOPE] = { "SW_AUTH_INSUFFICIENT_PERMISSION", 403, NULL },
    [OUTCOME_INSECURE_TRANSPORT] = { "SW_HTTPS_REQUIRED", 403, NULL },
    [OUTCOME_NOT_FOUND] = { "SW_TENANT_NOT_FOUND", 404, NULL },
    [OUTCOME_METHOD_NOT_ALLOWED] = { "SW_METHOD_NOT_ALLOWED", 405, "Method not allowed" },
    [OUTCOME_LIMIT_REACHED] = { "SW_TENANT_CAPACITY", 409, NULL },
    [OUTCOME_TOO_LARGE] = { "SW_CONTENT_TOO_LARGE", 413, NULL },
    [OUTCOME_URI_TOO_LONG] = { "SW_CONTENT_TOO_LARGE", 414, NULL },
    [OUTCOME_HEADERS_TOO_LARGE] = { "SW_CONTENT_TOO_LARGE", 431, NULL },
    [OUTCOME_UNSUPPORTED_MEDIA_TYPE] = { "SW_UNSUPPORTED_MEDIA_TYPE", 415, NULL },
    [OUTCOME_TOO_MANY_REQUESTS] = { "SW_RATE_LIMIT_EXCEEDED", 429, "Too many attempts; try again later" },
    [OUTCOME_UNAVAILABLE] = { "SW_UNAVAILABLE", 503, NULL },
    [OUTCOME_SERVER_ERROR] = { "SW_INTERNAL_ERROR", 500, NULL },
};

/* A refusal with a code of its own instead of the table's. The outcome is returned, for the handler. */
static enum outcome refuse_as(struct call *call, enum outcome outcome, int status, const char *code,
                              const char *message)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_object(&writer, "error");
    json_write_text(&writer, "code", code);
    json_write_text(&writer, "message", text_empty(message) ? "The request was refused" : message);
    json_close_object(&writer);
    json_close_object(&writer);
    answer_error_headers(call, outcome);
    response_json(&call->response, status, writer.text.data);
    return outcome;
}

static void write_refusal(struct call *call, enum outcome outcome)
{
    const char *code = refusals[outcome].code ? refusals[outcome].code : "SW_REFUSED";
    const char *message = answer_for(outcome)->show_reason ? call->context.reason : NULL;
    int status = refusals[outcome].status ? refusals[outcome].status : answer_for(outcome)->status;
    /* A handler with a code of its own has answered. */
    if (call->response.status)
        return;
    if (refusals[outcome].message)
        message = refusals[outcome].message;
    if (call_token_has_expired(call, outcome))
        code = "SW_AUTH_EXPIRED_TOKEN";
    /* a path that isn't ours says nothing of the tenant */
    if (outcome == OUTCOME_NOT_FOUND && !call->route)
        code = "SW_NOT_FOUND";
    (void)refuse_as(call, outcome, status, code, message);
}

static struct json_writer start_data(struct call *call)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_object(&writer, "data");
    return writer;
}

static enum outcome finish_data(struct call *call, struct json_writer *writer)
{
    json_close_object(writer);
    json_close_object(writer);
    response_json(&call->response, 200, writer->text.data);
    return OUTCOME_OK;
}

static enum outcome answer_tokens(struct call *call, const struct token_answer *tokens)
{
    struct json_writer writer = start_data(call);
    json_write_text(&writer, "access_token", tokens->access_token);
    json_write_text(&writer, "refresh_token", tokens->refresh_token);
    json_write_text(&writer, "token_type", tokens->token_type);
    json_write_integer(&writer, "expires_in", tokens->expires_in);
    return finish_data(call, &writer);
}

/* --- parameters --- */

/* A parameter of the body or of the query, which both are taken here. */
static const char *parameter(const struct call *call, const char *name)
{
    const char *value = form_value(&call->form, name);
    return value ? value : form_value(&call->request->query, name);
}

static enum outcome check_repeated(struct call *call, const char *const *names)
{
    for (; *names; names++) {
        if (form_times(&call->form, *names) + form_times(&call->request->query, *names) > 1)
            return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a parameter came more than once");
    }
    return OUTCOME_OK;
}

static const char *host_of(const struct call *call)
{
    return request_header(call->request, "Host", NULL);
}

static enum outcome find_client(struct call *call)
{
    const struct workspace_hints hints = {
        .host = host_of(call),
        .client_id = parameter(call, "client_id"),
        .code = parameter(call, "code"),
        .refresh_token = form_value(&call->form, "refresh_token"),
    };
    return workspace_find(&call->context, &hints, &call->client);
}

/* --- config --- */

static enum outcome get_config(struct call *call)
{
    static const struct {
        const char *name, *path;
    } endpoints[] = {
        { "authorization_endpoint", "/api/oauth/authorize" },
        { "token_endpoint", "/api/oauth/token" },
        { "jwks_uri", "/.well-known/jwks.json" },
    };
    const char *issuer = call->context.settings->issuer;
    enum outcome outcome = find_client(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = start_data(call);
    json_write_text(&writer, "issuer", issuer);
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++)
        json_write_text(&writer, endpoints[i].name,
                        arena_printf(call->arena, "%s%s", issuer, endpoints[i].path));
    json_write_words(&writer, "scopes_supported", scope_user_default(&call->context, call->client), ' ');
    json_write_text(&writer, "redirect_uri", workspace_redirect_uri(&call->context, call->client->workspace));
    json_write_text(&writer, "client_id", call->client->client_id);
    return finish_data(call, &writer);
}

/* --- login --- */

static void write_flow_cookie(struct call *call, const char *value, int64_t max_age_s)
{
    cookie_write(
        &call->response,
        &(struct cookie) {
            .name = FLOW_COOKIE, .value = value, .domain = "", .same_site = "Lax", .max_age_s = max_age_s });
}

static enum outcome get_start(struct call *call)
{
    struct workspace_start start;
    enum outcome outcome = find_client(call);
    if (outcome == OUTCOME_OK)
        outcome = workspace_begin(&call->context, call->client, &start);
    if (outcome != OUTCOME_OK)
        return outcome;
    write_flow_cookie(call, arena_printf(call->arena, "%s.%s", start.state, start.verifier),
                      call->context.settings->flow_lifetime_s);
    response_redirect(&call->response, 302, start.location);
    return OUTCOME_OK;
}

/* A browser that arrives from the provider, and not a program that brings a code. */
static bool is_arrival(const struct call *call, const char *flow)
{
    return flow || !text_equal(call->request->method, "POST") ||
           text_equal(request_header(call->request, "Sec-Fetch-Mode", NULL), "navigate");
}

static struct bytes bytes_of(const char *text, size_t length)
{
    return (struct bytes) { (const unsigned char *)text, length };
}

/* The state must be the one that this browser began with, so that nobody is signed in by another's code
 * (RFC 6749 §10.12). *verifier_out is of the same beginning. */
static enum outcome check_flow(struct call *call, const char *flow, const char **verifier_out)
{
    const char *state = parameter(call, "state"), *iss = parameter(call, "iss");
    if (!flow || strlen(flow) != 2 * PART + 1 || flow[PART] != '.' || !state ||
        !secret_equal(bytes_of(flow, PART), bytes_of(state, strlen(state))))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      "this browser has not begun this sign-in, or not lately");
    /* RFC 9207 §2.4 */
    if (iss && !text_equal(iss, call->context.settings->issuer))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "the answer is from another issuer");
    *verifier_out = flow + PART + 1;
    return OUTCOME_OK;
}

/* The provider's word for why there is no code, where it is one. */
static enum outcome refused_by_provider(struct call *call, const char *error)
{
    size_t length = strlen(error);
    bool is_word = length <= WORD_MAX && strspn(error, "abcdefghijklmnopqrstuvwxyz_") == length;
    return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                  arena_printf(call->arena, "the sign-in was refused: %s", is_word ? error : "error"));
}

static enum outcome check_login(struct call *call)
{
    static const char *const names[] = { "code", "redirect_uri", "code_verifier", "state",
                                         "iss",  "error",        "client_id",     NULL };
    const char *error = parameter(call, "error");
    enum outcome outcome = check_repeated(call, names);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (error)
        return refused_by_provider(call, error);
    if (!parameter(call, "code"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "code is missing");
    return find_client(call);
}

static enum outcome any_login(struct call *call)
{
    struct token_answer tokens = { 0 };
    const char *flow = cookie_read(call->request, FLOW_COOKIE);
    const char *verifier = parameter(call, "code_verifier");
    const char *redirect_uri = parameter(call, "redirect_uri");
    if (flow)
        write_flow_cookie(call, "", 0);
    enum outcome outcome = check_login(call);
    if (outcome == OUTCOME_OK && is_arrival(call, flow))
        outcome = check_flow(call, flow, &verifier);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *registered = workspace_redirect_uri(&call->context, call->client->workspace);
    if (redirect_uri && !text_equal(redirect_uri, registered))
        return refuse_as(call, OUTCOME_INVALID_REDIRECT_URI, 400, "SW_AUTH_REDIRECT_MISMATCH",
                         "redirect_uri is not the configured one");
    outcome = workspace_redeem(&call->context, call->client, parameter(call, "code"), verifier, &tokens);
    return outcome == OUTCOME_OK ? answer_tokens(call, &tokens) : outcome;
}

/* --- token --- */

static enum outcome post_token(struct call *call)
{
    static const char *const names[] = { "grant_type", "username", "password", "scope", "client_id", NULL };
    struct token_answer tokens = { 0 };
    const char *username = form_value(&call->form, "username");
    const char *password = form_value(&call->form, "password");
    enum outcome outcome = check_repeated(call, names);
    if (outcome == OUTCOME_OK)
        outcome = find_client(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!call->client->workspace->password_grant_enabled)
        return refuse(&call->context, OUTCOME_FORBIDDEN, "signing in by password is switched off here");
    if (!text_equal(form_value(&call->form, "grant_type"), "password"))
        return refuse(&call->context, OUTCOME_UNSUPPORTED_GRANT_TYPE, "grant_type must be password");
    if (!username || !password)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "username or password is missing");
    outcome = workspace_sign_in(&call->context, call->client, username, password,
                                form_value(&call->form, "scope"), &tokens);
    if (outcome == OUTCOME_OK)
        return answer_tokens(call, &tokens);
    browser_side_log_failure(call, outcome);
    return outcome;
}

/* --- refresh --- */

static enum outcome post_refresh(struct call *call)
{
    static const char *const names[] = { "refresh_token", "client_id", NULL };
    struct token_answer tokens = { 0 };
    const char *refresh_token = form_value(&call->form, "refresh_token");
    enum outcome outcome = check_repeated(call, names);
    if (outcome == OUTCOME_OK && !refresh_token)
        outcome = refuse(&call->context, OUTCOME_INVALID_REQUEST, "refresh_token is missing");
    if (outcome == OUTCOME_OK)
        outcome = find_client(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = workspace_refresh(&call->context, call->client, refresh_token, &tokens);
    if (outcome == OUTCOME_INVALID_GRANT)
        return refuse_as(call, outcome, 401, "SW_AUTH_INVALID_TOKEN", call->context.reason);
    return outcome == OUTCOME_OK ? answer_tokens(call, &tokens) : outcome;
}

/* --- register --- */

/* The token's tenant is its client's service; a host that is another one's leads to nothing of it. */
static enum outcome check_tenant(struct call *call, const struct client *client)
{
    const char *meant;
    const struct workspace_settings *workspace = client->service->workspace;
    if (!workspace)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "the token's tenant has no workspace here");
    enum outcome outcome = workspace_of_host(&call->context, host_of(call), &meant);
    if (outcome == OUTCOME_OK && meant && !text_equal(meant, workspace->client_id))
        return refuse_as(call, OUTCOME_FORBIDDEN, 403, "SW_AUTH_TENANT_MISMATCH",
                         "the token is another tenant's");
    return outcome;
}

static enum outcome post_register(struct call *call)
{
    struct participant_row participant;
    const struct client *client = call->access.client;
    enum outcome outcome = check_tenant(call, client);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = participant_register(&call->context, &call->access, client->service, &participant);
    if (outcome == OUTCOME_FORBIDDEN)
        return refuse_as(call, outcome, 403, "SW_NOT_MEMBER", call->context.reason);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = start_data(call);
    json_write_text(&writer, "participant_id", uuid_encode(call->arena, participant.id));
    json_write_text(&writer, "tenant_id", client->service->id_text);
    json_write_text(&writer, "display_name", participant.display_name);
    json_write_text(&writer, "email", participant.email);
    json_write_text(&writer, "personal_workspace_id",
                    uuid_encode(call->arena, participant.personal_workspace_id));
    return finish_data(call, &writer);
}

/* clang-format off */
#define TAKES .who = BY_ANYONE, .body = BODY_FORM | BODY_JSON, .cors = CORS_LISTED, \
    .caller_limit = CALLER_TAKES_TOKENS

static const struct route routes[] = {
    { "GET", "/v1/auth/config", .who = BY_ANYONE, .cors = CORS_PUBLIC, .handler = get_config },
    { "GET", "/v1/auth/start", .who = BY_ANYONE, .handler = get_start },
    { "GET", WORKSPACE_LOGIN_PATH, .who = BY_ANYONE, .cors = CORS_LISTED,
      .caller_limit = CALLER_TAKES_TOKENS, .handler = any_login },
    { "POST", WORKSPACE_LOGIN_PATH, TAKES, .handler = any_login },
    { "POST", "/v1/auth/token", TAKES, .limit = LIMIT_SIGN_IN, .handler = post_token },
    { "POST", "/v1/auth/refresh", TAKES, .handler = post_refresh },
    { "POST", "/v1/auth/register", .who = BY_BEARER, .body = BODY_JSON_VALUES, .cors = CORS_LISTED,
      .handler = post_register },
};
/* clang-format on */

const struct route_family workspace_family = { "workspace", routes, ARRAY_SIZE(routes), write_refusal };
