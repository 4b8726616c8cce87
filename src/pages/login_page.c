/* login_page.c: signing in with address and password, for a flow or for itself. */
#include "core/log.h"
#include "core/text.h"
#include "domain/login/password_login.h"
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "login";

/* The page as it is to be shown; ticket NULL for a sign-in without a client. */
static struct view *make_page(struct call *call, const struct ticket *ticket)
{
    const char *flow = ticket == NULL ? "" : ticket->text;
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket == NULL ? NULL : ticket->client,
                                   ticket == NULL ? NULL : ticket->ui_locales);
    json_put_text(view->model, "heading",
                  view_text(view, ticket == NULL ? "login_heading" : "login_heading_client"));
    view_form(view, "/login", form_name, flow);
    json_put_text(view->model, "flow", flow);
    if (call->context.settings->registration)
        json_put_text(view->model, "register_url", flow_path(call, "/register", "oauth_request", flow));
    if (ticket != NULL)
        view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    return view;
}

/* The address that the field begins with: of who has to sign in again, or as the client hints. */
static void fill_page(struct view *view, const struct ticket *ticket, bool switching)
{
    const struct session *session = switching ? NULL : view->call->session;
    if (session != NULL) {
        view_user(view, session);
        json_put_boolean(view->model, "again", true);
        view_field(view, "email", session->user_email);
    } else if (ticket != NULL && ticket->login_hint != NULL && strlen(ticket->login_hint) <= 254) {
        view_field(view, "email", ticket->login_hint);
    }
}

enum outcome get_login(struct call *call)
{
    const char *flow = call_parameter(call, "oauth_request");
    bool switching = call_parameter(call, "switch") != NULL;
    struct ticket ticket;
    enum next_step next = call->session == NULL ? NEXT_SIGN_IN : NEXT_ISSUE;
    enum outcome failure, found = flow == NULL ? OUTCOME_OK : flow_find(call, flow, &ticket);
    if (found == OUTCOME_OK && flow != NULL)
        found = flow_next(call, &ticket, &next, &failure);
    if (found != OUTCOME_OK)
        return found;

    /* Somebody has signed in meanwhile, in another tab: this flow goes on with that. */
    if (next != NEXT_SIGN_IN && !switching) {
        if (flow != NULL)
            return flow_take(call, &ticket, next, failure);
        flow_redirect(call, view_path(call, "/"));
        return OUTCOME_OK;
    }
    struct view *view = make_page(call, flow == NULL ? NULL : &ticket);
    fill_page(view, flow == NULL ? NULL : &ticket, switching);
    view_finish(view, 200);
    return OUTCOME_OK;
}

/* What the person typed, but for the password, with what is to be corrected. */
static void show_again(struct call *call, const struct ticket *ticket, const struct password_login *login,
                       enum outcome outcome)
{
    struct view *view = make_page(call, ticket);
    view_field(view, "email", login->email);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS) {
        int64_t minutes = (call->context.retry_after_s + 59) / 60;
        view_value(view, "minutes", arena_printf(call->arena, "%lld", (long long)minutes));
        response_header(&call->response, "Retry-After",
                        arena_printf(call->arena, "%lld", (long long)call->context.retry_after_s));
        view_error(view, NULL, "problem_too_many_tries");
    } else if (outcome == OUTCOME_WRONG_PASSWORD) {
        view_error(view, "email", "problem_wrong_password");
    } else if (outcome == OUTCOME_LOGIN_REQUIRED) {
        view_error(view, "email", "problem_other_account");
    } else {
        if (login->email == NULL)
            view_error(view, "email", "problem_email_missing");
        if (login->password == NULL)
            view_error(view, "password", "problem_password_missing");
    }
    view_finish(view, outcome == OUTCOME_TOO_MANY_REQUESTS ? 429 : 400);
}

/* Missing fields are told without counting a try; all else is password_login()'s word. */
static enum outcome check_person(struct call *call, const struct password_login *login,
                                 unsigned char user_id_out[16])
{
    if (login->email == NULL || login->password == NULL)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "address or password was not filled in");
    return password_login(&call->context, login, user_id_out);
}

/* Goes on with the flow. Whoever isn't the person that the client named is asked again. */
static enum outcome after_sign_in(struct call *call, struct ticket *ticket,
                                  const struct password_login *login)
{
    enum next_step next;
    enum outcome failure, noted = ticket_signed_in(&call->context, ticket, call->session);
    if (noted == OUTCOME_OK)
        noted = flow_next(call, ticket, &next, &failure);
    if (noted != OUTCOME_OK)
        return noted;
    if (next != NEXT_SIGN_IN)
        return flow_take(call, ticket, next, failure);
    show_again(call, ticket, login, OUTCOME_LOGIN_REQUIRED);
    return OUTCOME_OK;
}

enum outcome post_login(struct call *call)
{
    const char *flow = call_parameter(call, "oauth_request");
    struct password_login login = { call_parameter(call, "email"), call_parameter(call, "password") };
    struct ticket ticket;
    enum outcome outcome = browser_side_check(call, form_name, flow == NULL ? "" : flow);
    if (outcome == OUTCOME_OK && flow != NULL)
        outcome = flow_find(call, flow, &ticket);
    if (outcome != OUTCOME_OK)
        return outcome;

    struct signed_in signed_in = { .method = "pwd" };
    outcome = check_person(call, &login, signed_in.user_id);
    if (outcome == OUTCOME_WRONG_PASSWORD || outcome == OUTCOME_TOO_MANY_REQUESTS)
        log_warn("sign-in failed from %s", call->context.address); /* fixed words: fail2ban reads them */
    if (outcome == OUTCOME_WRONG_PASSWORD || outcome == OUTCOME_TOO_MANY_REQUESTS ||
        outcome == OUTCOME_INVALID_REQUEST)
        show_again(call, flow == NULL ? NULL : &ticket, &login, outcome);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_sign_in(call, &signed_in);
    if (outcome != OUTCOME_OK)
        return outcome;

    if (flow != NULL)
        return after_sign_in(call, &ticket, &login);
    flow_redirect(call, view_path(call, "/"));
    return OUTCOME_OK;
}
