/*
 * connect_page.c: see connect.h. A request is known by its address alone: whoever has that sees which service
 * asks for what, and nothing of the person. A browser in which somebody else is signed in gets no further;
 * one in which nobody is, does: the provider then says whose account it is. Programs are sent to the provider
 * at once, as the contract has it.
 */
#include "pages/connect.h"

#include "core/encode.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/account/account.h"
#include "domain/providers/connect.h"
#include "domain/providers/granting.h"
#include "domain/providers/link_ticket.h"
#include "app/answer.h"
#include "app/browser_side.h"
#include "app/service_error.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/notice.h"
#include "pages/provider_buttons.h"
#include "pages/provider_pages.h"
#include "pages/view.h"

static const char form_name[] = "connect", link_form_name[] = "connect_link";

/* --- refusals --- */

static void write_refusal(struct call *call, enum outcome outcome)
{
    if (page_is_wanted(call))
        page_error(call, outcome);
    else
        service_write_error(call, outcome);
}

/* As the service that asks would like to be seen. */
static struct client *disguise(struct call *call, const struct provider_request_row *row)
{
    struct client *client = arena_alloc(call->arena, sizeof *client);
    struct service *service = arena_alloc(call->arena, sizeof *service);
    *service =
        (struct service) { .id_text = uuid_encode(call->arena, row->service_id), .name = row->service_name };
    *client = (struct client) { .client_name = row->service_name, .service = service };
    return client;
}

static const char *provider_name(struct call *call, const char *provider)
{
    const struct provider *listed = provider_listed(&call->context, provider);
    return view_inert(call->arena, listed == NULL ? provider : listed->display_name);
}

static const char *return_host(struct call *call, const struct connect_request *request)
{
    struct uri uri;
    return uri_parse(call->arena, request->row.redirect_uri, &uri) ? uri.host : "";
}

/* A page that tells why it doesn't go on, with the ways on that there are. */
static struct view *tell(struct call *call, const struct connect_request *request, const char *name)
{
    struct arena *arena = call->arena;
    struct view *view = view_start(call, "error", disguise(call, &request->row), NULL);
    view_value(view, "provider", provider_name(call, request->row.provider));
    view_value(view, "return_host", return_host(call, request));
    if (call->session != NULL)
        view_user(view, call->session);
    json_put_text(view->model, "heading", view_text(view, arena_printf(arena, "%s_heading", name)));
    json_put_text(view->model, "message", view_text(view, arena_printf(arena, "%s_message", name)));
    json_put_text(view->model, "request_id", call->request->id);
    return view;
}

/* From where one comes back to the request. */
static const char *sign_in_path(struct call *call, const struct connect_request *request)
{
    return arena_printf(call->arena, "%s?return_to=%s", view_path(call, "/login"),
                        view_path(call, connect_path(call->arena, request)));
}

/* Somebody else is signed in here: nothing of theirs may end up with the one who is asked. */
static enum outcome refuse_session(struct call *call, const struct connect_request *request)
{
    struct arena *arena = call->arena;
    enum outcome outcome =
        refuse(&call->context, OUTCOME_FORBIDDEN, "somebody else is signed in in this browser");
    if (!page_is_wanted(call))
        return outcome;
    struct view *view = tell(call, request, "connect_other_session");
    view_link(view, arena_printf(arena, "%s&switch=1", sign_in_path(call, request)),
              view_text(view, "use_another_account"));
    view_link(view, connect_return_url(arena, request, "access_denied"),
              view_text(view, "connect_back_to_service"));
    view_finish(view, answer_for(outcome)->status);
    return outcome;
}

/* What came from the provider can't be used: the contract's words as the message, and for people as pages. */
static const struct {
    const char *word, *page;
} failures[] = {
    { "PROVIDER_SCOPE_CONSENT_REQUIRED", "connect_too_little" },
    { "PROVIDER_ACCOUNT_CONFLICT", "connect_conflict" },
    { "PROVIDER_EMAIL_MISMATCH", "connect_other_address" },
    { "PROVIDER_CONTEXT_MISMATCH", "connect_mismatch" },
};

/* is_unknown: in the user's own session it would do. */
static enum outcome tell_failure(struct call *call, const struct connect_request *request, bool is_unknown)
{
    const char *word = call->context.reason, *page = "connect_mismatch";
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
        if (text_equal(failures[i].word, word))
            page = failures[i].page;
    }
    if (!page_is_wanted(call))
        return service_refuse(call, OUTCOME_INVALID_REQUEST, "BAD_REQUEST", word);
    struct view *view = tell(call, request, is_unknown ? "connect_unknown" : page);
    json_put_text(view->model, "detail", word);
    if (is_unknown)
        view_link(view, sign_in_path(call, request), view_text(view, "sign_in"));
    else
        view_link(view, view_path(call, connect_path(call->arena, request)), view_text(view, "start_again"));
    view_link(view, connect_return_url(call->arena, request, "server_error"),
              view_text(view, "connect_back_to_service"));
    view_finish(view, 400);
    return OUTCOME_INVALID_REQUEST;
}

