/* recovery_page.c: a forgotten password: asking for the mail, and setting a new one behind its link. */
#include "domain/account/recovery.h"
#include "pages/handlers.h"
#include "pages/landing.h"
#include "pages/mail_form.h"
#include "pages/refusal.h"

static const char form_name[] = "forgot";

/* --- asking --- */

static struct view *make_page(struct call *call, const struct passage *passage, const char *email)
{
    bool is_sent = passage->note.said != NULL;
    const struct note *note = email == NULL ? NULL : &(struct note) { .email = email };
    struct view *view = passage_view(call, "forgot_password", "/forgot-password", form_name, passage);
    json_put_boolean(view->model, "sent", is_sent);
    json_put_text(view->model, "login_url", passage_path(call, passage, "/login", note));
    if (is_sent) {
        json_put_text(view->model, "heading", view_text(view, "forgot_password_heading_sent"));
        json_put_text(view->model, "address", view_inert(call->arena, email));
        json_put_text(view->model, "again_url", passage_path(call, passage, "/forgot-password", note));
    } else if (email != NULL) {
        view_field(view, "email", email);
    }
    int64_t minutes = challenge_lasts_s(CHALLENGE_RESET_PASSWORD) / 60;
    view_value(view, "minutes", arena_printf(call->arena, "%lld", (long long)minutes));
    return view;
}

enum outcome get_forgot_password(struct call *call)
{
    struct passage passage;
    enum outcome outcome = mail_form_read(call, &passage);
    if (outcome == OUTCOME_OK)
        view_finish(make_page(call, &passage, mail_form_address(call, &passage)), 200);
    return outcome;
}

enum outcome post_forgot_password(struct call *call)
{
    static const struct mail_form form = { form_name, "/forgot-password", recovery_request, make_page };
    return mail_form_post(call, &form);
}

/* --- the new password --- */

static const struct landing landing = {
    .page = "reset_password",
    .path = "/reset-password",
    .form = "reset",
    .path_for_new = "/forgot-password",
    .label_for_new = "ask_for_new_link",
    .bad_status = 410,
    .look = recovery_look,
};

/* The page of a good link; problem NULL: nothing is to be corrected yet. */
static enum outcome show_reset(struct call *call, const char *problem)
{
    struct challenge challenge;
    struct view *view;
    enum outcome outcome = landing_open(call, &landing, &challenge, &view, NULL);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (problem != NULL)
        view_error(view, "password", problem);
    view_finish(view, problem == NULL ? 200 : 400);
    return OUTCOME_OK;
}

enum outcome get_reset_password(struct call *call)
{
    return show_reset(call, NULL);
}

enum outcome post_reset_password(struct call *call)
{
    const char *link, *password = call_parameter(call, "password");
    struct passage passage = { .flow = NULL };
    struct signed_in signed_in;
    enum password_problem problem = PASSWORD_FINE;
    enum outcome outcome = landing_check(call, &landing, &link);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (password == NULL)
        return show_reset(call, "problem_new_password_missing");
    outcome = recovery_reset(&call->context, link, password, &signed_in, &problem);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return show_reset(call, refusal_of_password(problem));
    if (outcome == OUTCOME_OK)
        outcome = passage_adopt(call, &passage, signed_in.flow, signed_in.return_to);
    return outcome == OUTCOME_OK ? passage_enter(call, &passage, &signed_in) : outcome;
}
