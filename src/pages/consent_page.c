/* consent_page.c: what an application asks for, and the person's answer. */
#include "core/text.h"
#include "core/uri.h"
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "consent";

static struct json *describe_scopes(struct view *view, const char *list)
{
    struct json *scopes = json_new_array(view->call->arena);
    const char *word;
    size_t length;
    while (text_next_word(&list, ' ', &word, &length))
        json_append(scopes, view_scope(view, arena_strndup(view->call->arena, word, length)));
    return scopes;
}

/* A page that asks again although all was allowed (prompt=consent) shows the whole of it. */
static void show(struct call *call, struct ticket *ticket)
{
    struct uri target;
    const char *missing = authorize_missing_scope(&call->context, ticket);
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket->client, ticket->ui_locales);
    view_user(view, call->session);
    view_form(view, "/oauth/consent", form_name, flow_form(call, ticket));
    json_put_text(view->model, "flow", ticket->text);
    json_put(view->model, "scopes", describe_scopes(view, text_empty(missing) ? ticket->scope : missing));
    if (uri_parse(call->arena, ticket->redirect_uri, &target))
        json_put_text(view->model, "return_host", target.host[0] == '\0' ? target.scheme : target.host);
    view_value(view, "return_host", json_member_text(view->model, "return_host"));
    json_put_text(
        view->model, "switch_url",
        arena_printf(call->arena, "%s&switch=1", flow_path(call, "/login", "oauth_request", ticket->text)));
    view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    view_finish(view, 200);
}

enum outcome get_consent(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome found = flow_find_waiting(call, NEXT_CONSENT, &ticket, &waiting);
    if (waiting)
        show(call, &ticket);
    return found;
}

enum outcome post_consent(struct call *call)
{
    const char *decision = call_parameter(call, "decision");
    struct ticket ticket;
    bool waiting;
    enum outcome outcome = flow_find_waiting(call, NEXT_CONSENT, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, form_name, flow_form(call, &ticket));
    if (outcome != OUTCOME_OK)
        return outcome;
    if (text_equal(decision, "deny"))
        return flow_refuse(call, &ticket, OUTCOME_ACCESS_DENIED, "the person did not agree");
    if (!text_equal(decision, "allow")) {
        show(call, &ticket);
        return OUTCOME_OK;
    }

    outcome = authorize_allow(&call->context, &ticket, call->session);
    ticket.consent_shown = true;
    return outcome == OUTCOME_OK ? flow_go_on(call, &ticket) : outcome;
}