/* --- which request it is --- */

static bool is_others_session(const struct call *call, const struct connect_request *request)
{
    return call->session != NULL &&
           memcmp(call->session->user_id, request->row.user_id, sizeof request->row.user_id) != 0;
}

/* The request of the path, in a browser that may go on with it. OUTCOME_FORBIDDEN may have been answered. */
static enum outcome find_request(struct call *call, struct connect_request *request_out)
{
    enum outcome outcome = connect_find(&call->context, call->values[0], request_out);
    if (outcome == OUTCOME_OK && is_others_session(call, request_out))
        return refuse_session(call, request_out);
    return outcome;
}

/* The page's form belongs to the request, and to who is signed in. */
static const char *form_of(struct call *call, const struct connect_request *request)
{
    const char *id = hex_encode(call->arena, request->row.id, sizeof request->row.id);
    if (call->session == NULL)
        return id;
    return arena_printf(call->arena, "%s %s", id,
                        hex_encode(call->arena, call->session->sid, sizeof call->session->sid));
}

/* --- the way out --- */

static enum outcome leave(struct call *call, const struct connect_request *request)
{
    const struct provider *provider;
    struct provider_authorization wishes;
    enum outcome outcome = provider_find(&call->context, request->row.provider, &provider);
    if (outcome == OUTCOME_OK)
        outcome = connect_wishes(&call->context, request, provider, &wishes);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* the address is nothing for whoever has got hold of the request's */
    if (call->session == NULL)
        wishes.login_hint = NULL;
    const struct journey journey = { .purpose = JOURNEY_CONNECT,
                                     .request = request->text,
                                     .user_id = uuid_encode(call->arena, request->row.user_id),
                                     .scopes = wishes.scopes };
    return provider_set_out(call, provider, &journey, &wishes);
}

/* --- the page --- */

/* A provider may have several hosts, or send people on to one of its own, before anybody sees a page. */
static void let_travel(struct view *view, const struct provider *provider, const char *return_to)
{
    view_form_may_travel(view);
    view_form_may_reach(view, provider->authorization_endpoint);
    view_form_may_reach(view, return_to);
}

/* In the provider's sense, where there are words for that. */
static struct json *describe_scope(struct view *view, const struct provider *provider, const char *name)
{
    struct json *scope = view_scope(view, name);
    const char *key = arena_printf(view->call->arena, "scope_%s_%s", provider->kind->name, name);
    const char *title = view_text_if_any(view, key);
    if (title != NULL)
        json_put_text(scope, "title", title);
    return scope;
}

static struct json *describe_scopes(struct view *view, const struct provider *provider, const char *list)
{
    struct arena *arena = view->call->arena;
    struct json *scopes = json_new_array(arena);
    const char *word;
    size_t length;
    while (text_next_word(&list, ' ', &word, &length))
        json_append(scopes, describe_scope(view, provider, arena_strndup(arena, word, length)));
    return scopes;
}

/* The person's own accounts are for their own eyes. */
static enum outcome put_accounts(struct view *view, const struct connect_request *request)
{
    struct call *call = view->call;
    struct provider_situation *accounts = NULL;
    size_t count = 0;
    struct json *shown = json_new_array(call->arena);
    enum outcome outcome =
        call->session == NULL ? OUTCOME_OK : connect_accounts(&call->context, request, &accounts, &count);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
        if (!connect_fits(&call->context, request, &accounts[i]))
            continue;
        const struct connection_row *row = &accounts[i].connection;
        struct json *account = json_new_object(call->arena);
        json_put_text(account, "id", uuid_encode(call->arena, row->id));
        json_put_text(account, "label",
                      view_inert(call->arena, text_empty(row->label) ? row->subject : row->label));
        if (json_count(shown) == 0)
            json_put_boolean(account, "chosen", true);
        json_append(shown, account);
    }
    json_put(view->model, "connections", shown);
    json_put_boolean(view->model, "has_connections", json_count(shown) > 0);
    return outcome;
}

