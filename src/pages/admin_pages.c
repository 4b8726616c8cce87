/*
 * admin_pages.c: the family of the console. One way in for all pages: an administrator's session, and for a
 * POST a form of ours, of this browser, this session and this page; for what is dangerous a fresh sign-in.
 */
#include "pages/admin_page.h"

#include "app/admin_side.h"
#include "app/browser_side.h"
#include "app/idempotency.h"
#include "core/encode.h"
#include "core/text.h"
#include "pages/error_page.h"
#include "pages/flow.h"
#include "pages/note.h"
#include "pages/pages.h"

static const struct admin_page *const pages[] = {
    /* the installation's */
    &admin_services_page,
    &admin_providers_page,
    &admin_provider_page,
    /* a service's */
    &admin_service_page,
    &admin_clients_page,
    &admin_client_page,
    &admin_keys_page,
    &admin_members_page,
    &admin_member_page,
    &admin_requests_page,
    &admin_subscriptions_page,
    &admin_subscription_page,
    &admin_plans_page,
    &admin_plan_page,
};

/* NULL for sign-in and sign-out, and when no route was found. */
static const struct admin_page *page_if_any(const struct call *call)
{
    for (size_t i = 0; call->route != NULL && i < ARRAY_SIZE(pages); i++) {
        if (text_equal(call->route->path, pages[i]->path))
            return pages[i];
    }
    return NULL;
}

static const struct admin_page *page_of(const struct call *call)
{
    const struct admin_page *page = page_if_any(call);
    if (page == NULL)
        bug("%s is no page of the console", call->route->path);
    return page;
}

/* --- what all show --- */

/* The page's path with the service of this one in it; NULL when that needs more than a service. */
static const char *path_in_service(struct call *call, const struct admin_page *page)
{
    static const char variable[] = "{service}";
    const char *at = strstr(page->path, variable);
    if (at == NULL)
        return page->path;
    const char *rest = at + strlen(variable);
    bool elsewhere = call->route != NULL && strstr(call->route->path, variable) == NULL;
    if (elsewhere || call->values[0] == NULL || strchr(rest, '{') != NULL)
        return NULL;
    return arena_printf(call->arena, "%.*s%s%s", (int)(at - page->path), page->path, call->values[0], rest);
}

/* The pages of a service stand under its name. */
static void put_group(struct view *view, struct json *entry, const struct admin_page *page)
{
    const char *service = json_member_text(view->model, "service");
    if (page == &admin_service_page && service != NULL)
        json_put_text(entry, "group", service);
    else
        json_put_boolean(entry, "group", false);
}

static void put_entry(struct view *view, struct json *entries, const struct admin_page *page, bool is_current)
{
    struct call *call = view->call;
    const char *path = page->in_navigation ? path_in_service(call, page) : NULL;
    if (path == NULL)
        return;
    struct json *entry = json_new_object(call->arena);
    json_put_text(entry, "href", view_path(call, path));
    json_put_text(entry, "label", view_text(view, arena_printf(call->arena, "admin_%s_label", page->name)));
    json_put_boolean(entry, "current", is_current);
    put_group(view, entry, page);
    json_append(entries, entry);
}

/* A page that isn't in the navigation counts as the one that its path begins with. */
static bool is_within(const struct admin_page *page, const struct admin_page *entry)
{
    size_t length = strlen(entry->path);
    return page == entry ||
           (!page->in_navigation && strncmp(page->path, entry->path, length) == 0 &&
            page->path[length] == '/' && !text_starts("/admin/services/{service}", entry->path));
}

void admin_put_navigation(struct view *view, const struct admin_page *page)
{
    struct json *entries = json_new_array(view->call->arena);
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
        put_entry(view, entries, pages[i], page != NULL && is_within(page, pages[i]));
    json_put(view->model, "navigation", entries);
}

static void put_admin(struct view *view)
{
    struct call *call = view->call;
    struct json *user = json_new_object(call->arena);
    json_put_text(user, "name", view_inert(call->arena, call->admin->name));
    json_put_text(user, "email", view_inert(call->arena, call->admin->email));
    json_put(view->model, "user", user);
    view_more_form(view, "sign_out", "/admin/sign-out", "admin_sign_out", admin_side_form(call));
}

