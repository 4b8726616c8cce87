/* unlock_page.c: unlocking an account that was locked after too many guesses, by the link of a mail. */
#include "domain/account/recovery.h"
#include "pages/handlers.h"
#include "pages/landing.h"
#include "pages/notice.h"

static enum outcome look(struct context *context, const char *token, struct challenge *challenge_out)
{
    return challenge_look(context, CHALLENGE_UNLOCK, token, challenge_out);
}

static const struct landing landing = {
    .page = "confirm",
    .path = "/unlock",
    .form = "unlock",
    .path_for_new = "/login",
    .label_for_new = "sign_in",
    .bad_status = 410,
    .look = look,
};

static enum outcome tell_done(struct call *call)
{
    struct view *view = view_start(call, "confirm", NULL, NULL);
    notice_tell(view, "unlocked", false);
    view_link(view, view_path(call, "/login"), view_text(view, "sign_in"));
    view_finish(view, 200);
    return OUTCOME_OK;
}

enum outcome get_unlock(struct call *call)
{
    struct challenge challenge;
    struct view *view;
    if (landing_link(call) == NULL && note_read(call).said != NULL)
        return tell_done(call);
    enum outcome outcome = landing_open(call, &landing, &challenge, &view, NULL);
    if (outcome != OUTCOME_OK)
        return outcome;
    notice_tell(view, "unlock", true);
    view_finish(view, 200);
    return OUTCOME_OK;
}

enum outcome post_unlock(struct call *call)
{
    const char *link;
    struct passage passage = { .flow = NULL };
    enum outcome outcome = landing_check(call, &landing, &link);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = recovery_unlock(&call->context, link);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome != OUTCOME_OK)
        return outcome;
    return passage_redirect(call, &passage, "/unlock", &(struct note) { .said = "unlocked" });
}
