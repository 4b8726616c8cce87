/* account_connections_page.c: accounts elsewhere that the person signs in with, and taking one off. */
#include "domain/account/account.h"
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

static struct json *describe(struct view *view, const struct account_connection *connection)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_object(arena);
    json_put_text(shown, "provider", connection->provider);
    json_put_text(shown, "name", provider_name(view, connection->provider));
    json_put_text(shown, "label", view_inert(arena, connection->label));
    view_value(view, "date", date_day(view, connection->created_at));
    json_put_text(shown, "since", view_text(view, "connection_since"));
    return shown;
}

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    struct account account;
    enum outcome found = account_find(&call->context, call->session->user_id, &account);
    if (found != OUTCOME_OK)
        return found;
    struct json *shown = json_new_array(call->arena);
    for (size_t i = 0; i < account.connection_count; i++)
        json_append(shown, describe(view, &account.connections[i]));
    json_put(view->model, "connections", shown);
    json_put_boolean(view->model, "has_connections", json_count(shown) > 0);
    put_offers(view);
    return OUTCOME_OK;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *provider = call_parameter(call, "provider");
    if (provider == NULL)
        return OUTCOME_OK;
    enum outcome unlinked = account_unlink(&call->context, call->session, provider);
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
