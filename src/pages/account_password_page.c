/* account_password_page.c: a new password behind the current one; or, for an account without one, by mail. */
#include "core/text.h"
#include "domain/account/account.h"
#include "domain/account/recovery.h"
#include "domain/mail/mail.h"
#include "app/browser_side.h"
#include "pages/account_page.h"
#include "pages/refusal.h"

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    struct account account;
    enum outcome found = account_find(&call->context, call->session->user_id, &account);
    if (found != OUTCOME_OK)
        return found;
    json_put_boolean(view->model, "has_password", account.user.password_hash != NULL);
    json_put_boolean(view->model, "can_mail", mail_is_possible(&call->context));
    return OUTCOME_OK;
}

/* Every other session has ended; this one gets a new id (security 105). */
static enum outcome go_on_signed_in(struct call *call)
{
    struct signed_in signed_in = { .email = call->session->user_email, .method = "pwd" };
    memcpy(signed_in.user_id, call->session->user_id, sizeof signed_in.user_id);
    return browser_side_sign_in(call, &signed_in);
}

static enum outcome change(struct view *view, const char *current, const char *password,
                           const char **done_out)
{
    struct call *call = view->call;
    enum password_problem problem = PASSWORD_FINE;
    enum outcome changed =
        account_change_password(&call->context, call->session, current, password, &problem);
    if (changed == OUTCOME_WRONG_PASSWORD) {
        view_error(view, "current", "problem_current_wrong");
        return OUTCOME_OK;
    }
    if (changed == OUTCOME_INVALID_REQUEST) {
        view_error(view, "password", refusal_of_password(problem));
        return OUTCOME_OK;
    }
    if (changed == OUTCOME_OK)
        *done_out = "password";
    return changed == OUTCOME_OK ? go_on_signed_in(call) : changed;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *current = call_parameter(call, "current"), *password = call_parameter(call, "password");
    if (text_equal(call_parameter(call, "way"), "mail")) {
        struct sign_in_place place = browser_side_place(call);
        *done_out = "password_mail";
        return recovery_request(&call->context, call->session->user_email, &place);
    }
    if (text_empty(current))
        view_error(view, "current", "problem_current_missing");
    if (text_empty(password))
        view_error(view, "password", refusal_of_password(PASSWORD_FINE));
    return json_count(view->errors) > 0 ? OUTCOME_OK : change(view, current, password, done_out);
}

const struct account_page account_password_page = {
    .path = "/account/password",
    .name = "account_password",
    .label = "account_password_label",
    .fill = fill,
    .act = act,
};
