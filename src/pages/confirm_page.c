/*
 * confirm_page.c: proving an address. With a link from a mail: what it is for, and the button that uses it.
 * Without: that an address waits to be confirmed, and the mail once more.
 */
#include "core/text.h"
#include "domain/account/address.h"
#include "domain/mail/mail.h"
#include "pages/handlers.h"
#include "pages/landing.h"
#include "pages/notice.h"
#include "pages/refusal.h"

static const char send_form_name[] = "confirm_send";

static const struct landing landing = {
    .page = "confirm",
    .path = "/confirm",
    .form = "confirm",
    .path_for_new = "/confirm",
    .label_for_new = "ask_for_new_link",
    .bad_status = 410,
    .look = address_look,
};

/* --- what waits, and what has been done --- */

/* Each has the texts confirm_SAID_heading and confirm_SAID_message. */
static const struct state {
    const char *said;
    bool sends; /* the mail is offered once more, until the address is confirmed */
} states[] = {
    { "unverified", true },    { "sent", true },      { "registered", true },
    { "linking", false },      { "verified", false }, { "password_added", false },
    { "change_waits", false }, { "changed", false },
};

static const struct state *find_state(const char *said)
{
    for (size_t i = 0; said != NULL && i < ARRAY_SIZE(states); i++) {
        if (text_equal(states[i].said, said))
            return &states[i];
    }
    return &states[0];
}

static enum outcome show_state(struct call *call, const struct passage *passage, const char *email)
{
    const struct state *state = find_state(passage->note.said);
    bool sends = state->sends && mail_is_possible(&call->context);
    struct view *view = passage_view(call, "confirm", "/confirm/send", send_form_name, passage);
    view_value(view, "email", view_inert(call->arena, email));
    view_value(view, "new_email", view_inert(call->arena, passage->note.new_email));
    json_put_text(view->model, "address", view_inert(call->arena, email));
    notice_tell(view, arena_printf(call->arena, "confirm_%s", state->said), false);
    if (sends) {
        json_put_text(view->model, "button", view_text(view, "confirm_send_button"));
        json_put_boolean(view->model, "is_again", true);
        view_parameter(view, "email", email);
    }
    view_link(view, passage_path(call, passage, "/login", &(struct note) { .email = email }),
              view_text(view, call->session == NULL ? "sign_in" : "continue"));
    view_finish(view, 200);
    return OUTCOME_OK;
}

/* Somebody who has confirmed the address meanwhile, in another tab, goes on. */
static bool is_settled(const struct call *call, const char *email)
{
    return call->session != NULL && call->session->user_email_verified &&
           text_equal(call->session->user_email, email);
}

static enum outcome tell(struct call *call)
{
    struct passage passage;
    enum outcome outcome = passage_read(call, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *email = passage.note.email;
    if (email == NULL && call->session != NULL)
        email = call->session->user_email;
    if (email == NULL || (find_state(passage.note.said)->sends && is_settled(call, email)))
        return passage_redirect(call, &passage, "/login", NULL);
    return show_state(call, &passage, email);
}

enum outcome post_confirm_send(struct call *call)
{
    const char *email = call_parameter(call, "email");
    struct passage passage;
    enum outcome outcome = passage_read_form(call, send_form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (email == NULL)
        return passage_redirect(call, &passage, "/confirm", NULL);
    struct sign_in_place place = passage_place(call, &passage);
    outcome = address_request_verification(&call->context, email, &place);
    if (outcome != OUTCOME_OK)
        return outcome;
    return passage_redirect(call, &passage, "/confirm", &(struct note) { .email = email, .said = "sent" });
}

/* --- the link --- */

static const char *const texts_of_kind[CHALLENGE_KINDS] = {
    [CHALLENGE_VERIFY_EMAIL] = "confirm_verify_email",
    [CHALLENGE_ADD_PASSWORD] = "confirm_add_password",
    [CHALLENGE_CONFIRM_OLD_EMAIL] = "confirm_old_email",
    [CHALLENGE_CONFIRM_NEW_EMAIL] = "confirm_new_email",
};

enum outcome get_confirm(struct call *call)
{
    struct challenge challenge;
    struct view *view;
    if (landing_link(call) == NULL)
        return tell(call);
    enum outcome outcome = landing_open(call, &landing, &challenge, &view, NULL);
    if (outcome != OUTCOME_OK)
        return outcome;
    view_value(view, "new_email", view_inert(call->arena, json_member_text(challenge.data, "new_email")));
    notice_tell(view, texts_of_kind[challenge.kind], true);
    view_finish(view, 200);
    return OUTCOME_OK;
}

static enum outcome show_taken(struct call *call)
{
    struct view *view = view_start(call, "confirm", NULL, NULL);
    notice_tell(view, "confirm_taken", false);
    view_link(view, view_path(call, "/"), view_text(view, "go_home"));
    view_finish(view, 409);
    return OUTCOME_ALREADY_EXISTS;
}

static enum outcome tell_result(struct call *call, const struct address_confirmed *confirmed)
{
    static const char *const words[] = {
        [ADDRESS_VERIFIED] = "verified",
        [ADDRESS_PASSWORD_ADDED] = "password_added",
        [ADDRESS_CHANGE_WAITS] = "change_waits",
        [ADDRESS_CHANGED] = "changed",
    };
    struct passage passage = { .flow = NULL };
    enum outcome adopted = passage_adopt(call, &passage, confirmed->flow, confirmed->return_to);
    if (adopted != OUTCOME_OK)
        return adopted;
    return passage_redirect(call, &passage, "/confirm",
                            &(struct note) { .email = confirmed->email,
                                             .new_email = confirmed->new_email,
                                             .said = words[confirmed->result] });
}

enum outcome post_confirm(struct call *call)
{
    const char *link;
    struct address_confirmed confirmed;
    enum outcome outcome = landing_check(call, &landing, &link);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = address_confirm(&call->context, link, &confirmed);
    if (outcome == OUTCOME_FLOW_ENDED)
        return landing_refuse(call, &landing);
    if (outcome == OUTCOME_ALREADY_EXISTS)
        return show_taken(call);
    return outcome == OUTCOME_OK ? tell_result(call, &confirmed) : outcome;
}
