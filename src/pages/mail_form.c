/* mail_form.c: see mail_form.h. */
#include "pages/mail_form.h"

#include "domain/mail/mail.h"
#include "pages/refusal.h"

static enum outcome check_mail(struct call *call)
{
    if (mail_is_possible(&call->context))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_NOT_FOUND, "no mail is configured here");
}

enum outcome mail_form_read(struct call *call, struct passage *passage_out)
{
    enum outcome possible = check_mail(call);
    return possible == OUTCOME_OK ? passage_read(call, passage_out) : possible;
}

const char *mail_form_address(const struct call *call, const struct passage *passage)
{
    if (passage->note.email != NULL)
        return passage->note.email;
    return call->session == NULL || passage->switching ? NULL : call->session->user_email;
}

/* A refusal that belongs on the form is shown there; of all else nothing is shown here. */
static enum outcome show_again(struct view *view, const char *email, enum outcome outcome)
{
    if (refusal_belongs_on_form(view->call, outcome)) {
        refusal_show(view, outcome);
    } else if (outcome == OUTCOME_INVALID_REQUEST) {
        view_error(view, "email", email == NULL ? "problem_email_missing" : "problem_email_form");
        view_finish(view, 400);
    }
    return outcome;
}

enum outcome mail_form_post(struct call *call, const struct mail_form *form)
{
    const char *email = call_parameter(call, "email");
    struct passage passage;
    enum outcome outcome = check_mail(call);
    if (outcome == OUTCOME_OK)
        outcome = passage_read_form(call, form->name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct sign_in_place place = passage_place(call, &passage);
    outcome = email == NULL ? refuse(&call->context, OUTCOME_INVALID_REQUEST, "no address was filled in")
                            : form->ask(&call->context, email, &place);
    if (outcome != OUTCOME_OK)
        return show_again(form->make_page(call, &passage, email), email, outcome);
    return passage_redirect(call, &passage, form->sent_path,
                            &(struct note) { .email = email, .said = "sent" });
}
