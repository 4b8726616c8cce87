/*
 * linked_accounts_api.c: the family "linked_accounts": a person's accounts at providers, what services may do
 * with them, and services' requests for them, for an application that the person lets act on their account
 * (scope account).
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "domain/directory.h"
#include "domain/manage/services.h"
#include "domain/oauth/scope.h"
#include "domain/providers/connect.h"
#include "domain/providers/granting.h"
#include "domain/providers/link_ticket.h"
#include "domain/providers/linked_accounts.h"

static const char no_account[] = "there is no such account";

static enum outcome check_token(struct call *call)
{
    if (!call->access.has_user)
        return refuse(&call->context, OUTCOME_FORBIDDEN, "the access token is of no user");
    if (!scope_has(call->access.scope, "account"))
        return refuse(&call->context, OUTCOME_INSUFFICIENT_SCOPE, "the scope account is required");
    return OUTCOME_OK;
}

static const char *actor(const struct call *call)
{
    return arena_printf(call->arena, "user:%s", call->access.sub);
}

/* --- what is shown --- */

static void write_or_null(struct json_writer *writer, const char *name, const char *text)
{
    if (text_empty(text))
        json_write_null(writer, name);
    else
        json_write_text(writer, name, text);
}

static void write_grant(struct json_writer *writer, const struct provider_grant_row *row)
{
    struct arena *arena = writer->text.arena;
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(arena, row->id));
    json_write_text(writer, "service_id", uuid_encode(arena, row->service_id));
    json_write_words(writer, "scopes", row->scopes, ' ');
    json_write_time(writer, "granted_at", row->granted_at);
    service_write_time(writer, "last_used_at", row->last_used_at);
    json_close_object(writer);
}

static void write_account(struct json_writer *writer, const struct linked_accounts *all,
                          const struct connection_row *row)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->id));
    json_write_text(writer, "provider", row->provider);
    json_write_text(writer, "provider_user_id", row->subject);
    write_or_null(writer, "email", row->email);
    write_or_null(writer, "display_name", row->display_name);
    json_write_words(writer, "scopes", row->scopes, ' ');
    service_write_time(writer, "expires_at", row->token_expires_at);
    json_write_text(writer, "status", row->status);
    json_open_array(writer, "grants");
    for (size_t i = 0; i < all->grant_count; i++) {
        if (memcmp(all->grants[i].connection_id, row->id, sizeof(row->id)) == 0)
            write_grant(writer, &all->grants[i]);
    }
    json_close_array(writer);
    json_close_object(writer);
}

static void write_accounts(struct json_writer *writer, const struct linked_accounts *all)
{
    json_open_array(writer, "accounts");
    for (size_t i = 0; i < all->count; i++)
        write_account(writer, all, &all->accounts[i]);
    json_close_array(writer);
}

static enum outcome answer_text(struct call *call, const char *name, const char *text)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, name, text);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* --- requests of services --- */

/* One of the person's own; another's isn't told from none. */
static enum outcome find_request(struct call *call, struct connect_request *request_out)
{
    enum outcome outcome = check_token(call);
    if (outcome == OUTCOME_OK)
        outcome = connect_find(&call->context, call->values[0], request_out);
    if (outcome == OUTCOME_OK &&
        memcmp(request_out->row.user_id, call->access.user_id, sizeof(call->access.user_id)) != 0)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such request, or it is over");
    return outcome;
}

static enum outcome get_request(struct call *call)
{
    struct connect_request request;
    struct linked_accounts accounts;
    const struct provider_request_row *row = &request.row;
    enum outcome outcome = find_request(call, &request);
    if (outcome == OUTCOME_OK)
        outcome = linked_accounts_find(&call->context, call->access.user_id, row->provider, &accounts);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "state", request.text);
    json_write_text(&writer, "provider", row->provider);
    json_write_words(&writer, "requested_scopes", row->scopes, ' ');
    json_write_text(&writer, "service_id", uuid_encode(call->arena, row->service_id));
    json_write_text(&writer, "service_name", row->service_name);
    json_write_time(&writer, "expires_at", row->expires_at);
    write_accounts(&writer, &accounts);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* The account that the body names, or the first one that has all that is asked for. */
