/* view.c: see view.h. */
#include "pages/view.h"

#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/login/browser.h"
#include "pages/contract.h"

/* One per process, made when the first page is shown: templates outlive requests. */
static struct templates *process_templates;
static const struct settings *process_settings;

struct templates *view_templates(struct context *context)
{
    if (process_settings != context->settings) {
        templates_free(process_templates);
        process_templates = templates_make(context->settings);
        process_settings = context->settings;
    }
    templates_begin(process_templates, context->now_ms);
    return process_templates;
}

static const char *base_path(const struct settings *settings, struct arena *arena)
{
    struct uri issuer;
    return uri_parse(arena, settings->issuer, &issuer) ? issuer.path : "";
}

const char *view_path(struct call *call, const char *path)
{
    return arena_printf(call->arena, "%s%s", base_path(call->context.settings, call->arena), path);
}

const char *view_asset_path(const struct settings *settings, struct templates *templates, struct arena *arena,
                            const char *service, const char *file)
{
    struct asset asset;
    if (!templates_asset(templates, service, file, &asset))
        return NULL;
    return arena_printf(arena, "%s/assets/%s%s%s/%s", base_path(settings, arena), asset.hash,
                        asset.service == NULL ? "" : "/", asset.service == NULL ? "" : asset.service, file);
}

/* --- what is shown --- */

/* U+061C, U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F, U+FEFF and control characters. */
static size_t unseen_length(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7f)
        return 1;
    if ((text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f) || (text[0] == 0xd8 && text[1] == 0x9c))
        return 2;
    bool general = text[0] == 0xe2 && text[1] == 0x80 &&
                   ((text[2] >= 0x8b && text[2] <= 0x8f) || (text[2] >= 0xa8 && text[2] <= 0xae));
    bool isolates = text[0] == 0xe2 && text[1] == 0x81 && text[2] >= 0xa0 && text[2] <= 0xaf;
    bool mark = text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf;
    return general || isolates || mark ? 3 : 0;
}

const char *view_inert(struct arena *arena, const char *text)
{
    if (text == NULL)
        return NULL;
    struct strbuf out = strbuf_start(arena);
    while (*text != '\0') {
        size_t unseen = unseen_length((const unsigned char *)text);
        if (unseen == 0) {
            strbuf_add_char(&out, *text++);
            continue;
        }
        strbuf_add_text(&out, "\xef\xbf\xbd"); /* U+FFFD */
        text += unseen;
    }
    return out.data;
}

/* Only what a person may safely follow: links of client records with a web address (T-60, T-65). */
const char *view_web_link(struct arena *arena, const char *text)
{
    struct uri uri;
    if (text_empty(text) || !uri_parse(arena, text, &uri))
        return NULL;
    return text_equal(uri.scheme, "https") || text_equal(uri.scheme, "http") ? text : NULL;
}

static void put_client(struct view *view, const struct client *client)
{
    struct arena *arena = view->call->arena;
    struct json *shown = json_new_object(arena);
    const char *name = text_empty(client->client_name) ? client->client_id : client->client_name;
    const char *logo = view_web_link(arena, client->logo_uri);
    struct uri uri;
    json_put_boolean(shown, "logo", false); /* else a template's {{#client}}{{#logo}} finds the site's own */
    json_put_text(shown, "name", view_inert(arena, name));
    json_put_text(shown, "uri", view_web_link(arena, client->client_uri));
    json_put_text(shown, "policy_uri", view_web_link(arena, client->policy_uri));
    json_put_text(shown, "tos_uri", view_web_link(arena, client->tos_uri));
    if (logo != NULL && text_starts(logo, "https:") && uri_parse(arena, logo, &uri)) {
        json_put_text(shown, "logo", logo);
        view->logo_origin = uri_origin(arena, &uri);
    }
    json_put(view->model, "client", shown);
    view_value(view, "client", json_member_text(shown, "name"));
}

