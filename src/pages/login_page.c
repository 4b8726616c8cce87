/*
 * login_page.c: signing in with address and password, for a flow or for itself: both on one page, or the
 * address first and then the password, which looks the same for every address.
 */
#include "core/text.h"
#include "domain/login/canonical.h"
#include "domain/mail/mail.h"
#include "app/browser_side.h"
#include "pages/handlers.h"
#include "pages/passage.h"
#include "pages/provider_buttons.h"
#include "pages/refusal.h"

static const char form_name[] = "login";

static bool asks_address_first(const struct call *call, const struct passage *passage)
{
    if (passage->flow != NULL)
        return passage->ticket.client->service->identifier_first;
    return text_equal(call->context.settings->sign_in_form, "identifier_first");
}

/* Ways on: with the address that is known by now. */
static void add_ways(struct view *view, const struct passage *passage, const char *email)
{
    struct call *call = view->call;
    const struct note *note = email == NULL ? NULL : &(struct note) { .email = email };
    bool knows_them =
        call->session != NULL && !passage->switching; /* they have an account: it is asked for again */
    provider_buttons_put(view, passage);
    if (call->context.settings->registration && !knows_them && passage->pending == NULL)
        json_put_text(view->model, "register_url", passage_path(call, passage, "/register", NULL));
    if (!mail_is_possible(&call->context))
        return;
    json_put_text(view->model, "forgot_url", passage_path(call, passage, "/forgot-password", note));
    json_put_text(view->model, "link_url", passage_path(call, passage, "/login/link", note));
}

/* The second step names the address, with a way to take another one. */
static void name_address(struct view *view, const struct passage *passage, const char *email)
{
    struct passage other = *passage;
    other.switching = passage->again || passage->switching;
    other.again = false;
    other.pending = NULL;
    json_put_text(view->model, "address", view_inert(view->call->arena, email));
    json_put_text(view->model, "change_url", passage_path(view->call, &other, "/login", NULL));
}

/* What the sign-in is for, when a connection waits for it. */
static void name_connection(struct view *view, const struct linking *linking)
{
    view_value(view, "provider", view_inert(view->call->arena, linking->provider_name));
    json_put_text(view->model, "heading", view_text(view, "login_connects_heading"));
    json_put_text(view->model, "connects", view_text(view, "login_connects"));
}

/* The page as it is to be shown; email NULL: not known yet. is_settled: it has been the first step's answer.
 */
static struct view *make_page(struct call *call, const struct passage *passage, const char *email,
                              bool is_settled)
{
    bool first = asks_address_first(call, passage);
    bool names_it = (first || passage->pending != NULL) && is_settled && email != NULL;
    struct view *view = passage_view(call, form_name, "/login", form_name, passage);
    json_put_text(view->model, "heading",
                  view_text(view, passage->flow == NULL ? "login_heading" : "login_heading_client"));
    json_put_text(view->model, "flow", passage->flow == NULL ? "" : passage->flow);
    json_put_boolean(view->model, "asks_address", !names_it);
    json_put_boolean(view->model, "asks_password", !first || names_it);
    if (names_it)
        name_address(view, passage, email);
    if (email != NULL)
        view_field(view, "email", email);
    add_ways(view, passage, names_it ? email : NULL);
    if (passage->pending != NULL)
        name_connection(view, &passage->linking);
    return view;
}

/* The address that the page begins with: typed before, of who has to sign in again, or as the client hints.
 */
static const char *known_address(const struct call *call, const struct passage *passage, bool *is_settled_out)
{
    enum { LONGEST_ADDRESS = 254 };
    const char *hint = passage->flow == NULL ? NULL : passage->ticket.login_hint;
    *is_settled_out = true;
    if (passage->pending != NULL)
        return passage->linking.email;
    if (passage->note.email != NULL)
        return passage->note.email;
    if (call->session != NULL && !passage->switching)
        return call->session->user_email;
    *is_settled_out = false;
    return hint != NULL && strlen(hint) <= LONGEST_ADDRESS ? hint : NULL;
}

enum outcome get_login(struct call *call)
{
    struct passage passage;
    bool is_settled;
    enum outcome outcome = passage_read(call, &passage);
    if (outcome != OUTCOME_OK || !passage_waits(call, &passage, &outcome))
        return outcome;
    const char *email = known_address(call, &passage, &is_settled);
    struct view *view = make_page(call, &passage, email, is_settled);
    if (call->session != NULL && !passage.switching) {
        view_user(view, call->session);
        json_put_boolean(view->model, "again", true);
    }
    if (passage.note.problem != NULL)
        view_error(view, "email", passage.note.problem);
    view_finish(view, 200);
    return OUTCOME_OK;
}

/* The first step: whoever has the address, or nobody, the second one comes. */
static enum outcome take_address(struct call *call, const struct passage *passage, const char *email)
{
    if (email_canonical(call->arena, email) != NULL)
        return passage_redirect(call, passage, "/login", &(struct note) { .email = email });
    struct view *view = make_page(call, passage, email, false);
    view_error(view, "email", email == NULL ? "problem_email_missing" : "problem_email_form");
    view_finish(view, 400);
    return refuse(&call->context, OUTCOME_INVALID_REQUEST, "no address was filled in");
}

/* What was left empty is told without counting a try. */
static enum outcome ask_for_missing(struct call *call, const struct passage *passage, const char *email,
                                    const char *password)
{
    struct view *view = make_page(call, passage, email, true);
    if (email == NULL)
        view_error(view, "email", "problem_email_missing");
    if (password == NULL)
        view_error(view, "password", "problem_password_missing");
    view_finish(view, 400);
    return refuse(&call->context, OUTCOME_INVALID_REQUEST, "address or password was not filled in");
}

static enum outcome check_person(struct call *call, struct passage *passage, const char *email,
                                 const char *password)
{
    struct sign_in_place place = passage_place(call, passage);
    struct signed_in signed_in;
    enum outcome outcome = sign_in_by_password(&call->context, email, password, &place, &signed_in);
    if (outcome == OUTCOME_EMAIL_NOT_VERIFIED)
        return passage_redirect(call, passage, "/confirm",
                                &(struct note) { .email = email, .said = "unverified" });
    if (refusal_belongs_on_form(call, outcome))
        refusal_show(make_page(call, passage, email, true), outcome);
    return outcome == OUTCOME_OK ? passage_enter(call, passage, &signed_in) : outcome;
}

enum outcome post_login(struct call *call)
{
    const char *email = call_parameter(call, "email"), *password = call_parameter(call, "password");
    struct passage passage;
    enum outcome outcome = passage_read_form(call, form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (asks_address_first(call, &passage) && (email == NULL || form_times(&call->form, "password") == 0))
        return take_address(call, &passage, email);
    if (email != NULL && password != NULL)
        return check_person(call, &passage, email, password);
    return ask_for_missing(call, &passage, email, password);
}