static void put_notice(struct view *view)
{
    const char *said = note_read(view->call).said;
    const char *key = arena_printf(view->call->arena, "admin_done_%s", said == NULL ? "" : said);
    const char *text = said == NULL ? NULL : view_text_if_any(view, key);
    if (text != NULL)
        json_put_text(view->model, "notice", text);
}

static struct view *start(struct call *call)
{
    browser_side_ensure(call);
    struct view *view = view_start(call, "admin_console", NULL, NULL);
    put_admin(view);
    json_put_text(view->model, "action", view_path(call, call->request->path));
    return view;
}

static void put_heading(struct view *view, const struct admin_page *page)
{
    struct arena *arena = view->call->arena;
    if (json_member(view->model, "heading") == NULL)
        json_put_text(view->model, "heading",
                      view_text(view, arena_printf(arena, "admin_%s_heading", page->name)));
    const char *intro = view_text_if_any(view, arena_printf(arena, "admin_%s_intro", page->name));
    if (intro != NULL)
        json_put_text(view->model, "intro", intro);
}

static enum outcome finish(struct view *view, const struct admin_page *page, int status)
{
    enum outcome filled = page->fill(view);
    if (filled != OUTCOME_OK)
        return filled;
    admin_put_navigation(view, page);
    put_heading(view, page);
    view_finish(view, status);
    return OUTCOME_OK;
}

enum outcome admin_said(struct view *view, enum outcome outcome, const char *word, struct admin_done *done)
{
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    done->said = word;
    return OUTCOME_OK;
}

enum outcome admin_shown(struct view *view, enum outcome outcome, const char *name, const char *value,
                         struct admin_done *done)
{
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    admin_once(view, name, value);
    done->shown_once = true;
    return OUTCOME_OK;
}

bool admin_sent(const struct view *view, const char *form)
{
    return text_equal(form_value(&view->call->form, "form"), form);
}

/* --- the two ways to call a page --- */

static enum outcome get_page(struct call *call)
{
    const struct admin_page *page = page_of(call);
    struct view *view = start(call);
    put_notice(view);
    return finish(view, page, 200);
}

static enum outcome ask_to_sign_in(struct call *call)
{
    response_redirect(&call->response, 303,
                      arena_printf(call->arena, "%s?again=1&return_to=%s", view_path(call, "/admin"),
                                   percent_encode(call->arena, call->request->path)));
    return OUTCOME_OK;
}

/* The form that was sent; NULL when the page has none of that name. */
static const struct admin_form *form_of(struct call *call, const struct admin_page *page)
{
    const char *name = form_value(&call->form, "form");
    for (size_t i = 0; i < ADMIN_PAGE_FORMS && page->forms[i].name != NULL; i++) {
        if (text_equal(page->forms[i].name, name))
            return &page->forms[i];
    }
    return NULL;
}

static enum outcome answer_done(struct view *view, const struct admin_page *page,
                                const struct admin_done *done)
{
    struct call *call = view->call;
    if (done->shown_once)
        return finish(view, page, 200);
    if (done->said == NULL)
        return finish(view, page, admin_is_stale(view) ? 409 : 400);
    const struct note note = { .said = done->said };
    const char *path = done->path == NULL ? view_path(call, call->request->path) : done->path;
    flow_redirect(call, arena_printf(call->arena, "%s?" NOTE_PARAMETER "=%s", path, note_seal(call, &note)));
    return OUTCOME_OK;
}

/* Whether the form may act. OK with an answer: it is this that is said instead. */
static enum outcome check_form(struct call *call, const struct admin_form *form)
{
    static const char *const once[] = { "form", "seen", "id", NULL };
    if (call_repeated(call, once) != NULL)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a field of the form is repeated");
    if (form == NULL)
        return refuse(&call->context, OUTCOME_FOREIGN_FORM, "the page has no such form");
    enum outcome outcome = admin_side_check(call, form->name);
    if (outcome != OUTCOME_OK)
        return outcome;
    if ((form->is & ADMIN_RECENT) && admin_session_needs_recent(&call->context, call->admin) != OUTCOME_OK)
        return ask_to_sign_in(call);
    return (form->is & ADMIN_MAKES) ? idempotency_begin_form(call) : OUTCOME_OK;
}

