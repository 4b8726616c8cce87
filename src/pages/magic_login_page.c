/*
 * magic_login_page.c: where the link of a sign-in mail leads. The person sees for which account and which
 * application it is, and presses the button; only that uses the link. From there they go to a safe place
 * alone: the one that the address names, the flow that the link belongs to, or the start page.
 */
#include "core/text.h"
#include "domain/login/return_to.h"
#include "pages/handlers.h"
#include "pages/landing.h"
#include "pages/refusal.h"

static enum outcome look(struct context *context, const char *token, struct challenge *challenge_out)
{
    return challenge_look(context, CHALLENGE_MAGIC_LINK, token, challenge_out);
}

static const struct landing landing = {
    .page = "magic_login",
    .path = "/api/public/magic-login",
    .form = "magic_login",
    .path_for_new = "/login/link",
    .label_for_new = "ask_for_new_link",
    .bad_status = 401,
    .look = look,
};

/* The first safe one of the addresses that came with the link; NULL: none. */
static enum outcome find_target(struct call *call, const char **target_out)
{
    static const char *const names[] = { "return_to", "redirect_uri" };
    *target_out = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(names) && *target_out == NULL; i++) {
        enum outcome checked = return_to_check(&call->context, call_parameter(call, names[i]), target_out);
        if (checked != OUTCOME_OK)
            return checked;
    }
    return OUTCOME_OK;
}

static void finish(struct view *view, const char *target, bool elsewhere)
{
    struct call *call = view->call;
    bool has_client = json_member(view->model, "client") != NULL;
    json_put_text(view->model, "heading",
                  view_text(view, has_client ? "magic_login_heading_client" : "magic_login_heading"));
    json_put_boolean(view->model, "elsewhere", elsewhere);
    if (target != NULL) {
        view_parameter(view, "return_to", target);
        view_form_may_reach(view, target);
    }
    if (call->session != NULL)
        view_user(view, call->session);
    view_finish(view, 200);
}

enum outcome get_magic_login(struct call *call)
{
    const char *target;
    struct challenge challenge;
    struct view *view;
    bool elsewhere;
    enum outcome outcome = find_target(call, &target);
    if (outcome == OUTCOME_OK)
        outcome = landing_open(call, &landing, &challenge, &view, &elsewhere);
    if (outcome == OUTCOME_OK)
        finish(view, target, elsewhere);
    return outcome;
}

enum outcome post_magic_login(struct call *call)
{
    const char *link;
    struct passage passage = { .flow = NULL };
    struct signed_in signed_in;
    enum outcome outcome = landing_check(call, &landing, &link);
    if (outcome == OUTCOME_OK)
        outcome = find_target(call, &passage.return_to);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = sign_in_by_magic_link(&call->context, link, &signed_in);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome == OUTCOME_OK && passage.return_to == NULL)
        outcome = passage_adopt(call, &passage, signed_in.flow, signed_in.return_to);
    return outcome == OUTCOME_OK ? passage_enter(call, &passage, &signed_in) : outcome;
}
