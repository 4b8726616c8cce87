/*
 * provider_login_page.c: the way to a provider, with what has to be known on the way back sealed into the
 * state. Nothing is stored on the way out. Who may go: anybody, to sign in; who is signed in, by a link of
 * their own page of connections; who wants to be an administrator.
 */
#include "core/encode.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "domain/login/browser.h"
#include "app/browser_side.h"
#include "pages/flow.h"
#include "pages/passage.h"
#include "pages/provider_buttons.h"
#include "pages/provider_error.h"
#include "pages/provider_pages.h"

static const char connect_form[] = "provider_connect";

void provider_cookie_write(struct call *call, const char *value)
{
    cookie_write(&call->response, &(struct cookie) { .name = JOURNEY_COOKIE,
                                                     .value = value,
                                                     .domain = "",
                                                     .same_site = "Lax",
                                                     .max_age_s = *value == '\0' ? 0 : JOURNEY_COOKIE_S });
}

enum outcome provider_set_out(struct call *call, const struct provider *provider,
                              const struct journey *journey, const struct provider_authorization *wishes)
{
    const char *url, *cookie;
    const struct journey_browser browser = { .csrf = cookie_read(call->request, JOURNEY_COOKIE),
                                             .own = browser_side_ensure(call) };
    enum outcome outcome = journey_start(&call->context, provider, journey, wishes, &browser, &url, &cookie);
    if (outcome != OUTCOME_OK)
        return outcome;
    provider_cookie_write(call, cookie);
    flow_redirect(call, url);
    return OUTCOME_OK;
}

/* The journey begins: the provider may have to be asked where it is. */
static enum outcome set_out(struct call *call, const struct provider *listed, const struct journey *journey,
                            const struct provider_authorization *wishes)
{
    const struct provider *provider;
    enum outcome outcome = provider_find(&call->context, listed->name, &provider);
    if (outcome == OUTCOME_PROVIDER_FAILED)
        return provider_error_tell(call, journey, listed, PROVIDER_UNAVAILABLE);
    return outcome == OUTCOME_OK ? provider_set_out(call, provider, journey, wishes) : outcome;
}

/* --- who signs in --- */

/* What the provider is to ask: what our caller names, else what the passage needs. Who has to prove it anew
 * here has to do so there, too; whether they did shows in that they come back. */
static const char *prompt_for(const struct call *call, const struct passage *passage)
{
    static const char *const taken[] = { "login", "select_account", "consent" };
    const char *asked = call_parameter(call, "prompt");
    const struct ticket *ticket = passage->flow == NULL ? NULL : &passage->ticket;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        if (text_equal(asked, taken[i]))
            return taken[i];
    if (passage->again || (ticket != NULL && ((ticket->prompt & PROMPT_LOGIN) || ticket->max_age >= 0)))
        return "login";
    bool chooses = passage->switching || (ticket != NULL && (ticket->prompt & PROMPT_SELECT_ACCOUNT));
    return chooses ? "select_account" : NULL;
}

static enum outcome sign_in(struct call *call, const struct provider *provider)
{
    struct passage passage;
    enum outcome outcome = passage_read(call, &passage);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* signed in meanwhile, in another tab */
    if (passage.flow != NULL && !passage_waits(call, &passage, &outcome))
        return outcome;
    const char *hint = call_parameter(call, "login_hint");
    const struct journey journey = { .purpose = JOURNEY_SIGN_IN,
                                     .flow = passage.flow,
                                     .return_to = passage.return_to,
                                     .pending = passage.pending };
    const struct provider_authorization wishes = {
        .login_hint = hint == NULL && passage.flow != NULL ? passage.ticket.login_hint : hint,
        .prompt = prompt_for(call, &passage),
    };
    const struct service *service = passage.flow == NULL ? NULL : passage.ticket.client->service;
    if (!provider_is_offered(service, provider))
        return provider_error_tell(call, &journey, provider, PROVIDER_NOT_OFFERED);
    return set_out(call, provider, &journey, &wishes);
}

/* --- who administers --- */

/* The parameter state says so: as a word, or as base64url, padded or not, of a JSON object with that member.
 */
static bool is_for_admin(const struct call *call)
{
    const char *state = call_parameter(call, "state"), *error;
    struct bytes text;
    bool is = false;
    if (state == NULL || text_equal(state, "admin_login"))
        return state != NULL;
    size_t length = strlen(state);
    while (length > 0 && state[length - 1] == '=')
        length--;
    if (!base64url_decode(call->arena, state, length, &text))
        return false;
    const struct json *object = json_parse(call->arena, (const char *)text.data, text.length, &error);
    return json_boolean(json_member(object, "admin_login"), &is) && is;
}

static enum outcome sign_in_admin(struct call *call, const struct provider *provider)
{
    const struct journey journey = { .purpose = JOURNEY_ADMIN_SIGN_IN,
                                     .return_to = call_parameter(call, "return_to") };
    const struct provider_authorization wishes = {
        .login_hint = call_parameter(call, "login_hint"),
        .prompt = call_parameter(call, "again") == NULL ? NULL : "login",
    };
    if (!provider_is_offered(NULL, provider))
        return provider_error_tell(call, &journey, provider, PROVIDER_NOT_OFFERED);
    return set_out(call, provider, &journey, &wishes);
}

/* --- who connects --- */

static const char *session_name(struct call *call)
{
    return hex_encode(call->arena, call->session->sid, sizeof call->session->sid);
}

const char *provider_connect_path(struct call *call, const struct provider *provider)
{
    const char *browser = browser_side_ensure(call);
    return view_path(
        call, arena_printf(call->arena, "/api/auth/%s/login?connect=%s", provider->name,
                           browser_form_token(&call->context, browser, connect_form, session_name(call))));
}

/* Only behind the link that this session was shown: nobody is led into connecting an account (T-81). */
static enum outcome connect_account(struct call *call, const struct provider *provider)
{
    static const struct provider_authorization wishes = { .prompt = "select_account" };
    const char *again = call->session == NULL ? "" : "&again=1";
    enum outcome outcome =
        call->session == NULL ? OUTCOME_UNAUTHENTICATED : account_needs_recent(&call->context, call->session);
    if (outcome != OUTCOME_OK) {
        flow_redirect(call, arena_printf(call->arena, "%s?return_to=%s%s", view_path(call, "/login"),
                                         view_path(call, "/account/connections"), again));
        return OUTCOME_OK;
    }
    outcome = browser_check_form(&call->context, call->browser, connect_form, session_name(call),
                                 call_parameter(call, "connect"));
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct journey journey = { .purpose = JOURNEY_LINK,
                                     .user_id = uuid_encode(call->arena, call->session->user_id) };
    if (!provider_is_offered(NULL, provider))
        return provider_error_tell(call, &journey, provider, PROVIDER_NOT_OFFERED);
    return set_out(call, provider, &journey, &wishes);
}

enum outcome get_provider_login(struct call *call)
{
    const struct provider *provider = provider_listed(&call->context, call->values[0]);
    if (provider == NULL)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such provider");
    if (call_parameter(call, "connect") != NULL)
        return connect_account(call, provider);
    return is_for_admin(call) ? sign_in_admin(call, provider) : sign_in(call, provider);
}