static enum outcome post_page(struct call *call)
{
    const struct admin_page *page = page_of(call);
    const struct admin_form *form = form_of(call, page);
    struct admin_done done = { .said = NULL };
    enum outcome outcome = check_form(call, form);
    if (outcome != OUTCOME_OK || call->response.status != 0)
        return outcome;
    struct view *view = start(call);
    outcome = form->act(view, &done);
    if (outcome == OUTCOME_OK)
        return answer_done(view, page, &done);
    if (outcome != OUTCOME_NOT_FOUND)
        return outcome;
    /* its own token says that it was there: gone since, by another click or another administrator */
    view_error(view, NULL, "admin_problem_gone");
    return finish(view, page, 404);
}

/* From an error: back to the form; from what isn't there to the page above it. */
static const char *way_back(struct call *call, enum outcome outcome)
{
    const char *path = call->request->path;
    if (page_if_any(call) == NULL || text_equal(call->request->method, "GET"))
        return "/admin";
    return outcome == OUTCOME_NOT_FOUND
               ? arena_strndup(call->arena, path, (size_t)(strrchr(path, '/') - path))
               : path;
}

void admin_error(struct call *call, enum outcome outcome)
{
    bool is_page = text_equal(call->request->method, "GET");
    if (outcome != OUTCOME_UNAUTHENTICATED || call->response.status != 0) {
        page_error_back(call, outcome, way_back(call, outcome));
        return;
    }
    response_redirect(&call->response, 303,
                      arena_printf(call->arena, "%s%s%s", view_path(call, "/admin"),
                                   is_page ? "?return_to=" : "",
                                   is_page ? percent_encode(call->arena, call->request->path) : ""));
}

/* clang-format off */
#define PAGE(place) \
    { .method = "GET", .path = place, .who = BY_ADMIN, .handler = get_page }, \
    { .method = "POST", .path = place, .who = BY_ADMIN, .body = BODY_FORM, .handler = post_page }

static const struct route routes[] = {
    { .method = "GET", .path = "/admin", .who = BY_BROWSER, .handler = get_admin },
    { .method = "POST", .path = "/admin", .who = BY_BROWSER, .body = BODY_FORM, .limit = LIMIT_SIGN_IN,
      .handler = post_admin },
    { .method = "GET", .path = "/admin/code", .who = BY_BROWSER, .handler = get_admin_code },
    { .method = "POST", .path = "/admin/code", .who = BY_BROWSER, .body = BODY_FORM, .limit = LIMIT_PIN,
      .handler = post_admin_code },
    { .method = "GET", .path = "/admin/second-step", .who = BY_BROWSER, .handler = get_admin_second_step },
    { .method = "POST", .path = "/admin/second-step", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_PIN, .handler = post_admin_second_step },
    { .method = "POST", .path = "/admin/sign-out", .who = BY_ADMIN, .body = BODY_FORM,
      .handler = post_admin_sign_out },
    PAGE("/admin/services"),
    PAGE("/admin/services/{service}"),
    PAGE("/admin/services/{service}/clients"),
    PAGE("/admin/services/{service}/clients/{client}"),
    PAGE("/admin/services/{service}/keys"),
    PAGE("/admin/services/{service}/members"),
    PAGE("/admin/services/{service}/members/{user}"),
    PAGE("/admin/services/{service}/requests"),
    PAGE("/admin/services/{service}/subscriptions"),
    PAGE("/admin/services/{service}/subscriptions/{user}"),
    PAGE("/admin/services/{service}/plans"),
    PAGE("/admin/services/{service}/plans/{plan}"),
    PAGE("/admin/providers"),
    PAGE("/admin/providers/{provider}"),
};
/* clang-format on */

const struct route_family admin_family = {
    .name = "admin",
    .routes = routes,
    .count = ARRAY_SIZE(routes),
    .write_error = admin_error,
};
