/* consent_page.c: what an application asks for, and the person's answer. */
#include "core/encode.h"
#include "core/text.h"
#include "core/uri.h"
#include "pages/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "consent";

/* The form belongs to this flow and this session: another person's form doesn't count (security.md 41). */
static const char *form_flow(struct call *call, const struct ticket *ticket)
{
    const char *sid = hex_encode(call->arena, call->session->sid, sizeof call->session->sid);
    return arena_printf(call->arena, "%s %s", ticket->text, sid);
}

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
    view_form(view, "/oauth/consent", form_name, form_flow(call, ticket));
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

/* The flow, when consent is what it waits for. Otherwise it goes on with what it does wait for, and
 * *ticket_out isn't to be used: then the answer has been given. */
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
    *waiting_out = next == NEXT_CONSENT;
    return *waiting_out ? OUTCOME_OK : flow_take(call, ticket_out, next, failure);
}

enum outcome get_consent(struct call *call)
{
    struct ticket ticket;
    bool waiting;
    enum outcome found = find_waiting(call, &ticket, &waiting);
    if (waiting)
        show(call, &ticket);
    return found;
}

enum outcome post_consent(struct call *call)
{
    const char *decision = call_parameter(call, "decision");
    struct ticket ticket;
    bool waiting;
    enum outcome outcome = find_waiting(call, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, form_name, form_flow(call, &ticket));
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
