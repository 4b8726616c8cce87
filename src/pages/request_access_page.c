/* request_access_page.c: a client that demands a permission, and a person who has none yet: they ask for it,
 * wait, or learn that it was refused. */
#include "core/text.h"
#include "app/browser_side.h"
#include "domain/permissions/permission.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "request_access";

static void put_links(struct view *view, const struct client *client)
{
    const char *home = view_web_link(view->call->arena, client->client_uri);
    if (home != NULL)
        view_link(view, home, view_text(view, "go_to_client"));
}

/* How it stands decides what the page offers; what isn't waiting and isn't nothing was refused. */
static void show(struct call *call, const struct ticket *ticket, const struct permission *permission)
{
    bool can_ask = text_equal(permission->status, "none");
    bool is_pending = text_equal(permission->status, "pending");
    const char *message = can_ask      ? "request_access_ask"
                          : is_pending ? "request_access_pending"
                                       : "request_access_refused";
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket->client, ticket->ui_locales);
    view_user(view, call->session);
    view_form(view, "/oauth/request-access", form_name, flow_form(call, ticket));
    json_put_text(view->model, "message", view_text(view, message));
    json_put_text(view->model, "flow", ticket->text);
    json_put_boolean(view->model, "can_ask", can_ask);
    json_put_boolean(view->model, "is_pending", is_pending);
    json_put_text(
        view->model, "switch_url",
        arena_printf(call->arena, "%s&switch=1", flow_path(call, "/login", "oauth_request", ticket->text)));
    put_links(view, ticket->client);
    view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    view_finish(view, 200);
}

enum outcome get_request_access(struct call *call)
{
    struct ticket ticket;
    struct permission permission;
    bool waiting;
    enum outcome outcome = flow_find_waiting(call, NEXT_REQUEST_ACCESS, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = permission_find(&call->context, call->session->user_id, ticket.client, &permission);
    if (outcome != OUTCOME_OK && outcome != OUTCOME_NOT_FOUND)
        return outcome;
    call->context.reason = NULL;
    show(call, &ticket, &permission);
    return OUTCOME_OK;
}

/* Asking and looking end alike: the page is shown anew, or the sign-in goes on when access was granted. */
enum outcome post_request_access(struct call *call)
{
    struct ticket ticket;
    struct permission permission;
    bool waiting, created;
    enum outcome outcome = flow_find_waiting(call, NEXT_REQUEST_ACCESS, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, form_name, flow_form(call, &ticket));
    if (outcome == OUTCOME_OK && !text_equal(call_parameter(call, "step"), "look"))
        outcome =
            permission_request(&call->context, call->session->user_id, ticket.client, &permission, &created);
    if (outcome == OUTCOME_OK)
        flow_redirect(call, flow_path(call, "/oauth/request-access", "request", ticket.text));
    return outcome;
}
