/*
 * provider_tokens_api.c: the family "provider_tokens": a member's token at another provider, for a service's
 * programs by API key, and for an application by an access token of the person's. A token goes out in an
 * answer and nowhere else.
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/oauth/scope.h"
#include "domain/providers/provider.h"
#include "domain/providers/provider_token.h"

static void write_or_null(struct json_writer *writer, const char *name, const char *text)
{
    if (text_empty(text))
        json_write_null(writer, name);
    else
        json_write_text(writer, name, text);
}

static void write_account(struct json_writer *writer, const struct connection_row *row)
{
    json_open_object(writer, "account");
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->id));
    json_write_text(writer, "provider_user_id", row->subject);
    write_or_null(writer, "email", row->email);
    write_or_null(writer, "display_name", row->display_name);
    json_close_object(writer);
}

/* --- for a service's programs --- */

static void write_token(struct json_writer *writer, const struct provider_token_answer *answer)
{
    json_write_text(writer, "status", "ok");
    json_write_text(writer, "access_token", answer->access_token);
    service_write_time(writer, "expires_at", answer->account.token_expires_at);
    json_write_words(writer, "scopes", answer->scopes, ' ');
    json_write_text(writer, "provider", answer->account.provider);
    write_account(writer, &answer->account);
}

static void write_action(struct json_writer *writer, const char *provider,
                         const struct provider_token_answer *answer)
{
    json_write_text(writer, "status", "action_required");
    json_write_text(writer, "code", answer->code);
    json_write_text(writer, "reauth_url", answer->reauth_url);
    json_write_words(writer, "missing_scopes", answer->missing_scopes, ' ');
    json_write_text(writer, "provider", provider);
}

/* The service's own settings come with its key. What can't be read allows nothing. */
static void read_settings(struct call *call, struct service_providers *settings_out)
{
    const char *error;
    if (service_providers_read(call->arena, call->api_key->service_providers, settings_out, &error))
        return;
    log_error("service %s: its settings of providers are broken: %s", call->api_key->service_id_text, error);
    if (!service_providers_read(call->arena, NULL, settings_out, &error))
        bug("no settings of providers can't be read");
}

static enum outcome required(struct call *call, const char *name, const char **text_out)
{
    enum outcome outcome = service_body_text(call, name, text_out);
    if (outcome == OUTCOME_OK && !*text_out)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      arena_printf(call->arena, "%s is required", name));
    return outcome;
}

static enum outcome read_body(struct call *call, const char **user_out,
                              struct provider_token_request *request)
{
    enum outcome outcome = required(call, "user_id", user_out);
    if (outcome == OUTCOME_OK)
        outcome = required(call, "provider", &request->provider);
    if (outcome == OUTCOME_OK)
        outcome = service_body_words(call, "scopes", &request->scopes);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "redirect_uri", &request->redirect_uri);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "state", &request->client_state);
    if (outcome != OUTCOME_OK)
        return outcome;
    request->scopes = request->scopes ? request->scopes : "";
    request->provider = provider_name_canonical(call->arena, request->provider);
    return OUTCOME_OK;
}

static enum outcome check_permission(struct call *call, const char *provider)
{
    const char *permission = arena_printf(call->arena, "read:provider_tokens:%s", provider);
    if (api_key_holds(call->api_key, permission))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_FORBIDDEN, "the API key lacks the permission for this provider");
}

static enum outcome post_provider_tokens(struct call *call)
{
    struct service_providers settings;
    struct provider_token_answer answer;
    const char *user;
    unsigned char user_id[16];
    struct provider_token_request request = { .service_id = call->api_key->service_id,
                                              .settings = &settings,
                                              .user_id = user_id,
                                              .actor = service_actor(call) };
    enum outcome outcome = read_body(call, &user, &request);
    if (outcome == OUTCOME_OK)
        outcome = check_permission(call, request.provider);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!service_read_id(user, user_id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "no such user");
    read_settings(call, &settings);
    outcome = provider_token_get(&call->context, &request, &answer);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    if (answer.code)
        write_action(&writer, request.provider, &answer);
    else
        write_token(&writer, &answer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* --- for an application of the person's --- */

/* The person's connection as the service of the application may use it. Its refresh token stays here. */
static enum outcome get_provider_token(struct call *call)
{
    const struct client *client = call->access.client;
    struct provider_token_answer answer;
    if (!call->access.has_user)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "the access token is of no user");
    if (!scope_has(call->access.scope, "account"))
        return refuse(&call->context, OUTCOME_INSUFFICIENT_SCOPE, "the scope account is required");
    const struct provider_token_request request = {
        .service_id = client->service->id,
        .settings = client->service->providers,
        .user_id = call->access.user_id,
        .provider = provider_name_canonical(call->arena, call->values[0]),
        .scopes = "",
        .actor = arena_printf(call->arena, "client:%s", client->client_id),
        .only_asks = true,
    };
    enum outcome outcome = provider_token_get(&call->context, &request, &answer);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (answer.code)
        return service_refuse(call, OUTCOME_FORBIDDEN, answer.code,
                              "the person has to allow the service's use of the account first");
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "access_token", answer.access_token);
    service_write_time(&writer, "expires_at", answer.account.token_expires_at);
    json_write_words(&writer, "scopes", answer.scopes, ' ');
    json_write_text(&writer, "provider", answer.account.provider);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* clang-format off */
static const struct route routes[] = {
    { "POST", "/api/service/provider-tokens", .who = BY_API_KEY, .permission = "read:provider_tokens:*",
      .body = BODY_JSON_VALUES, .reads = true, .handler = post_provider_tokens },
    { "GET", "/api/provider-token/{provider}", .who = BY_BEARER, .cors = CORS_LISTED,
      .handler = get_provider_token },
};
/* clang-format on */

const struct route_family provider_tokens_family = SERVICE_FAMILY("provider_tokens", routes);
