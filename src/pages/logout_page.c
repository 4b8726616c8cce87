/* logout_page.c: signing out, asked for by the person or by a client (RP-Initiated Logout 1.0). */
#include "core/text.h"
#include "domain/oidc/logout.h"
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/note.h"
#include "pages/view.h"

static const char form_name[] = "logout";

static const char *const known[] = { "id_token_hint", "client_id", "post_logout_redirect_uri", "state",
                                     "ui_locales" };

static struct logout_parameters read_parameters(const struct call *call)
{
    struct logout_parameters parameters = {
        .id_token_hint = call_parameter(call, "id_token_hint"),
        .client_id = call_parameter(call, "client_id"),
        .post_logout_redirect_uri = call_parameter(call, "post_logout_redirect_uri"),
        .state = call_parameter(call, "state"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        size_t times = form_times(&call->request->query, known[i]) + form_times(&call->form, known[i]);
        if (times > 1)
            parameters.repeated = known[i];
    }
    return parameters;
}

static void ask(struct call *call, const struct logout_decision *decision)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, decision->client, call_parameter(call, "ui_locales"));
    view_user(view, call->session);
    view_form(view, "/logout", form_name, "");
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        view_parameter(view, known[i], call_parameter(call, known[i]));
    if (decision->client != NULL && decision->redirect_uri != NULL)
        view_form_may_reach_client(view, decision->client, decision->redirect_uri);
    view_finish(view, 200);
}

/* Only our own form carries a token: without one a POST asks, as a GET does. */
static bool is_confirmed(struct call *call)
{
    return text_equal(call->request->method, "POST") && form_times(&call->form, "token") > 0;
}

enum outcome any_logout(struct call *call)
{
    struct logout_parameters parameters = read_parameters(call);
    struct logout_decision decision;
    enum outcome outcome = logout_request(&call->context, &parameters, call->session, &decision);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* Nobody may be told "signed out" by a request that the session's cookie didn't come with. */
    if (call->session == NULL && flow_asks_again_by_get(call, "/api/oauth/logout"))
        return OUTCOME_OK;
    if (decision.confirm && call->session != NULL) {
        if (!is_confirmed(call)) {
            ask(call, &decision);
            return OUTCOME_OK;
        }
        outcome = browser_side_check(call, form_name, "");
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    outcome = browser_side_sign_out(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    flow_redirect(call,
                  decision.redirect_uri == NULL ? view_path(call, "/signed-out") : decision.redirect_uri);
    return OUTCOME_OK;
}

enum outcome get_signed_out(struct call *call)
{
    /* Signed in again meanwhile: the start page says so. */
    if (call->session != NULL) {
        flow_redirect(call, view_path(call, "/"));
        return OUTCOME_OK;
    }
    bool deleted = text_equal(note_read(call).said, "deleted");
    struct view *view = view_start(call, "signed_out", NULL, NULL);
    json_put_text(view->model, "heading",
                  view_text(view, deleted ? "deleted_heading" : "signed_out_heading"));
    json_put_text(view->model, "message",
                  view_text(view, deleted ? "deleted_message" : "signed_out_message"));
    if (deleted)
        view_link(view, view_path(call, "/"), view_text(view, "go_home"));
    else
        view_link(view, view_path(call, "/login"), view_text(view, "sign_in_again"));
    view_finish(view, 200);
    return OUTCOME_OK;
}
