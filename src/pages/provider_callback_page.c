/*
 * provider_callback_page.c: the way back from a provider: one callback for everything that people are sent
 * there for. What came is read before anything is believed: the state (of this browser, this provider, in
 * time, for the first time), who answers (RFC 9207), then the code, which only the provider can tell the
 * worth of.
 */
#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/analytics/usage.h"
#include "domain/login/provider_sign_in.h"
#include "domain/mail/mail.h"
#include "domain/providers/linked_accounts.h"
#include "app/admin_side.h"
#include "app/answer.h"
#include "app/browser_side.h"
#include "app/limit.h"
#include "pages/connect.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/passage.h"
#include "pages/provider_buttons.h"
#include "pages/provider_error.h"
#include "pages/provider_pages.h"

/* Somebody who has come back. */
struct returning {
    const struct provider *provider;
    struct journey journey;
    struct passage passage; /* of JOURNEY_SIGN_IN */
    struct provider_tokens tokens;
    struct provider_identity identity;
};

static enum outcome tell(struct call *call, const struct returning *returning, const char *word)
{
    if (returning->journey.purpose == JOURNEY_CONNECT)
        return connect_refused(call, &returning->journey, word);
    return provider_error_tell(call, &returning->journey, returning->provider, word);
}

/* --- a person signs in --- */

/* Before the provider is asked anything: the flow may have been finished elsewhere, which has then been told.
 */
static enum outcome find_passage(struct call *call, struct returning *returning)
{
    const struct journey *journey = &returning->journey;
    struct passage *passage = &returning->passage;
    passage->flow = journey->flow;
    passage->return_to = journey->return_to;
    passage->pending = journey->pending;
    return journey->flow == NULL ? OUTCOME_OK : flow_find(call, journey->flow, &passage->ticket);
}

static const struct service *service_of(const struct returning *returning)
{
    return returning->passage.flow == NULL ? NULL : returning->passage.ticket.client->service;
}

/* As after a registration: who came for nothing else is told of the mail. */
static void choose_target(struct call *call, struct passage *passage, const struct provider_arrival *arrival)
{
    const struct note note = { .email = arrival->email, .said = "registered" };
    if (passage->flow != NULL || passage->return_to != NULL || passage->pending != NULL)
        return;
    if (arrival->is_unverified && mail_is_possible(&call->context))
        passage->return_to = passage_path(call, passage, "/confirm", &note);
    else
        passage->return_to = view_path(call, "/?login=success");
}

static enum outcome greet(struct call *call, struct returning *returning,
                          const struct provider_arrival *arrival)
{
    static const char *const words[] = {
        [ARRIVAL_ADDRESS_TAKEN] = PROVIDER_ADDRESS_TAKEN,
        [ARRIVAL_NO_ADDRESS] = PROVIDER_NO_EMAIL,
        [ARRIVAL_CLOSED] = PROVIDER_REGISTRATION_CLOSED,
    };
    struct passage *passage = &returning->passage;
    switch (arrival->arrival) {
    case ARRIVAL_KNOWN:
    case ARRIVAL_NEW:
        choose_target(call, passage, arrival);
        provider_cookie_write(call, "");
        return passage_enter(call, passage, &arrival->signed_in);
    case ARRIVAL_PROOF_NEEDED:
        passage->pending = arrival->pending;
        provider_cookie_write(call, "");
        return passage_redirect(call, passage, "/login/connect", NULL);
    case ARRIVAL_ADDRESS_TAKEN:
    case ARRIVAL_NO_ADDRESS:
    case ARRIVAL_CLOSED:
        break;
    }
    return tell(call, returning, words[arrival->arrival]);
}