static enum outcome show(struct call *call, const struct connect_request *request, const char *problem)
{
    const struct provider *provider;
    enum outcome outcome = provider_find(&call->context, request->row.provider, &provider);
    if (outcome != OUTCOME_OK)
        return outcome;
    browser_side_ensure(call);
    struct view *view = view_start(call, "connect", disguise(call, &request->row), NULL);
    if (call->session != NULL)
        view_user(view, call->session);
    view_form(view, connect_path(call->arena, request), form_name, form_of(call, request));
    json_put_text(view->model, "flow", request->text);
    json_put_text(view->model, "provider", view_inert(call->arena, provider->display_name));
    view_value(view, "provider", json_member_text(view->model, "provider"));
    json_put(view->model, "scopes", describe_scopes(view, provider, request->row.scopes));
    json_put_text(view->model, "return_host", return_host(call, request));
    view_value(view, "return_host", return_host(call, request));
    outcome = put_accounts(view, request);
    if (outcome != OUTCOME_OK)
        return outcome;
    let_travel(view, provider, request->row.redirect_uri);
    if (problem != NULL)
        view_error(view, NULL, problem);
    view_finish(view, problem == NULL ? 200 : 400);
    return OUTCOME_OK;
}

static enum outcome get_connect(struct call *call)
{
    struct connect_request request;
    enum outcome outcome = find_request(call, &request);
    if (outcome != OUTCOME_OK)
        return outcome;
    return page_is_wanted(call) ? show(call, &request, NULL) : leave(call, &request);
}

/* With an account that the person has: for who is signed in alone. */
static enum outcome allow(struct call *call, const struct connect_request *request)
{
    unsigned char account_id[16];
    const char *account = call_parameter(call, "connection");
    const char *actor = arena_printf(call->arena, "user:%s", uuid_encode(call->arena, request->row.user_id));
    if (call->session == NULL)
        return leave(call, request);
    if (account == NULL || !uuid_decode(account, account_id))
        return show(call, request, "problem_connection_gone");
    enum outcome outcome = connect_allow(&call->context, request, account_id, actor);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return show(call, request, "problem_connection_gone");
    if (outcome == OUTCOME_OK)
        flow_redirect(call, connect_return_url(call->arena, request, NULL));
    return outcome;
}

static enum outcome post_connect(struct call *call)
{
    struct connect_request request;
    const char *decision = call_parameter(call, "decision");
    enum outcome outcome = find_request(call, &request);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_check(call, form_name, form_of(call, &request));
    if (outcome != OUTCOME_OK)
        return outcome;
    if (text_equal(decision, "deny")) {
        flow_redirect(call, connect_return_url(call->arena, &request, "access_denied"));
        return OUTCOME_OK;
    }
    if (text_equal(decision, "allow"))
        return allow(call, &request);
    return text_equal(decision, "link") ? leave(call, &request) : show(call, &request, NULL);
}

/* --- the way back --- */

/* The request that somebody comes back for; what it isn't any more has been told. */
static enum outcome find_again(struct call *call, const struct journey *journey,
                               struct connect_request *request_out)
{
    enum outcome outcome = connect_find(&call->context, journey->request, request_out);
    if (outcome != OUTCOME_OK)
        write_refusal(call, outcome);
    return outcome;
}

/* Once more, for the address as well. */
static enum outcome ask_address(struct call *call, const struct journey *journey,
                                const struct provider *provider)
{
    const struct provider_authorization wishes = { .offline = provider->kind->refreshes };
    const struct journey again = { .purpose = JOURNEY_CONNECT,
                                   .request = journey->request,
                                   .user_id = journey->user_id,
                                   .scopes = granting_join(call->arena, journey->scopes,
                                                           connect_address_scope(call->arena, provider)) };
    return provider_set_out(call, provider, &again, &wishes);
}

enum outcome connect_arrive(struct call *call, const struct journey *journey, const struct provider *provider,
                            const struct provider_tokens *tokens, const struct provider_identity *identity)
{
    struct connect_request request;
    const struct connect_arrival arrival = {
        .provider = provider,
        .tokens = tokens,
        .identity = identity,
        .asked = journey->scopes,
        .is_known = call->session != NULL,
    };
    enum outcome outcome = find_again(call, journey, &request);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (is_others_session(call, &request) ||
        !text_equal(journey->user_id, uuid_encode(call->arena, request.row.user_id)))
        outcome = refuse(&call->context, OUTCOME_INVALID_REQUEST, "PROVIDER_CONTEXT_MISMATCH");
    else
        outcome = connect_complete(&call->context, &request, &arrival);
    if (outcome == OUTCOME_CONSENT_REQUIRED)
        return ask_address(call, journey, provider);
    if (outcome == OUTCOME_INVALID_REQUEST || outcome == OUTCOME_UNAUTHENTICATED)
        return tell_failure(call, &request, outcome == OUTCOME_UNAUTHENTICATED);
    if (outcome != OUTCOME_OK) {
        write_refusal(call, outcome);
        return outcome;
    }
    provider_cookie_write(call, "");
    flow_redirect(call, connect_return_url(call->arena, &request, NULL));
    return OUTCOME_OK;
}

