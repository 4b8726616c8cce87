/*
 * account_pages.c: the family of pages where a signed-in person looks after their account. One way in for all
 * of them: signed in (freshly, where that is asked for), and for a POST with a token that belongs to this
 * browser, this session and this page's form. Each page is a struct account_page in a file of its own.
 */
#include "pages/account_page.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "app/browser_side.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/note.h"
#include "pages/pages.h"

static const struct account_page *const pages[] = {
    &account_profile_page,      &account_password_page,    &account_email_page,  &account_sessions_page,
    &account_applications_page, &account_connections_page, &account_delete_page,
};

/* What a page may be told to say once something is done: the text done_WORD. */
static const char *const done_words[] = {
    "name",     "password",  "password_mail", "email_begun", "email_given_up",  "session",
    "sessions", "withdrawn", "unlinked",      "linked",      "grant_withdrawn",
};

/* NULL when no route was found. */
static const struct account_page *page_if_any(const struct call *call)
{
    for (size_t i = 0; call->route != NULL && i < ARRAY_SIZE(pages); i++) {
        if (text_equal(call->route->path, pages[i]->path) ||
            text_equal(call->route->path, pages[i]->form_path))
            return pages[i];
    }
    return NULL;
}

static const struct account_page *page_of(const struct call *call)
{
    const struct account_page *page = page_if_any(call);
    if (page == NULL)
        bug("%s is no page of an account", call->route->path);
    return page;
}

/* --- who may enter --- */

static enum outcome ask_to_sign_in(struct call *call, const struct account_page *page, bool again)
{
    response_redirect(&call->response, 303,
                      arena_printf(call->arena, "%s?return_to=%s%s", view_path(call, "/login"),
                                   view_path(call, page->path), again ? "&again=1" : ""));
    return OUTCOME_OK;
}

/* Whether the page may go on; else the person is on the way to the sign-in, and comes back from it. */
static bool may_enter(struct call *call, const struct account_page *page, enum outcome *outcome_out)
{
    *outcome_out = OUTCOME_OK;
    if (call->session == NULL) {
        *outcome_out = ask_to_sign_in(call, page, false);
        return false;
    }
    if (!page->recent || account_needs_recent(&call->context, call->session) == OUTCOME_OK)
        return true;
    *outcome_out = ask_to_sign_in(call, page, true);
    return false;
}

/* What the forms of a session belong to: another person's, or those of an earlier session, don't count. */
static const char *session_of_form(struct call *call)
{
    return hex_encode(call->arena, call->session->sid, sizeof call->session->sid);
}

/* --- what all show --- */

void account_put_navigation(struct view *view)
{
    struct arena *arena = view->call->arena;
    struct json *entries = json_new_array(arena);
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
        struct json *entry = json_new_object(arena);
        json_put_text(entry, "href", view_path(view->call, pages[i]->path));
        json_put_text(entry, "label", view_text(view, pages[i]->label));
        if (text_equal(pages[i]->name, view->page))
            json_put_boolean(entry, "current", true);
        json_append(entries, entry);
    }
    json_put(view->model, "navigation", entries);
    json_put_text(view->model, "sign_out_url", view_path(view->call, "/logout"));
}

/* What the form before the redirect left in its note. */
static void put_notice(struct view *view)
{
    const struct note note = note_read(view->call);
    const char *said = note.said;
    if (note.problem != NULL) {
        view_value(view, "provider", view_inert(view->call->arena, note.provider));
        view_error(view, NULL, note.problem);
    }
    for (size_t i = 0; said != NULL && i < ARRAY_SIZE(done_words); i++) {
        if (text_equal(said, done_words[i]))
            json_put_text(view->model, "notice",
                          view_text(view, arena_printf(view->call->arena, "done_%s", said)));
    }
}

static struct view *start(struct call *call, const struct account_page *page)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, page->name, NULL, NULL);
    view_user(view, call->session);
    account_put_navigation(view);
    view_form(view, page->form_path == NULL ? page->path : page->form_path, page->name,
              session_of_form(call));
    return view;
}

static enum outcome finish(struct view *view, const struct account_page *page, int status)
{
    enum outcome filled = page->fill(view);
    if (filled == OUTCOME_OK)
        view_finish(view, status);
    return filled;
}

/* --- the two ways to call a page --- */

static enum outcome get_page(struct call *call)
{
    const struct account_page *page = page_of(call);
    enum outcome outcome;
    if (!may_enter(call, page, &outcome))
        return outcome;
    struct view *view = start(call, page);
    put_notice(view);
    return finish(view, page, 200);
}

static enum outcome post_page(struct call *call)
{
    const struct account_page *page = page_of(call);
    const char *done = NULL;
    enum outcome outcome;
    if (!may_enter(call, page, &outcome))
        return outcome;
    outcome = browser_side_check(call, page->name, session_of_form(call));
    if (outcome != OUTCOME_OK)
        return outcome;

    struct view *view = start(call, page);
    outcome = page->act(view, &done);
    if (outcome == OUTCOME_REAUTHENTICATION_REQUIRED)
        return ask_to_sign_in(call, page, true);
    if (outcome != OUTCOME_OK || call->response.status != 0)
        return outcome;
    if (done == NULL)
        return finish(view, page, 400);
    flow_redirect(
        call, flow_path(call, page->path, NOTE_PARAMETER, note_seal(call, &(struct note) { .said = done })));
    return OUTCOME_OK;
}

/* Back to the page, whose form is then a good one. */
static void account_error(struct call *call, enum outcome outcome)
{
    const struct account_page *page = page_if_any(call);
    page_error_back(call, outcome, page == NULL ? NULL : page->path);
}

/* clang-format off */
static const struct route routes[] = {
    { .method = "GET", .path = "/account", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/profile", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_page },
    { .method = "GET", .path = "/account/password", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/password", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_SIGN_IN, .handler = post_page },
    { .method = "GET", .path = "/account/email", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/email", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_MAIL, .handler = post_page },
    { .method = "GET", .path = "/account/sessions", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/sessions", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_page },
    { .method = "GET", .path = "/account/applications", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/applications", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_page },
    { .method = "GET", .path = "/account/connections", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/connections", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_page },
    { .method = "GET", .path = "/account/delete", .who = BY_BROWSER, .handler = get_page },
    { .method = "POST", .path = "/account/delete", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_page },
};
/* clang-format on */

const struct route_family account_family = {
    .name = "account",
    .routes = routes,
    .count = ARRAY_SIZE(routes),
    .write_error = account_error,
};
