/* account_applications_page.c: what the person has allowed applications, and withdrawing it. */
#include "core/text.h"
#include "domain/account/account.h"
#include "pages/account_page.h"
#include "pages/dates.h"

static struct json *describe(struct view *view, const struct account_authorization *authorization)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_object(arena), *scopes = json_new_array(arena);
    const char *list = authorization->scope, *word;
    const char *name =
        text_empty(authorization->client_name) ? authorization->client_id : authorization->client_name;
    size_t length;
    while (text_next_word(&list, ' ', &word, &length))
        json_append(scopes, view_scope(view, arena_strndup(arena, word, length)));
    json_put_text(shown, "id", authorization->id);
    json_put_text(shown, "name", view_inert(arena, name));
    json_put_text(shown, "uri", view_web_link(arena, authorization->client_uri));
    json_put(shown, "scopes", scopes);
    view_value(view, "date", date_day(view, authorization->created_at));
    json_put_text(shown, "since", view_text(view, "application_since"));
    json_put_text(shown, "withdraw_url",
                  arena_printf(arena, "%s?withdraw=%s", view_path(view->call, account_applications_page.path),
                               authorization->id));
    return shown;
}

/* Asks once more before it withdraws; NOT_FOUND for what isn't the person's. */
static enum outcome ask(struct view *view, const struct account_authorization *list, size_t count,
                        const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (!text_equal(list[i].id, id))
            continue;
        struct json *asked = describe(view, &list[i]);
        view_value(view, "application", json_member_text(asked, "name"));
        json_put(view->model, "asked", asked);
        json_put_text(view->model, "heading", view_text(view, "account_withdraw_heading"));
        json_put_text(view->model, "back_url", view_path(view->call, account_applications_page.path));
        return OUTCOME_OK;
    }
    return refuse(&view->call->context, OUTCOME_NOT_FOUND, "there is no such authorization");
}

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    const char *withdraw = form_value(&call->request->query, "withdraw");
    struct account_authorization *list;
    size_t count;
    enum outcome found = account_authorizations(&call->context, call->session->user_id, &list, &count);
    if (found != OUTCOME_OK || withdraw != NULL)
        return found == OUTCOME_OK ? ask(view, list, count, withdraw) : found;
    struct json *shown = json_new_array(call->arena);
    for (size_t i = 0; i < count; i++)
        json_append(shown, describe(view, &list[i]));
    json_put(view->model, "applications", shown);
    json_put_boolean(view->model, "has_applications", count > 0);
    return OUTCOME_OK;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *id = call_parameter(call, "application");
    if (id == NULL)
        return OUTCOME_OK;
    *done_out = "withdrawn";
    return account_withdraw(&call->context, call->session->user_id, id);
}

const struct account_page account_applications_page = {
    .path = "/account/applications",
    .name = "account_applications",
    .label = "account_applications_label",
    .fill = fill,
    .act = act,
};
