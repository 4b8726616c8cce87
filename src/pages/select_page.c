/* select_page.c: whether to go on with the account that is signed in (prompt=select_account). */
#include "core/encode.h"
#include "pages/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "select";

static void show(struct call *call, const struct ticket *ticket)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket->client, ticket->ui_locales);
    view_user(view, call->session);
    view_form(view, "/oauth/select", form_name, ticket->text);
    json_put_text(view->model, "flow", ticket->text);
    json_put_text(
        view->model, "switch_url",
        arena_printf(call->arena, "%s&switch=1", flow_path(call, "/login", "oauth_request", ticket->text)));
    view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    view_finish(view, 200);
}

/* The flow, when the choice of an account is what it waits for; see consent_page.c. */
static enum outcome find_waiting(struct call *call, struct ticket *ticket_out, bool *waiting_out)
{
    enum next_step next;
    enum outcome failure;
    *waiting_out = false;
    enum outcome found = flow_find(call, call_parameter(call, "request"), ticket_out);
    if (found == OUTCOME_OK)
        found = flow_next(call, ticket_out, &next, &failure);
    if (found != OUTCOME_OK)
        return found;
    *waiting_out = next == NEXT_SELECT_ACCOUNT;
    return *waiting_out ? OUTCOME_OK : flow_take(call, ticket_out, next, failure);
}

enum outcome get_select(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome found = find_waiting(call, &ticket, &waiting);
    if (waiting)
        show(call, &ticket);
    return found;
}

enum outcome post_select(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome outcome = find_waiting(call, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, form_name, ticket.text);
    if (outcome == OUTCOME_OK)
        outcome = ticket_signed_in(&call->context, &ticket, call->session);
    return outcome == OUTCOME_OK ? flow_go_on(call, &ticket) : outcome;
}