enum outcome connect_refused(struct call *call, const struct journey *journey, const char *error)
{
    static const char known[] = "access_denied consent_required interaction_required temporarily_unavailable "
                                "invalid_scope server_error";
    struct connect_request request;
    enum outcome outcome = find_again(call, journey, &request);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *word = text_has_word(known, ' ', error) ? error : "server_error";
    flow_redirect(call, connect_return_url(call->arena, &request, word));
    return OUTCOME_OK;
}

/* --- an application asks to connect an account --- */

/* Where who isn't signed in (as the right person, lately) goes first; NULL: nowhere. */
static const char *sign_in_first(struct call *call, const struct link_ticket *ticket)
{
    const char *again = NULL, *path = arena_printf(call->arena, "/connect/account/%s", call->values[0]);
    if (call->session == NULL)
        again = "";
    else if (!text_equal(uuid_encode(call->arena, call->session->user_id), ticket->user_id))
        again = "&switch=1";
    else if (account_needs_recent(&call->context, call->session) != OUTCOME_OK)
        again = "&again=1";
    if (again == NULL)
        return NULL;
    return arena_printf(call->arena, "%s?return_to=%s%s", view_path(call, "/login"), view_path(call, path),
                        again);
}

/* The ticket of the path, and its provider; *waiting_out: false when the answer has been given. */
static enum outcome find_ticket(struct call *call, struct link_ticket *ticket_out, bool *waiting_out)
{
    *waiting_out = false;
    enum outcome outcome = link_ticket_read(&call->context, call->values[0], ticket_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *first = sign_in_first(call, ticket_out);
    if (first != NULL)
        flow_redirect(call, first);
    *waiting_out = first == NULL;
    return OUTCOME_OK;
}

static const char *link_form_of(struct call *call)
{
    return arena_printf(call->arena, "%s %s", call->values[0],
                        hex_encode(call->arena, call->session->sid, sizeof call->session->sid));
}

static enum outcome get_link(struct call *call)
{
    struct link_ticket ticket;
    const struct provider *provider;
    bool waiting;
    enum outcome outcome = find_ticket(call, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = provider_find(&call->context, ticket.provider, &provider);
    if (outcome != OUTCOME_OK)
        return outcome;
    browser_side_ensure(call);
    struct view *view = view_start(call, "confirm", NULL, NULL);
    view_user(view, call->session);
    view_value(view, "provider", view_inert(call->arena, provider->display_name));
    notice_tell(view, "connect_link", true);
    view_form(view, arena_printf(call->arena, "/connect/account/%s", call->values[0]), link_form_name,
              link_form_of(call));
    let_travel(view, provider, ticket.return_to);
    view_finish(view, 200);
    return OUTCOME_OK;
}

/* All that the service may ask for is asked for at once, so that the tokens are worth keeping. */
static const char *link_scopes(struct call *call, const struct link_ticket *ticket,
                               const struct provider *provider)
{
    return granting_join(call->arena, provider->sign_in_scopes, ticket->scopes);
}

static enum outcome post_link(struct call *call)
{
    struct link_ticket ticket;
    const struct provider *provider;
    bool waiting;
    enum outcome outcome = find_ticket(call, &ticket, &waiting);
    if (!waiting)
        return outcome;
    outcome = browser_side_check(call, link_form_name, link_form_of(call));
    if (outcome == OUTCOME_OK)
        outcome = provider_find(&call->context, ticket.provider, &provider);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct journey journey = { .purpose = JOURNEY_LINK,
                                     .user_id = ticket.user_id,
                                     .return_to = ticket.return_to,
                                     .scopes = link_scopes(call, &ticket, provider) };
    const struct provider_authorization wishes = { .prompt = "select_account",
                                                   .offline = provider->kind->refreshes };
    return provider_set_out(call, provider, &journey, &wishes);
}

/* clang-format off */
static const struct route routes[] = {
    { .method = "GET", .path = "/connect/provider-token/{state}", .who = BY_BROWSER, .handler = get_connect },
    { .method = "POST", .path = "/connect/provider-token/{state}", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_connect },
    { .method = "GET", .path = "/connect/account/{ticket}", .who = BY_BROWSER, .handler = get_link },
    { .method = "POST", .path = "/connect/account/{ticket}", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_link },
};
/* clang-format on */

const struct route_family connect_family = {
    .name = "connect",
    .routes = routes,
    .count = ARRAY_SIZE(routes),
    .write_error = write_refusal,
};