static enum outcome choose_account(struct call *call, const struct connect_request *request,
                                   unsigned char id_out[16])
{
    struct linked_accounts accounts;
    const char *named;
    enum outcome outcome = service_body_text(call, "connected_account_id", &named);
    if (outcome == OUTCOME_OK && named)
        return service_read_id(named, id_out) ? OUTCOME_OK
                                              : refuse(&call->context, OUTCOME_NOT_FOUND, no_account);
    if (outcome == OUTCOME_OK)
        outcome =
            linked_accounts_find(&call->context, call->access.user_id, request->row.provider, &accounts);
    if (outcome != OUTCOME_OK)
        return outcome;
    for (size_t i = 0; i < accounts.count; i++) {
        if (!connect_covers(request, &accounts.accounts[i]))
            continue;
        memcpy(id_out, accounts.accounts[i].id, 16);
        return OUTCOME_OK;
    }
    return refuse(&call->context, OUTCOME_INVALID_REQUEST, "no account has all scopes");
}

static enum outcome post_complete(struct call *call)
{
    struct connect_request request;
    unsigned char account_id[16];
    enum outcome outcome = find_request(call, &request);
    if (outcome == OUTCOME_OK)
        outcome = choose_account(call, &request, account_id);
    if (outcome == OUTCOME_OK)
        outcome = connect_allow(&call->context, &request, account_id, actor(call));
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_text(call, "redirect_url", connect_return_url(call->arena, &request, NULL));
}

/* The request's own page, which looks at whose browser it is in. */
static enum outcome post_request_link(struct call *call)
{
    struct connect_request request;
    enum outcome outcome = find_request(call, &request);
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_text(call, "authorization_url",
                       arena_printf(call->arena, "%s%s", call->context.settings->issuer,
                                    connect_path(call->arena, &request)));
}

/* --- accounts --- */

static void write_provider(struct call *call, struct json_writer *writer, const struct provider *provider)
{
    const char *scopes = service_providers_scopes(call->access.client->service->providers, provider->name);
    json_open_object(writer, NULL);
    json_write_text(writer, "provider", provider->name);
    json_write_text(writer, "display_name", provider->display_name);
    json_write_text(writer, "provider_type", provider->kind->name);
    json_write_words(writer, "scopes", scopes, ' ');
    json_write_boolean(writer, "connect_supported", provider->offers_sign_in || scopes);
    json_close_object(writer);
}

