/*
 * token_api.c: the family "token": endpoints that clients call with their credentials
 * (RFC 6749 §3.2, RFC 7009, RFC 7662). Its table is at the bottom.
 */
#include "api/api.h"
#include "app/answer.h"
#include "core/json_writer.h"
#include "domain/oauth/introspect.h"
#include "domain/oauth/token.h"

static const char *const token_parameter_names[] = {
    "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", NULL
};
static const char *const subject_parameter_names[] = { "token", "token_type_hint", NULL };

static void answer_json(struct call *call, struct json_writer *writer)
{
    response_header(&call->response, "Pragma", "no-cache");
    response_json(&call->response, 200, writer->text.data);
}

static enum outcome post_token(struct call *call)
{
    struct token_answer answer = { 0 };
    struct token_parameters parameters = {
        .grant_type = call_parameter(call, "grant_type"),
        .code = call_parameter(call, "code"),
        .redirect_uri = call_parameter(call, "redirect_uri"),
        .code_verifier = call_parameter(call, "code_verifier"),
        .has_code_verifier = form_times(&call->form, "code_verifier") > 0,
        .refresh_token = call_parameter(call, "refresh_token"),
        .scope = call_parameter(call, "scope"),
    };
    if (call_repeated(call, token_parameter_names))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a parameter came more than once");

    enum outcome outcome = token_request(&call->context, call->client, &parameters, &answer);
    if (outcome != OUTCOME_OK)
        return outcome;

    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "access_token", answer.access_token);
    json_write_text(&writer, "token_type", answer.token_type);
    json_write_integer(&writer, "expires_in", answer.expires_in);
    json_write_text(&writer, "scope", answer.scope);
    json_write_text(&writer, "id_token", answer.id_token);
    json_write_text(&writer, "refresh_token", answer.refresh_token);
    json_close_object(&writer);
    answer_json(call, &writer);
    return OUTCOME_OK;
}

static enum outcome post_introspect(struct call *call)
{
    struct introspection answer;
    if (call_repeated(call, subject_parameter_names))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a parameter came more than once");
    enum outcome outcome =
        token_introspect(&call->context, call->client, call_parameter(call, "token"), &answer);
    if (outcome != OUTCOME_OK)
        return outcome;

    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "active", answer.active);
    if (answer.active) {
        json_write_text(&writer, "scope", answer.scope);
        json_write_text(&writer, "client_id", answer.client_id);
        json_write_text(&writer, "username", answer.username);
        json_write_text(&writer, "token_type", answer.token_type);
        json_write_integer(&writer, "exp", answer.exp);
        json_write_integer(&writer, "iat", answer.iat);
        json_write_text(&writer, "sub", answer.sub);
        json_write_text(&writer, "aud", answer.aud);
        json_write_text(&writer, "iss", answer.iss);
        json_write_text(&writer, "jti", answer.jti);
        binding_write(&writer, &answer.binding);
    }
    json_close_object(&writer);
    answer_json(call, &writer);
    return OUTCOME_OK;
}

static enum outcome post_revoke(struct call *call)
{
    if (call_repeated(call, subject_parameter_names))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a parameter came more than once");
    enum outcome outcome = token_revoke(&call->context, call->client, call_parameter(call, "token"));
    if (outcome == OUTCOME_OK)
        response_json(&call->response, 200, "{}");
    return outcome;
}

static const struct route routes[] = {
    { .method = "POST",
      .path = "/api/oauth/token",
      .aliases = { "/token", "/oauth2/token" },
      .who = BY_CLIENT,
      .caller_limit = CALLER_TAKES_TOKENS,
      .body = BODY_FORM | BODY_JSON,
      .cors = CORS_LISTED,
      .spends = true,
      .handler = post_token },
    { .method = "POST",
      .path = "/api/oauth/introspect",
      .who = BY_CLIENT,
      .caller_limit = CALLER_TAKES_TOKENS,
      .body = BODY_FORM | BODY_JSON,
      .handler = post_introspect },
    { .method = "POST",
      .path = "/api/oauth/revoke",
      .who = BY_CLIENT,
      .caller_limit = CALLER_TAKES_TOKENS,
      .body = BODY_FORM | BODY_JSON,
      .cors = CORS_LISTED,
      .spends = true,
      .handler = post_revoke },
};

const struct route_family token_family = { "token", routes, ARRAY_SIZE(routes), answer_oauth_error };
