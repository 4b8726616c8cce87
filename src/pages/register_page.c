/* register_page.c: a new account, for a flow or for itself. */
#include "domain/account/registration.h"
#include "domain/mail/mail.h"
#include "app/browser_side.h"
#include "pages/handlers.h"
#include "pages/passage.h"
#include "pages/provider_buttons.h"
#include "pages/refusal.h"

static const char form_name[] = "register";

static struct view *make_page(struct call *call, const struct passage *passage)
{
    struct view *view = passage_view(call, form_name, "/register", form_name, passage);
    json_put_text(view->model, "flow", passage->flow == NULL ? "" : passage->flow);
    json_put_text(view->model, "login_url", passage_path(call, passage, "/login", NULL));
    provider_buttons_put(view, passage);
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
    struct passage passage;
    enum outcome outcome = check_open(call);
    if (outcome == OUTCOME_OK)
        outcome = passage_read(call, &passage);
    if (outcome != OUTCOME_OK || !passage_waits(call, &passage, &outcome))
        return outcome;
    view_finish(make_page(call, &passage), 200);
    return OUTCOME_OK;
}

static const char *problem_of(const struct registration *registration, const struct registered *registered,
                              enum outcome outcome)
{
    static const char *const problems[] = {
        [PERSON_EMAIL] = "problem_email_form", [PERSON_NAME] = "problem_name_form"
    };
    if (outcome == OUTCOME_ALREADY_EXISTS)
        return "problem_email_taken";
    if (registered->field == PERSON_PASSWORD)
        return refusal_of_password(registration->password == NULL ? PASSWORD_FINE
                                                                  : registered->password_problem);
    return problems[registered->field];
}

static void show_again(struct call *call, const struct passage *passage,
                       const struct registration *registration, const struct registered *registered,
                       enum outcome outcome)
{
    static const char *const fields[] = { [PERSON_NO_FIELD] = "email",
                                          [PERSON_EMAIL] = "email",
                                          [PERSON_NAME] = "name",
                                          [PERSON_PASSWORD] = "password" };
    struct view *view = make_page(call, passage);
    view_field(view, "email", registration->email);
    view_field(view, "name", registration->name);
    if (refusal_belongs_on_form(call, outcome)) {
        refusal_show(view, outcome);
        return;
    }
    view_error(view, fields[registered->field], problem_of(registration, registered, outcome));
    view_finish(view, outcome == OUTCOME_ALREADY_EXISTS ? 409 : 400);
}

/* Who came for an application goes on to it; who came by themselves is told of the mail. */
static enum outcome go_on(struct call *call, struct passage *passage, const struct registered *registered)
{
    struct note note = { .email = registered->email,
                         .said = registered->is_linking ? "linking" : "registered" };
    if (registered->is_linking)
        return passage_redirect(call, passage, "/confirm", &note);
    struct signed_in signed_in = { .email = registered->email,
                                   .email_key = registered->email_key,
                                   .method = "pwd" };
    memcpy(signed_in.user_id, registered->user_id, sizeof signed_in.user_id);
    if (passage->flow == NULL && passage->return_to == NULL && mail_is_possible(&call->context))
        passage->return_to = passage_path(call, passage, "/confirm", &note);
    return passage_enter(call, passage, &signed_in);
}

enum outcome post_register(struct call *call)
{
    struct registration registration = { .email = call_parameter(call, "email"),
                                         .name = call_parameter(call, "name"),
                                         .password = call_parameter(call, "password"),
                                         .by_form = true };
    struct registered registered = { .field = PERSON_NO_FIELD };
    struct passage passage;
    enum outcome outcome = check_open(call);
    if (outcome == OUTCOME_OK)
        outcome = passage_read_form(call, form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct sign_in_place place = passage_place(call, &passage);
    outcome = account_register(&call->context, &registration, &place, &registered);
    if (outcome == OUTCOME_OK)
        return go_on(call, &passage, &registered);
    if (registered.field != PERSON_NO_FIELD || outcome == OUTCOME_TOO_MANY_REQUESTS ||
        outcome == OUTCOME_ALREADY_EXISTS)
        show_again(call, &passage, &registration, &registered, outcome);
    return outcome;
}