static enum outcome get_accounts(struct call *call)
{
    struct linked_accounts accounts;
    const struct provider *const *providers;
    size_t count;
    enum outcome outcome = check_token(call);
    if (outcome == OUTCOME_OK)
        outcome = linked_accounts_find(&call->context, call->access.user_id, NULL, &accounts);
    if (outcome == OUTCOME_OK)
        outcome = provider_list(&call->context, &providers, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    write_accounts(&writer, &accounts);
    json_open_array(&writer, "available_providers");
    for (size_t i = 0; i < count; i++)
        write_provider(call, &writer, providers[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome delete_account(struct call *call)
{
    struct session session;
    unsigned char account_id[16];
    enum outcome outcome = check_token(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!service_read_id(call->values[0], account_id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, no_account);
    account_session_of_token(&call->access, &session);
    outcome = linked_account_remove(&call->context, &session, account_id);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* One of the application's own addresses, or of its service's for this. */
static bool may_return_to(const struct client *client, const char *uri)
{
    for (size_t i = 0; client->redirect_uris[i]; i++) {
        if (text_equal(client->redirect_uris[i], uri))
            return true;
    }
    return service_providers_redirect_uri(client->service->providers, uri) != NULL;
}

static enum outcome check_link(struct call *call, const char *provider, const char *return_to)
{
    const struct provider_kind *kind;
    enum outcome outcome = granting_kind(&call->context, provider, &kind);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!kind)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such provider");
    if (return_to && !may_return_to(call->access.client, return_to))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "redirect_uri is not a registered one");
    return OUTCOME_OK;
}

static enum outcome post_link(struct call *call)
{
    struct arena *arena = call->arena;
    const char *return_to = form_value(&call->request->query, "redirect_uri");
    struct link_ticket ticket = { .user_id = call->access.sub };
    enum outcome outcome = check_token(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    ticket.provider = provider_name_canonical(arena, call->values[0]);
    outcome = check_link(call, ticket.provider, return_to);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *scopes = service_providers_scopes(call->access.client->service->providers, ticket.provider);
    ticket.scopes = scopes ? scopes : "";
    ticket.return_to = return_to;
    return answer_text(call, "authorization_url",
                       arena_printf(arena, "%s/connect/account/%s", call->context.settings->issuer,
                                    link_ticket_print(&call->context, &ticket)));
}

/* --- grants --- */

/* The service of the body, which the person has to be a member of; without one, the application's. */
static enum outcome read_service(struct call *call, struct service_providers *settings,
                                 struct linked_grant *wanted)
{
    struct service_row row;
    const char *id, *error;
    enum outcome outcome = service_body_text(call, "service_id", &id);
    if (outcome != OUTCOME_OK)
        return outcome;
    wanted->settings = call->access.client->service->providers;
    wanted->service_id = call->access.client->service->id;
    if (!id)
        return OUTCOME_OK;
    outcome = service_find(&call->context, id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!service_providers_read(call->arena, row.providers, settings, &error))
        return refuse(&call->context, OUTCOME_FORBIDDEN, "the service may not have these scopes");
    wanted->settings = settings;
    wanted->service_id = (const unsigned char *)arena_copy(call->arena, row.id, sizeof(row.id)).data;
    return OUTCOME_OK;
}

static enum outcome post_grant(struct call *call)
{
    struct service_providers settings;
    struct provider_grant_row row;
    unsigned char account_id[16];
    struct linked_grant wanted = { .user_id = call->access.user_id, .account_id = account_id };
    enum outcome outcome = check_token(call);
    if (outcome == OUTCOME_OK && !service_read_id(call->values[0], account_id))
        outcome = refuse(&call->context, OUTCOME_NOT_FOUND, no_account);
    if (outcome == OUTCOME_OK)
        outcome = service_body_words(call, "scopes", &wanted.scopes);
    if (outcome == OUTCOME_OK)
        outcome = read_service(call, &settings, &wanted);
    if (outcome != OUTCOME_OK)
        return outcome;
    wanted.scopes = wanted.scopes ? wanted.scopes : "";
    wanted.actor = actor(call);
    outcome = linked_account_grant(&call->context, &wanted, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    write_grant(&writer, &row);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome delete_grant(struct call *call)
{
    unsigned char account_id[16], service_id[16];
    enum outcome outcome = check_token(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!service_read_id(call->values[0], account_id) || !service_read_id(call->values[1], service_id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such grant");
    const struct withdrawal withdrawal = { .user_id = call->access.user_id,
                                           .connection_id = account_id,
                                           .service_id = service_id,
                                           .actor = actor(call) };
    outcome = granting_withdraw(&call->context, &withdrawal);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* clang-format off */
#define READS .who = BY_BEARER, .cors = CORS_LISTED
#define WRITES .who = BY_BEARER, .cors = CORS_LISTED, .body = BODY_JSON_VALUES
#define REQUESTS "/api/user/provider-token-requests/{state}"
#define ACCOUNTS "/api/user/linked-accounts"

static const struct route routes[] = {
    { "GET", REQUESTS, READS, .handler = get_request },
    { "POST", REQUESTS "/complete", WRITES, .replays = true, .handler = post_complete },
    { "POST", REQUESTS "/link", WRITES, .replays = true, .handler = post_request_link },
    { "GET", ACCOUNTS, READS, .handler = get_accounts },
    { "POST", ACCOUNTS "/{provider}/link", .aliases = { "/api/user/identities/{provider}/link" }, WRITES,
      .replays = true, .handler = post_link },
    { "POST", ACCOUNTS "/{account}/grants", WRITES, .replays = true, .handler = post_grant },
    { "DELETE", ACCOUNTS "/{account}/grants/{service}", READS, .handler = delete_grant },
    { "DELETE", ACCOUNTS "/{account}", READS, .handler = delete_account },
};
/* clang-format on */

const struct route_family linked_accounts_family = SERVICE_FAMILY("linked_accounts", routes);
