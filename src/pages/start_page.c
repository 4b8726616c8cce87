/* start_page.c: the page at the root: what this is, who is signed in, and how to sign in or out. */
#include "app/browser_side.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/provider_error.h"

/* A sign-in at a provider that came to nothing: why, and the way back to where it began. */
static void show_error(struct view *view)
{
    struct call *call = view->call;
    const char *flow = page_flow_handle(call);
    if (!provider_error_show(view))
        return;
    if (flow != NULL || call->session == NULL)
        view_link(view, flow_path(call, "/login", "oauth_request", flow), view_text(view, "back_to_sign_in"));
}

enum outcome get_start(struct call *call)
{
    struct view *view = view_start(call, "start", NULL, NULL);
    if (call->session != NULL) {
        browser_side_ensure(call);
        view_user(view, call->session);
        view_form(view, "/logout", "logout", "");
        json_put_text(view->model, "account_url", view_path(call, "/account"));
        json_put_text(view->model, "heading", view_text(view, "start_heading_signed_in"));
    } else {
        json_put_text(view->model, "login_url", view_path(call, "/login"));
        if (call->context.settings->registration)
            json_put_text(view->model, "register_url", view_path(call, "/register"));
    }
    show_error(view);
    view_finish(view, 200);
    return OUTCOME_OK;
}
