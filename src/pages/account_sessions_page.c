/* account_sessions_page.c: where the account is signed in, and ending that. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "app/browser_side.h"
#include "pages/account_page.h"
#include "pages/agent_text.h"
#include "pages/dates.h"
#include "pages/flow.h"

static const char *describe_agent(struct view *view, const char *user_agent)
{
    const struct agent agent = agent_read(user_agent);
    const char *words = agent_text(view->call->arena, view->texts, &agent);
    return words == NULL ? view_text(view, "agent_unknown") : words;
}

static struct json *describe(struct view *view, const struct account_session *session)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_object(arena);
    json_put_text(shown, "id", session->sid);
    json_put_boolean(shown, "current", session->is_current);
    json_put_text(shown, "agent", describe_agent(view, session->user_agent));
    json_put_text(shown, "address", view_inert(arena, session->address));
    view_value(view, "date", date_day(view, session->created_at));
    json_put_text(shown, "since", view_text(view, "session_since"));
    view_value(view, "ago", date_ago(view, session->seen_at, view->call->context.now));
    json_put_text(shown, "used", view_text(view, "session_used"));
    return shown;
}

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    struct account_session *sessions;
    size_t count;
    enum outcome found = account_sessions(&call->context, call->session, &sessions, &count);
    struct json *shown = json_new_array(call->arena);
    for (size_t i = 0; found == OUTCOME_OK && i < count; i++)
        json_append(shown, describe(view, &sessions[i]));
    json_put(view->model, "sessions", shown);
    json_put_boolean(view->model, "has_others", json_count(shown) > 1);
    return found;
}

static enum outcome end_this_one(struct call *call)
{
    enum outcome ended = browser_side_sign_out(call);
    if (ended == OUTCOME_OK)
        flow_redirect(call, view_path(call, "/signed-out"));
    return ended;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const struct session *session = call->session;
    const char *sid = call_parameter(call, "session");
    if (text_equal(call_parameter(call, "others"), "end")) {
        *done_out = "sessions";
        return account_end_sessions(&call->context, session->user_id, session);
    }
    if (sid == NULL)
        return OUTCOME_OK;
    if (text_equal(sid, uuid_encode(call->arena, session->sid)))
        return end_this_one(call);
    *done_out = "session";
    return account_end_session(&call->context, session->user_id, sid);
}

const struct account_page account_sessions_page = {
    .path = "/account/sessions",
    .name = "account_sessions",
    .label = "account_sessions_label",
    .fill = fill,
    .act = act,
};
