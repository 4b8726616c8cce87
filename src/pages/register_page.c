/* register_page.c: a new account, for a flow or for itself. */
#include "core/text.h"
#include "domain/login/password_login.h"
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/view.h"

static const char form_name[] = "register";

static struct view *make_page(struct call *call, const struct ticket *ticket)
{
    const char *flow = ticket == NULL ? "" : ticket->text;
    browser_side_ensure(call);
    struct view *view = view_start(call, form_name, ticket == NULL ? NULL : ticket->client,
                                   ticket == NULL ? NULL : ticket->ui_locales);
    view_form(view, "/register", form_name, flow);
    json_put_text(view->model, "flow", flow);
    json_put_text(view->model, "login_url", flow_path(call, "/login", "oauth_request", flow));
    if (ticket != NULL)
        view_form_may_reach_client(view, ticket->client, ticket->redirect_uri);
    return view;
}

/* The page may be closed by a setting: then nothing of it works, whatever is sent (T-110). */
static enum outcome check_open(struct call *call)
{
    if (call->context.settings->registration)
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_FORBIDDEN, "registration is closed");
}

enum outcome get_register(struct call *call)
{
    const char *flow = call_parameter(call, "oauth_request");
    struct ticket ticket;
    enum outcome found = check_open(call);
    if (found == OUTCOME_OK && flow != NULL)
        found = flow_find(call, flow, &ticket);
    if (found != OUTCOME_OK)
        return found;
    view_finish(make_page(call, flow == NULL ? NULL : &ticket), 200);
    return OUTCOME_OK;
}

static const struct {
    const char *name, *problem;
} fields[] = {
    [PERSON_EMAIL] = { "email", "problem_email_form" },
    [PERSON_NAME] = { "name", "problem_name_form" },
    [PERSON_PASSWORD] = { "password", "problem_password_form" },
};

static void show_again(struct call *call, const struct ticket *ticket,
                       const struct registration *registration, enum outcome outcome, enum person_field field)
{
    struct view *view = make_page(call, ticket);
    int64_t retry_s = call->context.retry_after_s;
    view_field(view, "email", registration->email);
    view_field(view, "name", registration->name);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS) {
        view_value(view, "minutes", arena_printf(call->arena, "%lld", (long long)(retry_s + 59) / 60));
        response_header(&call->response, "Retry-After",
                        arena_printf(call->arena, "%lld", (long long)retry_s));
        view_error(view, NULL, "problem_too_many_tries");
    } else {
        bool taken = outcome == OUTCOME_ALREADY_EXISTS;
        view_error(view, fields[field].name, taken ? "problem_email_taken" : fields[field].problem);
    }
    view_finish(view, outcome == OUTCOME_TOO_MANY_REQUESTS ? 429
                      : outcome == OUTCOME_ALREADY_EXISTS  ? 409
                                                           : 400);
}

/* Registers and signs in; a refusal of what was typed is shown on the form. */
static enum outcome register_and_sign_in(struct call *call, const struct ticket *ticket,
                                         const struct registration *registration)
{
    struct signed_in signed_in = { .method = "pwd" };
    enum person_field field;
    enum outcome registered = register_person(&call->context, registration, signed_in.user_id, &field);
    if (field != PERSON_NO_FIELD || registered == OUTCOME_TOO_MANY_REQUESTS)
        show_again(call, ticket, registration, registered, field);
    return registered == OUTCOME_OK ? browser_side_sign_in(call, &signed_in) : registered;
}

enum outcome post_register(struct call *call)
{
    const char *flow = call_parameter(call, "oauth_request");
    struct registration registration = { .email = call_parameter(call, "email"),
                                         .name = call_parameter(call, "name"),
                                         .password = call_parameter(call, "password") };
    struct ticket ticket;
    enum outcome outcome = check_open(call);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_check(call, form_name, flow == NULL ? "" : flow);
    if (outcome == OUTCOME_OK && flow != NULL)
        outcome = flow_find(call, flow, &ticket);
    if (outcome == OUTCOME_OK)
        outcome = register_and_sign_in(call, flow == NULL ? NULL : &ticket, &registration);
    if (outcome != OUTCOME_OK)
        return outcome;

    if (flow == NULL) {
        flow_redirect(call, view_path(call, "/"));
        return OUTCOME_OK;
    }
    enum outcome noted = ticket_signed_in(&call->context, &ticket, call->session);
    return noted == OUTCOME_OK ? flow_go_on(call, &ticket) : noted;
}
