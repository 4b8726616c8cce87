/* unlock_page.c: unlocking an account that was locked after too many guesses, by the link of a mail. */
#include "domain/account/recovery.h"
#include "pages/handlers.h"
#include "pages/landing.h"
#include "pages/notice.h"

static const struct landing landing = {
    .page = "confirm",
    .path = "/unlock",
    .form = "unlock",
    .path_for_new = "/login",
    .label_for_new = "sign_in",
    .bad_status = 410,
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
    const char *link = landing_link(call);
    struct challenge challenge;
    struct view *view;
    if (link == NULL && note_read(call).said != NULL)
        return tell_done(call);
    enum outcome outcome = link == NULL ? OUTCOME_FLOW_ENDED
                                        : challenge_look(&call->context, CHALLENGE_UNLOCK, link, &challenge);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome == OUTCOME_OK)
        outcome = landing_view(call, &landing, &challenge, &view, NULL);
    if (outcome != OUTCOME_OK)
        return outcome;
    notice_tell(view, "unlock", true);
    view_finish(view, 200);
    return OUTCOME_OK;
}

enum outcome post_unlock(struct call *call)
{
    const char *link = landing_link(call);
    struct passage passage = { .flow = NULL };
    enum outcome outcome = landing_check(call, &landing);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = link == NULL ? OUTCOME_FLOW_ENDED : recovery_unlock(&call->context, link);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome != OUTCOME_OK)
        return outcome;
    return passage_redirect(call, &passage, "/unlock", &(struct note) { .said = "unlocked" });
}
