/* account_email_page.c: another address, which both the old and the new one have to confirm. */
#include "core/text.h"
#include "domain/account/address.h"
#include "domain/login/canonical.h"
#include "domain/mail/mail.h"
#include "pages/account_page.h"

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    const char *waiting;
    enum outcome found = address_waiting_change(&call->context, call->session->user_id, &waiting);
    if (found != OUTCOME_OK)
        return found;
    json_put_text(view->model, "waiting_email", view_inert(call->arena, waiting));
    json_put_boolean(view->model, "can_mail", mail_is_possible(&call->context));
    return OUTCOME_OK;
}

static const char *problem_of(struct call *call, const char *email)
{
    const char *wanted = email_canonical(call->arena, email);
    const char *present = email_canonical(call->arena, call->session->user_email);
    return wanted != NULL && text_equal(wanted, present) ? "problem_email_same" : "problem_email_form";
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *email = call_parameter(call, "email");
    if (text_equal(call_parameter(call, "step"), "give_up")) {
        *done_out = "email_given_up";
        return address_give_up_change(&call->context, call->session);
    }
    view_field(view, "email", email);
    if (text_empty(email)) {
        view_error(view, "email", "problem_email_missing");
        return OUTCOME_OK;
    }
    enum outcome begun = address_begin_change(&call->context, call->session, email);
    if (begun == OUTCOME_OK)
        *done_out = "email_begun";
    if (begun != OUTCOME_INVALID_REQUEST)
        return begun;
    view_error(view, "email", problem_of(call, email));
    return OUTCOME_OK;
}

const struct account_page account_email_page = {
    .path = "/account/email",
    .name = "account_email",
    .label = "account_email_label",
    .recent = true,
    .fill = fill,
    .act = act,
};