static void put_site(struct view *view)
{
    struct call *call = view->call;
    struct uri issuer;
    const char *host = uri_parse(call->arena, call->context.settings->issuer, &issuer) ? issuer.host : "";
    view_value(view, "host", host);
    struct json *site = json_new_object(call->arena);
    json_put_text(site, "name", view_text(view, "site_name"));
    json_put_text(site, "home", view_path(call, "/"));
    json_put(view->model, "site", site);
    view_value(view, "site", json_member_text(site, "name"));
}

static void put_assets(struct view *view)
{
    static const struct {
        const char *variable, *file;
    } assets[] = { { "css", "doorward.css" },
                   { "brand_css", "brand.css" },
                   { "icon", "icon.svg" },
                   { "logo", "logo.svg" },
                   { "logo", "logo.png" } };
    struct call *call = view->call;
    struct templates *templates = view_templates(&call->context);
    for (size_t i = 0; i < ARRAY_SIZE(assets); i++) {
        const char *path =
            view_asset_path(call->context.settings, templates, call->arena, view->service, assets[i].file);
        if (path != NULL && json_member(view->model, assets[i].variable) == NULL)
            json_put_text(view->model, assets[i].variable, path);
    }
}

static const char *accept_language(const struct call *call)
{
    return call->request->parameters == NULL ? NULL : request_header(call->request, "Accept-Language", NULL);
}

void view_script(struct view *view, const char *file)
{
    struct call *call = view->call;
    view->with_script = true;
    json_put_text(view->model, "script",
                  view_asset_path(call->context.settings, view_templates(&call->context), call->arena,
                                  view->service, file));
}

void view_link(struct view *view, const char *href, const char *label)
{
    struct json *links = json_member(view->model, "links");
    if (links == NULL) {
        links = json_new_array(view->call->arena);
        json_put(view->model, "links", links);
    }
    struct json *link = json_new_object(view->call->arena);
    json_put_text(link, "href", href);
    json_put_text(link, "label", label);
    json_append(links, link);
}

void view_parameter(struct view *view, const char *name, const char *value)
{
    if (value == NULL)
        return;
    struct json *parameters = json_member(view->model, "parameters");
    if (parameters == NULL) {
        parameters = json_new_array(view->call->arena);
        json_put(view->model, "parameters", parameters);
    }
    struct json *parameter = json_new_object(view->call->arena);
    json_put_text(parameter, "name", name);
    json_put_text(parameter, "value", value);
    json_append(parameters, parameter);
}

struct json *view_scope(struct view *view, const char *name)
{
    struct arena *arena = view->call->arena;
    struct json *scope = json_new_object(arena);
    const char *title = view_text_if_any(view, arena_printf(arena, "scope_%s", name));
    json_put_text(scope, "name", name);
    json_put_text(scope, "title", title == NULL ? name : title);
    json_put_text(scope, "detail", view_text_if_any(view, arena_printf(arena, "scope_%s_detail", name)));
    return scope;
}

struct view *view_start(struct call *call, const char *page, const struct client *client,
                        const char *ui_locales)
{
    struct templates *templates = view_templates(&call->context);
    struct view *view = arena_alloc(call->arena, sizeof *view);
    *view = (struct view) {
        .call = call,
        .page = page,
        .service = client == NULL || client->service == NULL ? NULL : client->service->id_text,
        .language = templates_language(templates, call->arena, ui_locales, accept_language(call)),
        .model = json_new_object(call->arena),
        .values = json_new_object(call->arena),
        .errors = json_new_array(call->arena),
        .fields = json_new_object(call->arena),
        .form_targets = strbuf_start(call->arena),
    };
    view->texts = templates_texts(templates, call->arena, view->service, view->language);
    json_put_integer(view->model, "version", CONTRACT_VERSION);
    json_put_text(view->model, "page", page);
    json_put_text(view->model, "lang", view->language);
    json_put_text(view->model, "dir", view_text(view, "direction"));
    put_site(view);
    put_assets(view);
    if (client != NULL)
        put_client(view, client);
    return view;
}

