/* browser_side.c: see browser_side.h. */
#include "app/browser_side.h"

#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/login/browser.h"
#include "domain/login/canonical.h"
#include "domain/login/device.h"
#include "domain/login/session.h"

enum { BROWSER_COOKIE_LIFETIME_S = 400 * 24 * 3600 };

const char *browser_side_ensure(struct call *call)
{
    if (call->browser != NULL)
        return call->browser;
    call->browser = browser_new(&call->context);
    cookie_write(&call->response, &(struct cookie) { .name = BROWSER_COOKIE,
                                                     .value = call->browser,
                                                     .domain = "",
                                                     .same_site = "Lax",
                                                     .max_age_s = BROWSER_COOKIE_LIFETIME_S });
    return call->browser;
}

/* What browsers tell of where a form comes from. Under our own no-referrer policy they send Origin as
 * "null" for our own forms too: then Sec-Fetch-Site must say that it is one (T-125). */
static bool comes_from_elsewhere(struct call *call)
{
    const char *site = request_header(call->request, "Sec-Fetch-Site", NULL);
    const char *origin = request_header(call->request, "Origin", NULL);
    struct uri issuer;
    if (site != NULL && !text_equal(site, "same-origin") && !text_equal(site, "none"))
        return true;
    if (origin == NULL)
        return false;
    if (text_equal(origin, "null"))
        return site == NULL;
    return !uri_parse(call->arena, call->context.settings->issuer, &issuer) ||
           !text_equal(origin, uri_origin(call->arena, &issuer));
}

enum outcome browser_side_check_token(struct call *call, const char *form, const char *flow,
                                      const char *token)
{
    if (comes_from_elsewhere(call))
        return refuse(&call->context, OUTCOME_FOREIGN_FORM, "the form was sent from another site");
    if (form_times(&call->form, "token") > 1)
        return refuse(&call->context, OUTCOME_FOREIGN_FORM, "the form's token came more than once");
    return browser_check_form(&call->context, call->browser, form, flow, token);
}

enum outcome browser_side_check(struct call *call, const char *form, const char *flow)
{
    return browser_side_check_token(call, form, flow, call_parameter(call, "token"));
}

static void write_session_cookie(struct call *call, const char *value, int64_t max_age_s)
{
    const struct settings *settings = call->context.settings;
    cookie_write(&call->response, &(struct cookie) { .name = SESSION_COOKIE,
                                                     .value = value,
                                                     .domain = settings->session_cookie_domain,
                                                     .same_site = settings->session_cookie_same_site,
                                                     .max_age_s = max_age_s });
}

/* Whoever guesses at the account elsewhere can't lock it for this browser from now on. */
static void remember_device(struct call *call)
{
    const char *email_key = email_canonical(call->arena, call->session->user_email);
    if (email_key == NULL)
        return;
    call->devices = device_remember(&call->context, browser_side_ensure(call), call->devices, email_key);
    cookie_write(&call->response, &(struct cookie) { .name = DEVICE_COOKIE,
                                                     .value = call->devices,
                                                     .domain = "",
                                                     .same_site = "Lax",
                                                     .max_age_s = BROWSER_COOKIE_LIFETIME_S });
}

enum outcome browser_side_sign_in(struct call *call, const struct signed_in *signed_in)
{
    const char *cookie;
    enum outcome opened =
        session_open(&call->context, signed_in->user_id, signed_in->method, call->session_cookie, &cookie);
    if (opened != OUTCOME_OK)
        return opened;
    write_session_cookie(call, cookie, call->context.settings->session_lifetime_s);
    call->session_cookie = cookie;
    sign_in_note(&call->context, signed_in->user_id);
    opened = session_find(&call->context, cookie, &call->session);
    if (opened == OUTCOME_OK)
        remember_device(call);
    return opened;
}

void browser_side_log_failure(const struct call *call, enum outcome outcome)
{
    static const enum outcome guesses[] = { OUTCOME_WRONG_PASSWORD, OUTCOME_PASSWORD_NOT_SET,
                                            OUTCOME_WRONG_PIN, OUTCOME_PIN_SPENT, OUTCOME_TOO_MANY_REQUESTS };
    for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
        if (outcome == guesses[i])
            log_warn("sign-in failed from %s", call->context.address);
}

struct sign_in_place browser_side_place(struct call *call)
{
    return (struct sign_in_place) { .browser = browser_side_ensure(call), .devices = call->devices };
}

enum outcome browser_side_sign_out(struct call *call)
{
    enum outcome ended = call->session == NULL ? OUTCOME_OK : session_end(&call->context, call->session);
    if (ended != OUTCOME_OK)
        return ended;
    if (call->session_cookie != NULL)
        write_session_cookie(call, "", 0);
    call->session = NULL;
    return OUTCOME_OK;
}
