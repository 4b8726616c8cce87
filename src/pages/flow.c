/* flow.c: see flow.h. */
#include "pages/flow.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "core/uri.h"
#include "app/browser_side.h"
#include "pages/client_answer.h"
#include "pages/view.h"

const char *flow_path(struct call *call, const char *path, const char *parameter, const char *flow)
{
    if (text_empty(flow))
        return view_path(call, path);
    return arena_printf(call->arena, "%s?%s=%s", view_path(call, path), parameter, flow);
}

void flow_redirect(struct call *call, const char *location)
{
    response_redirect(&call->response, text_equal(call->request->method, "POST") ? 303 : 302, location);
}

bool flow_asks_again_by_get(struct call *call, const char *path)
{
    enum { LONGEST_QUERY = 6000 };
    struct strbuf query = strbuf_start(call->arena);
    if (!text_equal(call->request->method, "POST") || call->browser != NULL)
        return false;
    for (size_t i = 0; i < call->form.count; i++)
        strbuf_add_format(&query, "%s%s=%s", i > 0 ? "&" : "?",
                          percent_encode(call->arena, call->form.fields[i].name),
                          percent_encode(call->arena, call->form.fields[i].value));
    if (query.length > LONGEST_QUERY || *call->request->raw_query != '\0')
        return false;
    flow_redirect(call, arena_printf(call->arena, "%s%s", view_path(call, path), query.data));
    return true;
}

/* The sign-in expired, or was finished in another tab, or was begun in another browser. Who is signed
 * in learns it, and where the application is. */
static void show_ended(struct call *call, const struct ticket *ticket)
{
    const struct client *client = ticket->ended ? ticket->client : NULL;
    struct view *view = view_start(call, "ended", client, ticket->ui_locales);
    if (call->session != NULL)
        view_user(view, call->session);
    const char *home = client == NULL ? NULL : view_web_link(call->arena, client->client_uri);
    if (home != NULL)
        view_link(view, home, view_text(view, "go_to_client"));
    view_link(view, view_path(call, "/"), view_text(view, "go_home"));
    view_finish(view, 410);
}

enum outcome flow_find(struct call *call, const char *text, struct ticket *ticket_out)
{
    enum outcome found = ticket_find(&call->context, text, call->browser, ticket_out);
    if (found == OUTCOME_FLOW_ENDED)
        show_ended(call, ticket_out);
    if (found == OUTCOME_OK)
        call->client = ticket_out->client;
    return found;
}

enum outcome flow_next(struct call *call, struct ticket *ticket, enum next_step *next_out,
                       enum outcome *failure_out)
{
    *failure_out = OUTCOME_OK;
    return authorize_next(&call->context, ticket, call->session, next_out, failure_out);
}

static enum outcome issue(struct call *call, struct ticket *ticket)
{
    struct authorize_answer answer;
    enum outcome issued = authorize_issue(&call->context, ticket, call->session, &answer);
    if (issued == OUTCOME_FLOW_ENDED) {
        ticket->ended = true;
        show_ended(call, ticket);
    }
    if (issued != OUTCOME_OK)
        return issued;
    return client_answer(call, ticket->client, &answer);
}

enum outcome flow_refuse(struct call *call, const struct ticket *ticket, enum outcome outcome,
                         const char *description)
{
    struct authorize_answer answer;
    enum outcome failed = authorize_fail(&call->context, ticket, outcome, description, &answer);
    return failed == OUTCOME_OK ? client_answer(call, ticket->client, &answer) : failed;
}

/* The pages that ask a person, and the name under which each takes the handle. */
static const struct {
    const char *path, *parameter;
} asking[] = {
    [NEXT_SIGN_IN] = { "/login", "oauth_request" },
    [NEXT_PIN] = { "/login/pin", "oauth_request" },
    [NEXT_SELECT_ACCOUNT] = { "/oauth/select", "request" },
    [NEXT_REQUEST_ACCESS] = { "/oauth/request-access", "request" },
    [NEXT_CONSENT] = { "/oauth/consent", "request" },
};

static enum outcome keep(struct call *call, struct ticket *ticket)
{
    return ticket->text == NULL ? ticket_save(&call->context, ticket, browser_side_ensure(call)) : OUTCOME_OK;
}

enum outcome flow_take_sign_in(struct call *call, struct ticket *ticket, const char *path)
{
    enum outcome kept = keep(call, ticket);
    if (kept == OUTCOME_OK)
        flow_redirect(call, flow_path(call, path, asking[NEXT_SIGN_IN].parameter, ticket->text));
    return kept;
}

enum outcome flow_take(struct call *call, struct ticket *ticket, enum next_step next, enum outcome failure)
{
    if (next == NEXT_ISSUE)
        return issue(call, ticket);
    if (next == NEXT_FAIL)
        return flow_refuse(call, ticket, failure, "the person would have to be asked");
    enum outcome kept = keep(call, ticket);
    if (kept == OUTCOME_OK)
        flow_redirect(call, flow_path(call, asking[next].path, asking[next].parameter, ticket->text));
    return kept;
}

enum outcome flow_find_waiting(struct call *call, enum next_step step, struct ticket *ticket_out,
                               bool *waiting_out)
{
    enum next_step next;
    enum outcome failure;
    *waiting_out = false;
    enum outcome found = flow_find(call, call_parameter(call, "request"), ticket_out);
    if (found == OUTCOME_OK)
        found = flow_next(call, ticket_out, &next, &failure);
    if (found != OUTCOME_OK)
        return found;
    *waiting_out = next == step;
    return *waiting_out ? OUTCOME_OK : flow_take(call, ticket_out, next, failure);
}

const char *flow_form(struct call *call, const struct ticket *ticket)
{
    const char *sid = hex_encode(call->arena, call->session->sid, sizeof call->session->sid);
    return arena_printf(call->arena, "%s %s", ticket->text, sid);
}

enum outcome flow_go_on(struct call *call, struct ticket *ticket)
{
    enum next_step next;
    enum outcome failure, known = flow_next(call, ticket, &next, &failure);
    return known == OUTCOME_OK ? flow_take(call, ticket, next, failure) : known;
}
