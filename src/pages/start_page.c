/* start_page.c: the page at the root: what this is, who is signed in, and how to sign in or out. */
#include "app/browser_side.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/provider_error.h"

enum outcome get_start(struct call *call)
{
    struct view *view = view_start(call, "start", NULL, NULL);
    /* a sign-in at a provider that came to nothing leads back to where it began */
    const char *flow = provider_error_show(view) ? page_flow_handle(call) : NULL;
    if (call->session != NULL) {
        browser_side_ensure(call);
        view_user(view, call->session);
        view_form(view, "/logout", "logout", "");
        json_put_text(view->model, "account_url", view_path(call, "/account"));
        json_put_text(view->model, "heading", view_text(view, "start_heading_signed_in"));
    } else {
        json_put_text(view->model, "login_url", flow_path(call, "/login", "oauth_request", flow));
        if (call->context.settings->registration)
            json_put_text(view->model, "register_url", flow_path(call, "/register", "oauth_request", flow));
    }
    if (call->session != NULL && flow != NULL)
        view_link(view, flow_path(call, "/login", "oauth_request", flow), view_text(view, "back_to_sign_in"));
    view_finish(view, 200);
    return OUTCOME_OK;
}
