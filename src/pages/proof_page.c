/*
 * proof_page.c: an account at a provider waits for the proof of an account here (providers/linking.h). Who
 * has just proven that one, in this browser, connects the two by a button; anybody else signs in to it first,
 * on the page for that, which connects them as well.
 */
#include "domain/account/account.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/notice.h"
#include "pages/passage.h"

static const char form_name[] = "connect_account";

/* Whether the person of this session is who it waits for, and has proven it not long ago. */
static bool is_proven(struct call *call, const struct passage *passage)
{
    if (call->session == NULL || memcmp(call->session->user_id, passage->linking.user_id, 16) != 0)
        return false;
    bool recent = account_needs_recent(&call->context, call->session) == OUTCOME_OK;
    call->context.reason = NULL;
    return recent;
}

/* The sign-in page of the same passage; with the reason, where nothing waits any more. */
static enum outcome ask_for_proof(struct call *call, const struct passage *passage)
{
    const struct note note = { .problem = passage->note.problem };
    return passage_redirect(call, passage, "/login", note.problem == NULL ? NULL : &note);
}

enum outcome get_proof(struct call *call)
{
    struct passage passage;
    enum outcome outcome = passage_read(call, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (passage.pending == NULL || !is_proven(call, &passage))
        return ask_for_proof(call, &passage);
    struct view *view = passage_view(call, "confirm", "/login/connect", form_name, &passage);
    struct passage without = passage;
    without.pending = NULL;
    without.again = without.switching = false;
    view_value(view, "provider", view_inert(call->arena, passage.linking.provider_name));
    notice_tell(view, "connect_account", true);
    json_put_text(view->model, "address", view_inert(call->arena, passage.linking.email));
    view_link(view, passage_path(call, &without, "/login", NULL), view_text(view, "connect_account_not"));
    view_finish(view, 200);
    return OUTCOME_OK;
}

enum outcome post_proof(struct call *call)
{
    struct passage passage;
    enum outcome outcome = passage_read_form(call, form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (passage.pending == NULL || !is_proven(call, &passage))
        return ask_for_proof(call, &passage);
    return passage_go_on(call, &passage);
}
