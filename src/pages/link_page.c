/* link_page.c: signing in by mail instead of a password: asking for it, and the code out of the mail, which
 * works in the browser that asked. The link is magic_login_page.c's. */
#include "domain/login/canonical.h"
#include "pages/handlers.h"
#include "pages/mail_form.h"
#include "pages/pin_field.h"
#include "pages/provider_buttons.h"
#include "pages/refusal.h"

static const char form_name[] = "link", pin_form_name[] = "link_pin";

/* --- asking --- */

static struct view *make_page(struct call *call, const struct passage *passage, const char *email)
{
    struct view *view = passage_view(call, "link", "/login/link", form_name, passage);
    const struct note *note = email == NULL ? NULL : &(struct note) { .email = email };
    json_put_text(view->model, "login_url", passage_path(call, passage, "/login", note));
    provider_buttons_put(view, passage);
    if (email != NULL)
        view_field(view, "email", email);
    return view;
}

enum outcome get_link(struct call *call)
{
    struct passage passage;
    enum outcome outcome = mail_form_read(call, &passage);
    if (outcome == OUTCOME_OK && passage_waits(call, &passage, &outcome))
        view_finish(make_page(call, &passage, mail_form_address(call, &passage)), 200);
    return outcome;
}

enum outcome post_link(struct call *call)
{
    static const struct mail_form form = { form_name, "/login/link/sent", magic_link_request, make_page };
    return mail_form_post(call, &form);
}

/* --- the code out of the mail --- */

static struct view *make_pin_page(struct call *call, const struct passage *passage, const char *email,
                                  bool asks_pin)
{
    struct view *view = passage_view(call, "link_sent", "/login/link/pin", pin_form_name, passage);
    const struct note *note = &(struct note) { .email = email };
    view_parameter(view, "email", email);
    json_put_text(view->model, "address", view_inert(call->arena, email));
    json_put_boolean(view->model, "asks_pin", asks_pin);
    json_put_text(view->model, "again_url", passage_path(call, passage, "/login/link", note));
    json_put_text(view->model, "login_url", passage_path(call, passage, "/login", note));
    view_value(
        view, "minutes",
        arena_printf(call->arena, "%lld", (long long)challenge_pin_lasts_s(CHALLENGE_MAGIC_LINK) / 60));
    return view;
}

enum outcome get_link_sent(struct call *call)
{
    struct passage passage;
    enum outcome outcome = mail_form_read(call, &passage);
    if (outcome != OUTCOME_OK || !passage_waits(call, &passage, &outcome))
        return outcome;
    if (passage.note.email == NULL)
        return passage_redirect(call, &passage, "/login/link", NULL);
    view_finish(make_pin_page(call, &passage, passage.note.email, true), 200);
    return OUTCOME_OK;
}

enum outcome post_link_pin(struct call *call)
{
    const char *email = call_parameter(call, "email"), *pin = pin_field(call);
    struct passage passage;
    struct signed_in signed_in;
    enum outcome outcome = passage_read_form(call, pin_form_name, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *email_key = email_canonical(call->arena, email);
    if (email_key == NULL)
        return passage_redirect(call, &passage, "/login/link", NULL);
    if (pin == NULL)
        return pin_field_ask(make_pin_page(call, &passage, email, true));
    struct sign_in_place place = passage_place(call, &passage);
    outcome = sign_in_by_mailed_pin(&call->context, email, pin, &place, &signed_in);
    if (outcome == OUTCOME_OK)
        outcome = passage_adopt(call, &passage, signed_in.flow, signed_in.return_to);
    if (outcome == OUTCOME_OK)
        return passage_enter(call, &passage, &signed_in);
    if (refusal_belongs_on_form(call, outcome))
        refusal_show(make_pin_page(call, &passage, email, pin_field_is_worth_another_try(outcome)), outcome);
    return outcome;
}