static enum outcome arrive_person(struct call *call, struct returning *returning)
{
    struct provider_arrival arrival;
    if (!provider_is_offered(service_of(returning), returning->provider))
        return tell(call, returning, PROVIDER_NOT_OFFERED);
    struct sign_in_place place = passage_place(call, &returning->passage);
    enum outcome outcome =
        provider_sign_in(&call->context, returning->provider, &returning->identity, &place, &arrival);
    switch (outcome) {
    case OUTCOME_OK:
        return greet(call, returning, &arrival);
    case OUTCOME_EMAIL_NOT_VERIFIED:
        return passage_redirect(call, &returning->passage, "/confirm",
                                &(struct note) { .email = arrival.signed_in.email, .said = "unverified" });
    case OUTCOME_WRONG_PASSWORD:
        browser_side_log_failure(call, outcome);
        return tell(call, returning, PROVIDER_CALLBACK_FAILED);
    case OUTCOME_PROVIDER_FAILED:
        return tell(call, returning, PROVIDER_CALLBACK_FAILED);
    case OUTCOME_TOO_MANY_REQUESTS:
        return tell(call, returning, PROVIDER_TOO_MANY);
    default:
        return outcome;
    }
}

/* --- an administrator does --- */

static enum outcome arrive_admin(struct call *call, struct returning *returning)
{
    struct admin_step step;
    if (!provider_is_offered(NULL, returning->provider))
        return tell(call, returning, PROVIDER_NOT_OFFERED);
    enum outcome outcome = provider_admin_step(&call->context, returning->provider, &returning->identity,
                                               returning->journey.return_to, &step);
    if (outcome == OUTCOME_FORBIDDEN) {
        browser_side_log_failure(call, OUTCOME_WRONG_PASSWORD);
        return tell(call, returning, PROVIDER_NOT_ADMIN);
    }
    if (outcome != OUTCOME_OK)
        return outcome;
    admin_side_keep_step(call, &step);
    provider_cookie_write(call, "");
    flow_redirect(call, view_path(call, admin_step_enrols(&step) ? "/admin/second-step" : "/admin/code"));
    return OUTCOME_OK;
}

/* --- who is signed in connects an account --- */

static bool is_still_signed_in(struct call *call, const struct journey *journey)
{
    return call->session != NULL && journey->user_id != NULL &&
           text_equal(uuid_encode(call->arena, call->session->user_id), journey->user_id);
}

/* For an application that asked for it, which may use the tokens as well. */
static enum outcome arrive_at_application(struct call *call, const struct returning *returning)
{
    const struct journey *journey = &returning->journey;
    enum outcome outcome =
        linked_account_keep_tokens(&call->context, call->session->user_id, returning->provider->name,
                                   returning->identity.subject, &returning->tokens);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *pairs = arena_printf(call->arena, "status=success&provider=%s&action=link",
                                     percent_encode(call->arena, journey->provider));
    flow_redirect(call, uri_add_query(call->arena, journey->return_to, pairs));
    return OUTCOME_OK;
}

static enum outcome arrive_link(struct call *call, struct returning *returning)
{
    if (!is_still_signed_in(call, &returning->journey))
        return tell(call, returning, PROVIDER_OTHER_SESSION);
    if (!provider_is_offered(NULL, returning->provider))
        return tell(call, returning, PROVIDER_NOT_OFFERED);
    enum outcome outcome =
        linking_add(&call->context, returning->provider, &returning->identity, call->session);
    if (outcome == OUTCOME_ALREADY_EXISTS)
        return tell(call, returning, PROVIDER_CONFLICT);
    if (outcome == OUTCOME_FLOW_ENDED)
        return tell(call, returning, PROVIDER_OTHER_SESSION);
    if (outcome != OUTCOME_OK)
        return outcome;
    provider_cookie_write(call, "");
    if (returning->journey.return_to != NULL)
        return arrive_at_application(call, returning);
    flow_redirect(call, flow_path(call, "/account/connections", NOTE_PARAMETER,
                                  note_seal(call, &(struct note) { .said = "linked" })));
    return OUTCOME_OK;
}

/* --- a service gets a token --- */

static enum outcome arrive_connect(struct call *call, struct returning *returning)
{
    return connect_arrive(call, &returning->journey, returning->provider, &returning->tokens,
                          &returning->identity);
}

/* --- all of them --- */

static const struct {
    enum outcome (*arrive)(struct call *call, struct returning *returning);
    const char *again; /* where somebody is sent whose answer came a second time */
} purposes[JOURNEY_PURPOSES] = {
    [JOURNEY_SIGN_IN] = { arrive_person, "/login" },
    [JOURNEY_ADMIN_SIGN_IN] = { arrive_admin, "/admin" },
    [JOURNEY_LINK] = { arrive_link, "/account/connections" },
    [JOURNEY_CONNECT] = { arrive_connect, NULL },
};

