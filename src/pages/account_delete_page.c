/* account_delete_page.c: the end of an account: what goes with it, and one button. */
#include "domain/account/account.h"
#include "app/browser_side.h"
#include "pages/account_page.h"
#include "pages/flow.h"
#include "pages/note.h"

static enum outcome fill(struct view *view)
{
    json_put_text(view->model, "back_url", view_path(view->call, account_profile_page.path));
    return OUTCOME_OK;
}

static enum outcome act(struct view *view, const char **done_out)
{
    struct call *call = view->call;
    (void)done_out;
    enum outcome deleted = account_delete(&call->context, call->session);
    if (deleted == OUTCOME_OK)
        deleted = browser_side_sign_out(call);
    if (deleted == OUTCOME_OK)
        flow_redirect(call, flow_path(call, "/signed-out", NOTE_PARAMETER,
                                      note_seal(call, &(struct note) { .said = "deleted" })));
    return deleted;
}

const struct account_page account_delete_page = {
    .path = "/account/delete",
    .name = "account_delete",
    .label = "account_delete_label",
    .recent = true,
    .fill = fill,
    .act = act,
};
