/*
 * admin_sign_in_page.c: an administrator's sign-in: address and password at /admin, then a code at
 * /admin/code; at the first sign-in the second step is set up at /admin/second-step, which ends by showing
 * the recovery codes once. The same pages let somebody who is signed in prove it anew.
 */
#include "app/admin_side.h"
#include "app/browser_side.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/totp.h"
#include "pages/admin_page.h"
#include "pages/flow.h"
#include "pages/provider_buttons.h"
#include "pages/provider_error.h"

#define HOME "/admin/services"

static struct view *start(struct call *call, const char *page, const char *path)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, page, NULL, NULL);
    view_form(view, path, page, "");
    return view;
}

/* Whether it's shown on the form; a guess is also logged, in the words that fail2ban reads. */
static bool show_refusal(struct view *view, enum outcome outcome, const char *field)
{
    struct call *call = view->call;
    static const struct {
        enum outcome outcome;
        const char *problem;
        int status;
    } refusals[] = {
        { OUTCOME_WRONG_PASSWORD, "admin_problem_password", 400 },
        { OUTCOME_WRONG_PIN, "admin_problem_code", 400 },
        { OUTCOME_TOO_MANY_REQUESTS, "problem_too_many_tries", 429 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (outcome != refusals[i].outcome)
            continue;
        int64_t seconds = call->context.retry_after_s;
        browser_side_log_failure(call, outcome);
        view_value(view, "minutes", arena_printf(call->arena, "%lld", (long long)(seconds + 59) / 60));
        if (refusals[i].status == 429)
            response_header(&call->response, "Retry-After",
                            arena_printf(call->arena, "%lld", (long long)seconds));
        view_error(view, refusals[i].status == 429 ? NULL : field, refusals[i].problem);
        view_finish(view, refusals[i].status);
        return true;
    }
    return false;
}

/* --- address and password --- */

/* What goes along to a provider. */
static const char *query_for_providers(struct call *call)
{
    const char *return_to = call_parameter(call, "return_to");
    return arena_printf(call->arena, "state=admin_login%s%s%s", call->admin == NULL ? "" : "&again=1",
                        return_to == NULL ? "" : "&return_to=",
                        return_to == NULL ? "" : percent_encode(call->arena, return_to));
}

static struct view *start_sign_in(struct call *call)
{
    struct view *view = start(call, "admin_sign_in", "/admin");
    if (call->admin != NULL)
        view_field(view, "email", call->admin->email);
    json_put_boolean(view->model, "again", call->admin != NULL);
    view_parameter(view, "return_to", call_parameter(call, "return_to"));
    provider_buttons_put_all(view, query_for_providers(call));
    return view;
}

static void show_sign_in(struct call *call)
{
    struct view *view = start_sign_in(call);
    provider_error_show(view);
    view_finish(view, 200);
}

enum outcome get_admin(struct call *call)
{
    enum outcome looked = admin_side_look(call);
    if (looked != OUTCOME_OK)
        return looked;
    if (call->admin != NULL && call_parameter(call, "again") == NULL)
        flow_redirect(call, view_path(call, HOME));
    else
        show_sign_in(call);
    return OUTCOME_OK;
}

enum outcome post_admin(struct call *call)
{
    struct admin_step step;
    const char *email = call_parameter(call, "email"), *password = call_parameter(call, "password");
    enum outcome outcome = browser_side_check(call, "admin_sign_in", "");
    if (outcome == OUTCOME_OK)
        outcome = admin_side_look(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = admin_step_begin(&call->context, email, password, call_parameter(call, "return_to"), &step);
    if (outcome == OUTCOME_OK) {
        admin_side_keep_step(call, &step);
        flow_redirect(call, view_path(call, admin_step_enrols(&step) ? "/admin/second-step" : "/admin/code"));
        return OUTCOME_OK;
    }
    struct view *view = start_sign_in(call);
    view_field(view, "email", email);
    return show_refusal(view, outcome, "email") ? OUTCOME_OK : outcome;
}

/* --- the code --- */

/* The step of this browser; else the way back to the beginning has been answered. */
static bool find_step(struct call *call, bool enrols, struct admin_step *step_out, enum outcome *outcome_out)
{
    enum outcome found = admin_side_step(call, step_out);
    bool fits = found == OUTCOME_OK && admin_step_enrols(step_out) == enrols;
    *outcome_out = fits || found == OUTCOME_FLOW_ENDED ? OUTCOME_OK : found;
    if (!fits && *outcome_out == OUTCOME_OK)
        response_redirect(&call->response, 303, view_path(call, "/admin"));
    return fits;
}

enum outcome get_admin_code(struct call *call)
{
    struct admin_step step;
    enum outcome outcome;
    if (find_step(call, false, &step, &outcome))
        view_finish(start(call, "admin_code", "/admin/code"), 200);
    return outcome;
}

static const char *way_on(struct call *call, const struct admin_step *step)
{
    return view_path(call, step->return_to == NULL ? HOME : step->return_to);
}

enum outcome post_admin_code(struct call *call)
{
    struct admin_step step;
    const char *method;
    enum outcome outcome = browser_side_check(call, "admin_code", "");
    if (outcome != OUTCOME_OK || !find_step(call, false, &step, &outcome))
        return outcome;
    outcome = admin_step_finish(&call->context, &step, call_parameter(call, "code"), &method);
    if (outcome == OUTCOME_OK)
        outcome = admin_side_sign_in(call, &step, method);
    if (outcome == OUTCOME_OK) {
        flow_redirect(call, way_on(call, &step));
        return OUTCOME_OK;
    }
    return show_refusal(start(call, "admin_code", "/admin/code"), outcome, "code") ? OUTCOME_OK : outcome;
}

/* --- setting the second step up --- */

/* In groups of four, to be typed off. */
static const char *grouped(struct arena *arena, const char *text)
{
    struct strbuf out = strbuf_start(arena);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (i > 0 && i % 4 == 0)
            strbuf_add_char(&out, ' ');
        strbuf_add_char(&out, text[i]);
    }
    return out.data;
}

static struct view *start_second_step(struct call *call, const struct admin_step *step)
{
    struct view *view = start(call, "admin_second_step", "/admin/second-step");
    struct uri issuer;
    const char *host =
        uri_parse(call->arena, call->context.settings->issuer, &issuer) ? issuer.host : "Doorward";
    json_put_text(view->model, "secret", grouped(call->arena, base32_encode(call->arena, step->secret)));
    json_put_text(view->model, "uri", totp_uri(call->arena, step->secret, host, step->admin.email));
    return view;
}

enum outcome get_admin_second_step(struct call *call)
{
    struct admin_step step;
    enum outcome outcome;
    if (find_step(call, true, &step, &outcome))
        view_finish(start_second_step(call, &step), 200);
    return outcome;
}

static void show_recovery_codes(struct call *call, const char *const codes[ADMIN_RECOVERY_CODES],
                                const char *next)
{
    struct view *view = view_start(call, "admin_recovery", NULL, NULL);
    struct json *shown = json_new_array(call->arena);
    for (size_t i = 0; i < ADMIN_RECOVERY_CODES; i++)
        json_append_text(shown, codes[i]);
    json_put(view->model, "codes", shown);
    json_put_text(view->model, "next_url", next);
    view_finish(view, 200);
}

enum outcome post_admin_second_step(struct call *call)
{
    struct admin_step step;
    const char *codes[ADMIN_RECOVERY_CODES], *method;
    enum outcome outcome = browser_side_check(call, "admin_second_step", "");
    if (outcome != OUTCOME_OK || !find_step(call, true, &step, &outcome))
        return outcome;
    outcome = admin_step_enrol(&call->context, &step, call_parameter(call, "code"), codes, &method);
    if (outcome == OUTCOME_OK)
        outcome = admin_side_sign_in(call, &step, method);
    if (outcome == OUTCOME_OK) {
        log_info("admin %s has set up the second step", step.admin.email_key);
        show_recovery_codes(call, codes, way_on(call, &step));
        return OUTCOME_OK;
    }
    return show_refusal(start_second_step(call, &step), outcome, "code") ? OUTCOME_OK : outcome;
}

enum outcome post_admin_sign_out(struct call *call)
{
    enum outcome outcome = browser_side_check(call, "admin_sign_out", admin_side_form(call));
    if (outcome == OUTCOME_OK)
        outcome = admin_side_sign_out(call);
    if (outcome == OUTCOME_OK)
        flow_redirect(call, view_path(call, "/admin"));
    return outcome;
}
