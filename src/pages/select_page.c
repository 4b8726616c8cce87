/* select_page.c: whether to go on with the account that is signed in (prompt=select_account). */
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "select";

static void show(struct call *call, const struct ticket *ticket)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket->client, ticket->ui_locales);
    view_user(view, call->session);
    view_form(view, "/oauth/select", form_name, flow_form(call, ticket));
    json_put_text(view->model, "flow", ticket->text);
    json_put_text(
        view->model, "switch_url",
        arena_printf(call->arena, "%s&switch=1", flow_path(call, "/login", "oauth_request", ticket->text)));
    view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    view_finish(view, 200);
}

enum outcome get_select(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome found = flow_find_waiting(call, NEXT_SELECT_ACCOUNT, &ticket, &waiting);
    if (waiting)
        show(call, &ticket);
    return found;
}

enum outcome post_select(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome outcome = flow_find_waiting(call, NEXT_SELECT_ACCOUNT, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, form_name, flow_form(call, &ticket));
    if (outcome == OUTCOME_OK)
        outcome = ticket_signed_in(&call->context, &ticket, call->session);
    return outcome == OUTCOME_OK ? flow_go_on(call, &ticket) : outcome;
}
