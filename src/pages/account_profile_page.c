/* account_profile_page.c: /account: what the account is called, its address, and what waits to be confirmed.
 */
#include "domain/account/account.h"
#include "domain/account/address.h"
#include "domain/mail/mail.h"
#include "pages/account_page.h"

static enum outcome fill(struct view *view)
{
    struct call *call = view->call;
    const struct session *session = call->session;
    const char *waiting;
    enum outcome found = address_waiting_change(&call->context, session->user_id, &waiting);
    if (found != OUTCOME_OK)
        return found;
    json_put_text(view->model, "waiting_email", view_inert(call->arena, waiting));
    json_put_text(view->model, "email_url", view_path(call, account_email_page.path));
    json_put_boolean(view->model, "verified", session->user_email_verified);
    if (!session->user_email_verified && mail_is_possible(&call->context)) {
        view_more_form(view, "send_again", "/confirm/send", "confirm_send", "");
        view_parameter(view, "return_to", view_path(call, account_profile_page.path));
    }
    if (json_member(view->fields, "name") == NULL)
        view_field(view, "name", session->user_name);
    return OUTCOME_OK;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    const char *name = call_parameter(call, "name");
    enum outcome changed = account_change_name(&call->context, call->session->user_id, name);
    if (changed == OUTCOME_OK)
        *done_out = "name";
    if (changed != OUTCOME_INVALID_REQUEST)
        return changed;
    view_field(view, "name", name);
    view_error(view, "name", "problem_name_form");
    return OUTCOME_OK;
}

const struct account_page account_profile_page = {
    .path = "/account",
    .form_path = "/account/profile",
    .name = "account_profile",
    .label = "account_profile_label",
    .fill = fill,
    .act = act,
};