/* Another tab's sign-in was done first, and took the cookie back: who is signed in by it goes on in this
 * tab's flow, as from any page of it; the answer itself is let be. */
static bool goes_on_signed_in(struct call *call, const struct journey *journey)
{
    const struct passage passage = { .flow = journey->flow };
    if (call->session == NULL || journey->flow == NULL || journey->purpose != JOURNEY_SIGN_IN)
        return false;
    call->context.reason = NULL;
    return passage_redirect(call, &passage, "/login", NULL) == OUTCOME_OK;
}

/* Back and reload bring the same answer again: it opens nothing, but who is signed in by now goes on. */
static enum outcome come_twice(struct call *call, const struct returning *returning)
{
    const struct journey *journey = &returning->journey;
    const char *page = purposes[journey->purpose].again;
    const struct passage passage = { .flow = journey->flow, .return_to = journey->return_to };
    if (page == NULL || (journey->purpose != JOURNEY_ADMIN_SIGN_IN && call->session == NULL))
        return tell(call, returning, PROVIDER_INVALID_STATE);
    call->context.reason = NULL;
    if (journey->purpose == JOURNEY_SIGN_IN)
        return passage_redirect(call, &passage, page, NULL);
    flow_redirect(call, view_path(call, page));
    return OUTCOME_OK;
}

/* RFC 9207 §2.4: an answer of another issuer isn't this provider's, nor is one without where it promised
 * its name. Of an issuer with tenants ("…/{tenantid}/…") which one it is shows in the ID Token. */
static bool issuer_fits(const struct provider *provider, const char *iss)
{
    if (iss == NULL)
        return !provider->answers_iss;
    if (provider->issuer == NULL)
        return true;
    if (provider->kind->has_tenants)
        return strncmp(iss, provider->issuer, strcspn(provider->issuer, "{")) == 0;
    return text_equal(iss, provider->issuer);
}

static enum outcome redeem(struct call *call, struct returning *returning)
{
    const struct journey *journey = &returning->journey;
    const struct provider_code code = { .code = call_parameter(call, "code"),
                                        .redirect_uri = journey_callback(&call->context, returning->provider),
                                        .code_verifier = journey->code_verifier,
                                        .nonce = journey->nonce,
                                        .scopes = journey->scopes,
                                        .user = call_parameter(call, "user"),
                                        .lasting = journey->purpose == JOURNEY_CONNECT };
    return provider_redeem(&call->context, returning->provider, &code, &returning->tokens,
                           &returning->identity);
}

static enum outcome fail(struct call *call, const struct returning *returning, const char *word)
{
    usage_note_failure(&call->context, service_of(returning), returning->provider->name);
    return tell(call, returning, word);
}

/* RFC 6749 §4.1.2.1 has a word for who cancels; a kind may have its own. */
static const char *standard_word(const struct provider_kind *kind, const char *error)
{
    return kind->cancel_word != NULL && text_equal(error, kind->cancel_word) ? "access_denied" : error;
}

/* The state was good, and this is its first time. */
static enum outcome come_back(struct call *call, struct returning *returning)
{
    const char *error = call_parameter(call, "error");
    enum outcome outcome = find_passage(call, returning);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = provider_find(&call->context, returning->provider->name, &returning->provider);
    if (outcome == OUTCOME_PROVIDER_FAILED)
        return fail(call, returning, PROVIDER_CALLBACK_FAILED);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!issuer_fits(returning->provider, call_parameter(call, "iss")))
        return fail(call, returning, PROVIDER_CALLBACK_FAILED);
    if (error != NULL)
        return tell(call, returning, standard_word(returning->provider->kind, error));
    outcome = redeem(call, returning);
    if (outcome == OUTCOME_PROVIDER_FAILED || outcome == OUTCOME_PROVIDER_REFUSED)
        return fail(call, returning, PROVIDER_CALLBACK_FAILED);
    /* asked to have the person sign in anew, it let an old sign-in do (OpenID Connect Core §3.1.2.1) */
    if (outcome == OUTCOME_OK && journey_is_stale(&returning->journey, &returning->identity))
        return fail(call, returning, PROVIDER_CALLBACK_FAILED);
    return outcome == OUTCOME_OK ? purposes[returning->journey.purpose].arrive(call, returning) : outcome;
}

