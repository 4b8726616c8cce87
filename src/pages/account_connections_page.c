/* account_connections_page.c: accounts elsewhere that the person signs in with, and taking one off. */
#include "domain/account/account.h"
#include "pages/account_page.h"
#include "pages/dates.h"

/* "Google": the text of the provider's word, or the word itself. */
static const char *provider_name(struct view *view, const char *provider)
{
    const char *name = view_text_if_any(view, arena_printf(view->call->arena, "provider_%s", provider));
    return name == NULL ? view_inert(view->call->arena, provider) : name;
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