const char *view_text_if_any(struct view *view, const char *key)
{
    const char *text = json_member_text(view->texts, key);
    return text == NULL ? NULL : templates_fill(view->call->arena, text, view->values);
}

const char *view_text(struct view *view, const char *key)
{
    const char *text = view_text_if_any(view, key);
    return text == NULL ? key : text;
}

void view_value(struct view *view, const char *name, const char *value)
{
    json_put_text(view->values, name, value);
}

void view_user(struct view *view, const struct session *session)
{
    struct arena *arena = view->call->arena;
    struct json *user = json_new_object(arena);
    json_put_text(user, "name", view_inert(arena, session->user_name));
    json_put_text(user, "email", view_inert(arena, session->user_email));
    json_put(view->model, "user", user);
    view_value(view, "user", json_member_text(user, "name"));
    view_value(view, "email", json_member_text(user, "email"));
}

void view_more_form(struct view *view, const char *name, const char *path, const char *form, const char *flow)
{
    struct call *call = view->call;
    struct json *shown = json_new_object(call->arena);
    json_put_text(shown, "action", view_path(call, path));
    json_put_text(shown, "token", browser_form_token(&call->context, call->browser, form, flow));
    json_put(view->model, name, shown);
}

void view_form(struct view *view, const char *path, const char *form, const char *flow)
{
    view_more_form(view, "form", path, form, flow);
}

/* The field's object in the model, made when it isn't there yet. */
static struct json *field_of(struct view *view, const char *field)
{
    struct json *shown = json_member(view->fields, field);
    if (shown == NULL) {
        shown = json_new_object(view->call->arena);
        json_put(view->fields, field, shown);
    }
    return shown;
}

void view_field(struct view *view, const char *field, const char *value)
{
    json_put_text(field_of(view, field), "value", view_inert(view->call->arena, value));
}

void view_error(struct view *view, const char *field, const char *text_key)
{
    const char *message = view_text(view, text_key);
    struct json *error = json_new_object(view->call->arena);
    json_put_text(error, "field", field);
    json_put_text(error, "message", message);
    json_append(view->errors, error);
    if (field != NULL)
        json_put_text(field_of(view, field), "error", message);
}

/* --- headers --- */

/* A source of the policy for this URI. An IPv6 host can't be named in one (CSP §2.3.1), so its scheme
 * stands for it; another scheme than http(s) is a source by itself. */
static const char *policy_source(struct arena *arena, const char *text)
{
    struct uri uri;
    if (text_empty(text) || !uri_parse(arena, text, &uri))
        return NULL;
    return uri.host[0] == '[' ? arena_printf(arena, "%s:", uri.scheme) : uri_origin(arena, &uri);
}

void view_form_may_reach(struct view *view, const char *uri)
{
    const char *source = policy_source(view->call->arena, uri);
    if (source == NULL || strpbrk(source, " ;,'\"") != NULL ||
        text_has_word(view->form_targets.data, ' ', source))
        return;
    strbuf_add_char(&view->form_targets, ' ');
    strbuf_add_text(&view->form_targets, source);
}

void view_form_may_travel(struct view *view)
{
    strbuf_add_text(&view->form_targets, " https:");
}

void view_form_reaches_only(struct view *view, const char *uri)
{
    view->forms_leave = true;
    view_form_may_reach(view, uri);
}

void view_form_may_reach_client(struct view *view, const struct client *client, const char *redirect_uri)
{
    enum { MAX_TARGETS = 8 };
    view_form_may_reach(view, redirect_uri);
    view_form_may_reach(view, client->client_uri);
    for (size_t i = 0; i < MAX_TARGETS && client->redirect_uris != NULL && client->redirect_uris[i]; i++)
        view_form_may_reach(view, client->redirect_uris[i]);
}