static enum outcome read_answer(struct call *call)
{
    static const char *const names[] = { "state", "code", "error", "iss", NULL };
    const char *state = call_parameter(call, "state");
    if (call_repeated(call, names) != NULL)
        return refuse(&call->context, OUTCOME_MALFORMED, "a parameter came more than once");
    if (call_parameter(call, "error") != NULL)
        return OUTCOME_OK;
    if (state == NULL || call_parameter(call, "code") == NULL)
        return refuse(&call->context, OUTCOME_MALFORMED, "code or state is missing");
    return OUTCOME_OK;
}

/* Behind an answer by POST (response_mode=form_post) the browser's cookies come with the GET alone, since
 * they are SameSite=Lax. */
static enum outcome post_provider_callback(struct call *call)
{
    const struct provider *provider = provider_listed(&call->context, call->values[0]);
    if (provider == NULL)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such provider");
    call->browser = NULL;
    if (flow_asks_again_by_get(call, arena_printf(call->arena, "/api/auth/%s/callback", provider->name)))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_MALFORMED, "the answer is too long");
}

static enum outcome get_provider_callback(struct call *call)
{
    struct returning returning = { .provider = provider_listed(&call->context, call->values[0]) };
    if (returning.provider == NULL)
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such provider");
    enum outcome outcome = read_answer(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* an error that came without a state opens nothing, and its person is told all the same */
    if (call_parameter(call, "state") == NULL)
        return tell(call, &returning, standard_word(returning.provider->kind, call_parameter(call, "error")));
    const struct journey_browser browser = { .csrf = cookie_read(call->request, JOURNEY_COOKIE),
                                             .own = call->browser };
    outcome = journey_read(&call->context, returning.provider->name, call_parameter(call, "state"), &browser,
                           &returning.journey);
    if (outcome == OUTCOME_FOREIGN_FORM && goes_on_signed_in(call, &returning.journey))
        return OUTCOME_OK;
    if (outcome == OUTCOME_FOREIGN_FORM)
        return tell(call, &returning, PROVIDER_INVALID_STATE);
    /* what opens nothing isn't counted; one that is turned away stays good for a later try */
    if (outcome == OUTCOME_OK)
        outcome = limit_take(call, LIMIT_SIGN_IN);
    if (outcome == OUTCOME_OK)
        outcome = journey_use(&call->context, &returning.journey);
    if (outcome == OUTCOME_FLOW_ENDED)
        return come_twice(call, &returning);
    return outcome == OUTCOME_OK ? come_back(call, &returning) : outcome;
}

/* Programs get JSON whether they ask for it or not; browsers, which name HTML, a page. */
static void write_refusal(struct call *call, enum outcome outcome)
{
    const struct answer *answer = answer_for(outcome);
    if (call->response.status != 0)
        return;
    if (page_is_wanted(call)) {
        page_error(call, outcome);
        return;
    }
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "error", answer->name);
    json_write_text(&writer, "message", answer->show_reason ? call->context.reason : NULL);
    json_close_object(&writer);
    answer_error_headers(call, outcome);
    response_json(&call->response, answer->status, writer.text.data);
}

/* clang-format off */
static const struct route routes[] = {
    { .method = "GET", .path = "/api/auth/{provider}/login", .who = BY_BROWSER,
      .handler = get_provider_login },
    { .method = "GET", .path = "/api/auth/{provider}/callback", .aliases = { "/auth/{provider}/callback" },
      .who = BY_BROWSER, .handler = get_provider_callback },
    { .method = "POST", .path = "/api/auth/{provider}/callback", .aliases = { "/auth/{provider}/callback" },
      .who = BY_BROWSER, .body = BODY_FORM, .handler = post_provider_callback },
};
/* clang-format on */

const struct route_family auth_family = {
    .name = "auth",
    .routes = routes,
    .count = ARRAY_SIZE(routes),
    .write_error = write_refusal,
};
