/*
 * pin_page.c: the code that is mailed behind a password. Either the sign-in has just asked for it, and nobody
 * is signed in yet; or somebody is, by password alone, and the flow's application wants more: then the code
 * is sent when they press the button, since looking at a page changes nothing.
 */
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/passage.h"
#include "pages/pin_field.h"
#include "pages/refusal.h"

static const char form_name[] = "pin", send_form_name[] = "pin_send";

/* Whose code it is, and whether one is on its way. */
struct asked {
    const char *email;
    bool is_sent;
};

static struct view *make_page(struct call *call, const struct passage *passage, const struct asked *asked)
{
    struct view *view = passage_view(call, "pin", "/login/pin", form_name, passage);
    struct passage other = *passage;
    view_parameter(view, "email", asked->email);
    json_put_text(view->model, "address", view_inert(call->arena, asked->email));
    json_put_boolean(view->model, "asks_pin", asked->is_sent);
    if (call->session != NULL)
        view_more_form(view, "send", "/login/pin/send", send_form_name,
                       passage->flow == NULL ? "" : passage->flow);
    other.switching = call->session != NULL;
    json_put_text(view->model, "login_url",
                  passage_path(call, &other, "/login", &(struct note) { .email = asked->email }));
    view_value(view, "minutes",
               arena_printf(call->arena, "%lld", (long long)challenge_lasts_s(CHALLENGE_PIN) / 60));
    return view;
}

/* Of who is signed in the address is known, and whether the code that this browser waits for is theirs. */
static enum outcome find_asked(struct call *call, const struct passage *passage, bool steps_up,
                               struct asked *asked_out)
{
    struct challenge challenge;
    *asked_out = (struct asked) { .email = passage->note.email };
    enum outcome found = call->browser == NULL
                             ? OUTCOME_PIN_NOT_FOUND
                             : challenge_of_browser(&call->context, CHALLENGE_PIN, call->browser, &challenge);
    asked_out->is_sent = found == OUTCOME_OK;
    if (steps_up) {
        asked_out->email = call->session->user_email;
        asked_out->is_sent = asked_out->is_sent && challenge.has_user &&
                             memcmp(challenge.user_id, call->session->user_id, 16) == 0;
    } else if (asked_out->email == NULL && asked_out->is_sent) {
        asked_out->email = challenge.email;
    }
    return found == OUTCOME_PIN_NOT_FOUND ? OUTCOME_OK : found;
}

enum outcome get_pin(struct call *call)
{
    struct passage passage;
    struct asked asked;
    enum next_step next;
    enum outcome failure, outcome = passage_read(call, &passage);
    if (outcome == OUTCOME_OK)
        outcome = passage_next(call, &passage, &next, &failure);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (next != NEXT_PIN && !passage_waits(call, &passage, &outcome))
        return outcome;
    outcome = find_asked(call, &passage, next == NEXT_PIN, &asked);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (next != NEXT_PIN && !asked.is_sent)
        return passage_redirect(
            call, &passage, "/login",
            &(struct note) { .email = passage.note.email, .problem = "problem_pin_not_found" });
    struct view *view = make_page(call, &passage, &asked);
    if (passage.note.problem != NULL && !asked.is_sent)
        view_error(view, NULL, passage.note.problem);
    view_finish(view, 200);
    return OUTCOME_OK;
}

/* Whether this browser waits for some code. */
static bool is_waited_for(struct call *call)
{
    struct challenge challenge;
    return challenge_of_browser(&call->context, CHALLENGE_PIN, call->browser, &challenge) == OUTCOME_OK;
}

enum outcome post_pin(struct call *call)
{
    const char *pin = pin_field(call);
    struct asked asked = { .email = call_parameter(call, "email"), .is_sent = true };
    struct passage passage;
    struct signed_in signed_in;
    enum outcome outcome = passage_read_form(call, form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (asked.email == NULL)
        return passage_redirect(call, &passage, "/login/pin", NULL);
    if (pin == NULL)
        return pin_field_ask(make_page(call, &passage, &asked));
    struct sign_in_place place = passage_place(call, &passage);
    outcome = sign_in_by_pin(&call->context, asked.email, pin, &place, &signed_in);
    if (outcome == OUTCOME_OK)
        outcome = passage_adopt(call, &passage, signed_in.flow, signed_in.return_to);
    if (outcome == OUTCOME_OK)
        return passage_enter(call, &passage, &signed_in);
    if (!refusal_belongs_on_form(call, outcome))
        return outcome;
    /* a second click finds it used by the first, whose session the next page may know (abuse 27) */
    if (outcome == OUTCOME_PIN_NOT_FOUND && !is_waited_for(call))
        return passage_redirect(call, &passage, "/login/pin",
                                &(struct note) { .email = asked.email, .problem = "problem_pin_not_found" });
    asked.is_sent = pin_field_is_worth_another_try(outcome);
    refusal_show(make_page(call, &passage, &asked), outcome);
    return outcome;
}

/* Only for who is signed in: else a password has to be typed first, which sends one by itself. */
enum outcome post_pin_send(struct call *call)
{
    struct passage passage;
    enum outcome outcome = passage_read_form(call, send_form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (call->session == NULL)
        return passage_redirect(call, &passage, "/login", NULL);
    struct sign_in_place place = passage_place(call, &passage);
    outcome = sign_in_send_pin(&call->context, call->session, &place);
    return outcome == OUTCOME_OK ? passage_redirect(call, &passage, "/login/pin", NULL) : outcome;
}
