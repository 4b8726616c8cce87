/* landing.c: see landing.h. */
#include "pages/landing.h"

#include "core/text.h"
#include "app/browser_side.h"
#include "pages/notice.h"

const char *landing_link(const struct call *call)
{
    return call_parameter(call, text_equal(call->request->method, "POST") ? "link" : "token");
}

/* The flow that the link belongs to may have been begun in another browser: it's named all the same, as the
 * reader has the mail, but this browser can't go on with it. */
static enum outcome find_flow(struct call *call, const struct challenge *challenge, struct ticket *ticket,
                              bool *elsewhere_out)
{
    const char *flow = json_member_text(challenge->data, "flow");
    *ticket = (struct ticket) { .text = NULL };
    *elsewhere_out = false;
    if (flow == NULL)
        return OUTCOME_OK;
    enum outcome found = ticket_find(&call->context, flow, call->browser, ticket);
    *elsewhere_out = found != OUTCOME_OK && !ticket->ended && ticket->client != NULL;
    return found == OUTCOME_UNAVAILABLE ? found : OUTCOME_OK;
}

static enum outcome make_view(struct call *call, const struct landing *landing,
                              const struct challenge *challenge, struct view **view_out, bool *elsewhere_out)
{
    const char *link = landing_link(call);
    struct ticket ticket;
    bool elsewhere;
    enum outcome found = find_flow(call, challenge, &ticket, &elsewhere);
    if (found != OUTCOME_OK)
        return found;
    browser_side_ensure(call);
    struct view *view = view_start(call, landing->page, ticket.client, ticket.ui_locales);
    view_form(view, landing->path, landing->form, link);
    view_parameter(view, "link", link);
    json_put_text(view->model, "address", view_inert(call->arena, challenge->email));
    view_value(view, "email", json_member_text(view->model, "address"));
    view_form_may_reach(view, json_member_text(challenge->data, "return_to"));
    if (ticket.client != NULL && !elsewhere)
        view_form_may_reach_client(view, ticket.client, ticket.redirect_uri);
    *view_out = view;
    if (elsewhere_out != NULL)
        *elsewhere_out = elsewhere;
    return OUTCOME_OK;
}

enum outcome landing_open(struct call *call, const struct landing *landing, struct challenge *challenge_out,
                          struct view **view_out, bool *elsewhere_out)
{
    const char *link = landing_link(call);
    enum outcome outcome =
        link == NULL ? OUTCOME_FLOW_ENDED : landing->look(&call->context, link, challenge_out);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, landing);
    return outcome == OUTCOME_OK ? make_view(call, landing, challenge_out, view_out, elsewhere_out) : outcome;
}

enum outcome landing_check(struct call *call, const struct landing *landing, const char **link_out)
{
    *link_out = landing_link(call);
    enum outcome checked = browser_side_check(call, landing->form, *link_out == NULL ? "" : *link_out);
    return checked == OUTCOME_OK && *link_out == NULL ? landing_refuse(call, landing) : checked;
}

enum outcome landing_refuse(struct call *call, const struct landing *landing)
{
    struct view *view = view_start(call, "confirm", NULL, NULL);
    notice_tell(view, "bad_link", false);
    if (call->session != NULL)
        view_user(view, call->session);
    if (landing->path_for_new != NULL)
        view_link(view, view_path(call, landing->path_for_new), view_text(view, landing->label_for_new));
    view_link(view, view_path(call, "/"), view_text(view, "go_home"));
    view_finish(view, landing_link(call) == NULL ? 400 : landing->bad_status);
    return refuse(&call->context, OUTCOME_FLOW_ENDED, "the link is not one of ours, was used or is too old");
}