/* Whether an application may have opened this page as its pop-up, which it has to find again at the end. */
static bool is_in_a_flow(struct view *view)
{
    return json_member(view->model, "client") != NULL ||
           call_parameter(view->call, "oauth_request") != NULL ||
           call_parameter(view->call, "request") != NULL;
}

static void put_headers(struct view *view)
{
    struct call *call = view->call;
    struct strbuf policy = strbuf_start(call->arena);
    strbuf_add_format(&policy, "default-src 'none'; style-src 'self'; img-src 'self'%s%s; ",
                      view->logo_origin == NULL ? "" : " ",
                      view->logo_origin == NULL ? "" : view->logo_origin);
    if (view->with_script)
        strbuf_add_text(&policy, "script-src 'self'; ");
    strbuf_add_format(&policy, "form-action%s%s; frame-ancestors 'none'; base-uri 'none'",
                      view->forms_leave ? "" : " 'self'", view->form_targets.data);
    response_header(&call->response, "Content-Security-Policy", policy.data);
    response_header(&call->response, "X-Frame-Options", "DENY");
    if (!is_in_a_flow(view))
        response_header(&call->response, "Cross-Origin-Opener-Policy", "same-origin");
    response_header(&call->response, "Content-Language", view->language);
    response_add_header(&call->response, "Vary", "Accept-Language");
}

/* --- rendering --- */

struct filling {
    struct view *view;
    struct json *filled;
};

static void fill_text(const char *name, struct json *member, void *context)
{
    struct filling *filling = context;
    const char *text = json_text(member);
    if (text != NULL)
        json_put_text(filling->filled, name,
                      templates_fill(filling->view->call->arena, text, filling->view->values));
}

static void put_texts(struct view *view)
{
    struct filling filling = { view, json_new_object(view->call->arena) };
    json_each(view->texts, fill_text, &filling);
    json_put(view->model, "text", filling.filled);
}

static void put_title(struct view *view)
{
    struct call *call = view->call;
    bool has_errors = json_count(view->errors) > 0;
    if (json_member(view->model, "heading") == NULL)
        json_put_text(view->model, "heading",
                      view_text(view, arena_printf(call->arena, "%s_heading", view->page)));
    view_value(view, "title", json_member_text(view->model, "heading"));
    json_put_text(view->model, "title", view_text(view, has_errors ? "title_with_error" : "title_plain"));
    if (has_errors)
        json_put(view->model, "errors", view->errors);
    json_put_boolean(view->model, "has_errors", has_errors);
    json_put(view->model, "fields", view->fields);
}

static void check_variable(const char *name, struct json *member, void *context)
{
    const struct view *view = context;
    (void)member;
    if (!contract_offers(view->page, name))
        bug("page %s sets %s, which is not in its contract", view->page, name);
}

/* For a set-up without usable templates: it still says what happened and how to go on. */
static const char last_resort[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not available</title>"
    "<h1>This page can't be shown at the moment</h1>"
    "<p>Its template is missing or broken. The administrator finds the reason in the log.</p></html>";

const char *view_render(struct view *view, const char **error_out)
{
    put_title(view);
    put_texts(view);
    json_each(view->model, check_variable, view);
    struct strbuf html = strbuf_start(view->call->arena);
    bool rendered = templates_render(view_templates(&view->call->context), view->service, view->page,
                                     view->model, &html, error_out);
    return rendered ? html.data : NULL;
}

void view_finish(struct view *view, int status)
{
    struct response *response = &view->call->response;
    const char *error, *html = view_render(view, &error);
    put_headers(view);
    if (html != NULL) {
        response_html(response, status, html);
        return;
    }
    log_error("template.not_rendered page=%s error=\"%s\"", view->page, error);
    response_html(response, status < 500 ? 500 : status, last_resort);
}
