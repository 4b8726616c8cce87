/* account_connections_page.c: accounts elsewhere that the person signs in with, or of which services may use
 * tokens: connecting, withdrawing, taking one off. */
#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "domain/providers/granting.h"
#include "domain/providers/linked_accounts.h"
#include "pages/account_page.h"
#include "pages/dates.h"
#include "pages/provider_buttons.h"
#include "pages/provider_pages.h"

/* "Google": as the provider is called here; of one that is there no more the text of its word, or the word.
 */
static const char *provider_name(struct view *view, const char *provider)
{
    struct call *call = view->call;
    const struct provider *listed = provider_listed(&call->context, provider);
    const char *name = view_text_if_any(view, arena_printf(call->arena, "provider_%s", provider));
    if (listed != NULL)
        name = listed->display_name;
    return view_inert(call->arena, name == NULL ? provider : name);
}

/* The providers at which one may have accounts: a person may have two at the same one. */
static void put_offers(struct view *view)
{
    struct call *call = view->call;
    const struct provider *const *list;
    size_t count = 0;
    struct json *offers = json_new_array(call->arena);
    if (provider_list(&call->context, &list, &count) != OUTCOME_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!provider_is_offered(NULL, list[i]))
            continue;
        struct json *offer = json_new_object(call->arena);
        view_value(view, "provider", view_inert(call->arena, list[i]->display_name));
        json_put_text(offer, "provider", list[i]->name);
        json_put_text(offer, "label", view_text(view, "connect_provider"));
        json_put_text(offer, "href", provider_connect_path(call, list[i]));
        json_append(offers, offer);
    }
    json_put(view->model, "providers", offers);
    json_put_boolean(view->model, "has_providers", json_count(offers) > 0);
}

/* "Read your profile; …": each in words, where there are some for it. */
static const char *scopes_in_words(struct view *view, const char *scopes)
{
    struct arena *arena = view->call->arena;
    struct strbuf words = strbuf_start(arena);
    const char *scope;
    size_t length;
    while (text_next_word(&scopes, ' ', &scope, &length)) {
        const struct json *described = view_scope(view, arena_strndup(arena, scope, length));
        strbuf_add_format(&words, "%s%s", words.length == 0 ? "" : "; ",
                          json_member_text(described, "title"));
    }
    return view_inert(arena, words.data);
}

/* The services that may use the account's tokens. */
static struct json *describe_grants(struct view *view, const struct linked_accounts *all,
                                    const struct connection_row *account)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_array(arena);
    for (size_t i = 0; i < all->grant_count; i++) {
        const struct provider_grant_row *row = &all->grants[i];
        if (memcmp(row->connection_id, account->id, sizeof row->connection_id) != 0)
            continue;
        struct json *grant = json_new_object(arena);
        json_put_text(grant, "id",
                      arena_printf(arena, "%s %s", uuid_encode(arena, account->id),
                                   uuid_encode(arena, row->service_id)));
        json_put_text(grant, "service", view_inert(arena, row->service_name));
        view_value(view, "service", json_member_text(grant, "service"));
        view_value(view, "scopes", scopes_in_words(view, row->scopes));
        view_value(view, "date", date_day(view, row->granted_at));
        json_put_text(grant, "uses", view_text(view, "connection_uses"));
        json_put_text(grant, "since", view_text(view, "connection_granted"));
        json_append(shown, grant);
    }
    return shown;
}

static struct json *describe(struct view *view, const struct linked_accounts *all,
                             const struct connection_row *row)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_object(arena);
    json_put_text(shown, "id", uuid_encode(arena, row->id));
    json_put_text(shown, "provider", row->provider);
    json_put_text(shown, "name", provider_name(view, row->provider));
    json_put_text(shown, "label", view_inert(arena, row->label));
    view_value(view, "provider", json_member_text(shown, "name"));
    view_value(view, "date", date_day(view, row->created_at));
    json_put_text(shown, "since",
                  view_text(view, row->sign_in ? "connection_since" : "connection_tokens_since"));
    json_put(shown, "grants", describe_grants(view, all, row));
    return shown;
}

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    struct linked_accounts accounts;
    enum outcome found = linked_accounts_find(&call->context, call->session->user_id, NULL, &accounts);
    if (found != OUTCOME_OK)
        return found;
    struct json *shown = json_new_array(call->arena);
    for (size_t i = 0; i < accounts.count; i++)
        json_append(shown, describe(view, &accounts, &accounts.accounts[i]));
    json_put(view->model, "connections", shown);
    json_put_boolean(view->model, "has_connections", json_count(shown) > 0);
    put_offers(view);
    return OUTCOME_OK;
}

/* A service may not use an account any more: "ACCOUNT SERVICE", both ids. One that is gone is withdrawn. */
static enum outcome withdraw(struct view *view, const char *grant, const char **done_out)
{
    struct call *call = view->call;
    unsigned char account_id[16], service_id[16];
    const char *space = strchr(grant, ' ');
    if (space == NULL ||
        !uuid_decode(arena_strndup(call->arena, grant, (size_t)(space - grant)), account_id) ||
        !uuid_decode(space + 1, service_id))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "the field grant is malformed");
    const struct withdrawal withdrawal = {
        .user_id = call->session->user_id,
        .connection_id = account_id,
        .service_id = service_id,
        .actor = arena_printf(call->arena, "user:%s", uuid_encode(call->arena, call->session->user_id)),
        .revoke = true,
    };
    enum outcome outcome = granting_withdraw(&call->context, &withdrawal);
    if (outcome != OUTCOME_OK && outcome != OUTCOME_NOT_FOUND)
        return outcome;
    *done_out = "grant_withdrawn";
    return OUTCOME_OK;
}

/* This account, and no other at the same provider. One that is gone is disconnected. */
static enum outcome disconnect(struct call *call, const char *connection)
{
    unsigned char id[16];
    if (!uuid_decode(connection, id))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "the field connection is malformed");
    enum outcome outcome = linked_account_remove(&call->context, call->session, id);
    return outcome == OUTCOME_NOT_FOUND ? OUTCOME_OK : outcome;
}

/* The field provider, of older templates, means all accounts there. */
static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *connection = call_parameter(call, "connection"), *grant = call_parameter(call, "grant"),
               *provider = call_parameter(call, "provider");
    if (grant != NULL)
        return withdraw(view, grant, done_out);
    if (connection == NULL && provider == NULL)
        return OUTCOME_OK;
    enum outcome unlinked = connection != NULL ? disconnect(call, connection)
                                               : account_unlink(&call->context, call->session, provider);
    if (unlinked == OUTCOME_OK)
        *done_out = "unlinked";
    if (unlinked != OUTCOME_FORBIDDEN)
        return unlinked;
    view_error(view, NULL, "problem_last_way");
    return OUTCOME_OK;
}

const struct account_page account_connections_page = {
    .path = "/account/connections",
    .name = "account_connections",
    .label = "account_connections_label",
    .fill = fill,
    .act = act,
};
