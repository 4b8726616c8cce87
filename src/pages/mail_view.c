/* mail_view.c: see mail_view.h. */
#include "pages/mail_view.h"

#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "pages/agent_text.h"
#include "pages/contract.h"
#include "pages/contrast.h"
#include "pages/view.h"

#include <time.h>

enum { NAME_MAX_BYTES = 80, TIME_BYTES = 32 };

struct sheet {
    struct context *context;
    struct templates *templates;
    const struct mail_wanted *wanted;
    const char *page; /* "mail_pin" */
    struct json *model, *texts, *values;
};

/* --- what is known --- */

static void put(struct sheet *sheet, const char *name, const char *value)
{
    if (text_empty(value))
        return;
    json_put_text(sheet->model, name, value);
    json_put_text(sheet->values, name, value);
}

/* A text with its {values} filled in; NULL when there is none. */
static const char *text_of(const struct sheet *sheet, const char *key)
{
    const char *text = json_member_text(sheet->texts, key);
    return text == NULL ? NULL : templates_fill(sheet->context->arena, text, sheet->values);
}

/* Mail programs make links of whatever looks like one, so a name that does is left out of a greeting: it may
 * be the bait of somebody who typed another's address (T-64). */
static bool name_may_mislead(const char *name)
{
    if (strlen(name) > NAME_MAX_BYTES || strpbrk(name, ":/\\@<>") != NULL)
        return true;
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (dot > name && dot[-1] != ' ' && dot[1] != '\0' && dot[1] != ' ' && dot[1] != '.')
            return true;
    }
    return false;
}

static void put_name(struct sheet *sheet, const char *variable)
{
    const char *name =
        view_inert(sheet->context->arena, json_member_text(sheet->wanted->variables, variable));
    if (name != NULL && !name_may_mislead(name))
        put(sheet, variable, name);
}

static const char *print_time(struct arena *arena, int64_t seconds)
{
    char text[TIME_BYTES];
    time_t time = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&time, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        return NULL;
    return arena_strdup(arena, text);
}

static void put_event(struct sheet *sheet)
{
    struct arena *arena = sheet->context->arena;
    const struct json *variables = sheet->wanted->variables;
    struct json *event = json_new_object(arena);
    const struct agent agent = { json_member_text(variables, "browser"),
                                 json_member_text(variables, "system") };
    const char *address = json_member_text(variables, "address");
    int64_t time = 0;
    if (json_integer(json_member(variables, "time"), &time))
        json_put_text(event, "time", print_time(arena, time));
    if (!text_empty(address))
        json_put_text(event, "address", view_inert(arena, address));
    const char *words = agent_text(arena, sheet->texts, &agent);
    if (words != NULL)
        json_put_text(event, "agent", view_inert(arena, words));
    if (json_count(event) > 0)
        json_put(sheet->model, "event", event);
}

/* Those that this mail has by its contract; the row knows a few more. */
static void put_variables(struct sheet *sheet)
{
    static const char *const texts[] = { "email",       "link",   "pin",     "new_email",
                                         "application", "person", "provider" };
    static const char *const numbers[] = { "minutes", "hours", "days" };
    struct arena *arena = sheet->context->arena;
    const struct json *variables = sheet->wanted->variables;
    int64_t number;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (contract_offers(sheet->page, texts[i]))
            put(sheet, texts[i], view_inert(arena, json_member_text(variables, texts[i])));
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (contract_offers(sheet->page, numbers[i]) &&
            json_integer(json_member(variables, numbers[i]), &number))
            put(sheet, numbers[i], arena_printf(arena, "%lld", (long long)number));
    }
}

/* --- who sends it --- */

static void put_site(struct sheet *sheet)
{
    struct arena *arena = sheet->context->arena;
    const char *issuer = sheet->context->settings->issuer;
    struct uri uri;
    json_put_text(sheet->values, "host", uri_parse(arena, issuer, &uri) ? uri.host : "");
    struct json *site = json_new_object(arena);
    const char *name = text_of(sheet, "site_name");
    json_put_text(site, "name", name == NULL ? "" : view_inert(arena, name));
    json_put_text(site, "url", arena_printf(arena, "%s/", issuer));
    json_put(sheet->model, "site", site);
    json_put_text(sheet->values, "site", json_member_text(site, "name"));
    put(sheet, "forgot_url", arena_printf(arena, "%s/forgot-password", issuer));
}

/* Mail programs show no SVG, and load nothing over plain http. */
static void put_logo(struct sheet *sheet)
{
    static const char file[] = "logo.png";
    struct arena *arena = sheet->context->arena;
    const struct settings *settings = sheet->context->settings;
    struct uri issuer;
    const char *path = view_asset_path(settings, sheet->templates, arena, sheet->wanted->service, file);
    if (path == NULL || !uri_parse(arena, settings->issuer, &issuer) || !text_equal(issuer.scheme, "https"))
        return;
    put(sheet, "logo", arena_printf(arena, "%s%s", uri_origin(arena, &issuer), path));
}

static void put_colours(struct sheet *sheet)
{
    static const char *const files[] = { "doorward.css", "brand.css" };
    static const char *const names[][2] = { { "brand", "--brand" }, { "on_brand", "--on-brand" } };
    struct arena *arena = sheet->context->arena;
    struct contrast_sheet sheets[ARRAY_SIZE(files)];
    struct json *colours = json_new_object(arena);
    size_t count = 0;
    struct asset asset;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (templates_asset(sheet->templates, sheet->wanted->service, files[i], &asset))
            sheets[count++].text = arena_strndup(arena, (const char *)asset.bytes.data, asset.bytes.length);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        json_put_text(colours, names[i][0], contrast_colour(arena, sheets, count, names[i][1]));
    json_put(sheet->model, "colour", colours);
}

/* --- rendering --- */

static void fill_text(const char *key, struct json *member, void *context)
{
    struct sheet *sheet = context;
    if (json_text(member) != NULL)
        json_put_text(json_member(sheet->model, "text"), key, text_of(sheet, key));
}

static void put_texts(struct sheet *sheet)
{
    struct arena *arena = sheet->context->arena;
    const char *subject = text_of(sheet, arena_printf(arena, "%s_subject", sheet->page));
    const char *heading = text_of(sheet, arena_printf(arena, "%s_heading", sheet->page));
    const char *site = json_member_text(json_member(sheet->model, "site"), "name");
    json_put_text(sheet->model, "subject", view_inert(arena, text_empty(subject) ? site : subject));
    json_put_text(sheet->model, "heading", text_empty(heading) ? site : heading);
    json_put(sheet->model, "text", json_new_object(arena));
    json_each(sheet->texts, fill_text, sheet);
}

static void check_variable(const char *name, struct json *member, void *context)
{
    const struct sheet *sheet = context;
    (void)member;
    if (!contract_offers(sheet->page, name))
        bug("mail %s sets %s, which is not in its contract", sheet->page, name);
}

static void fill(struct sheet *sheet, const char *language)
{
    struct arena *arena = sheet->context->arena;
    sheet->model = json_new_object(arena);
    sheet->values = json_new_object(arena);
    sheet->texts = templates_texts(sheet->templates, arena, sheet->wanted->service, language);
    json_put_integer(sheet->model, "version", CONTRACT_VERSION);
    json_put_text(sheet->model, "page", sheet->page);
    json_put_text(sheet->model, "lang", language);
    json_put_text(sheet->model, "dir", json_member_text(sheet->texts, "direction"));
    put_site(sheet);
    put_logo(sheet);
    put_colours(sheet);
    put_name(sheet, "name");
    if (contract_offers(sheet->page, "service"))
        put_name(sheet, "service");
    put_event(sheet);
    put_variables(sheet);
    put_texts(sheet);
    json_each(sheet->model, check_variable, sheet);
}

static bool try_with(struct context *context, struct templates *templates, const struct mail_wanted *wanted,
                     struct mail_shown *shown, const char **error_out)
{
    struct arena *arena = context->arena;
    struct sheet sheet = { .context = context,
                           .templates = templates,
                           .wanted = wanted,
                           .page = arena_printf(arena, "mail_%s", wanted->template) };
    struct strbuf html = strbuf_start(arena), text = strbuf_start(arena);
    const char *text_name = arena_printf(arena, "%s_text", sheet.page);
    shown->language = arena_strdup(arena, templates_language(templates, arena, NULL, wanted->languages));
    fill(&sheet, shown->language);
    if (!templates_render(templates, wanted->service, sheet.page, sheet.model, &html, error_out) ||
        !templates_render_plain(templates, wanted->service, text_name, sheet.model, &text, error_out))
        return false;
    shown->subject = json_member_text(sheet.model, "subject");
    shown->sender = json_member_text(json_member(sheet.model, "site"), "name");
    shown->html = html.data;
    shown->text = text.data;
    return true;
}

bool mail_view_try(struct context *context, const struct mail_wanted *wanted, struct mail_shown *shown_out,
                   const char **error_out)
{
    return try_with(context, view_templates(context), wanted, shown_out, error_out);
}

/* With the shipped templates alone. */
static bool try_defaults(struct context *context, const struct mail_wanted *wanted, struct mail_shown *shown,
                         const char **error_out)
{
    struct settings settings = *context->settings;
    settings.template_directory = "";
    struct templates *templates = templates_make(&settings);
    bool fine = try_with(context, templates, wanted, shown, error_out);
    templates_free(templates);
    return fine;
}

static const char bare_html[] = "<!doctype html>\n<p>{{issuer}}</p>\n"
                                "{{#link}}<p><a href=\"{{link}}\">{{link}}</a></p>{{/link}}\n"
                                "{{#pin}}<p>{{pin}}</p>{{/pin}}\n";
static const char bare_text[] = "{{issuer}}\n\n{{#link}}{{link}}{{/link}}\n\n{{#pin}}{{pin}}{{/pin}}\n";

/* Where no template can be used: what is asked of the reader, and nothing else. */
static void make_bare(struct context *context, const struct mail_wanted *wanted, struct mail_shown *shown)
{
    struct arena *arena = context->arena;
    struct strbuf text = strbuf_start(arena), html = strbuf_start(arena);
    struct json *model = json_new_object(arena);
    struct mustache_error fault;
    const char *error;
    json_put_text(model, "issuer", context->settings->issuer);
    json_put_text(model, "link", json_member_text(wanted->variables, "link"));
    json_put_text(model, "pin", json_member_text(wanted->variables, "pin"));
    const struct mustache *for_html = mustache_compile(arena, bare_html, strlen(bare_html), &fault);
    const struct mustache *for_text = mustache_compile(arena, bare_text, strlen(bare_text), &fault);
    if (!for_html || !mustache_render(for_html, model, NULL, NULL, &html, &error) || !for_text ||
        !mustache_render_plain(for_text, model, NULL, NULL, &text, &error))
        bug("the mail of last resort can't be rendered");
    *shown = (struct mail_shown) { .subject = context->settings->issuer,
                                   .text = text.data,
                                   .html = html.data,
                                   .language = "en",
                                   .sender = "" };
}

void mail_view_render(struct context *context, const struct mail_wanted *wanted, struct mail_shown *shown_out)
{
    const char *error;
    if (mail_view_try(context, wanted, shown_out, &error))
        return;
    log_error("template.not_rendered page=mail_%s error=\"%s\" use=defaults", wanted->template, error);
    if (try_defaults(context, wanted, shown_out, &error))
        return;
    log_error("template.not_rendered page=mail_%s error=\"%s\" use=none", wanted->template, error);
    make_bare(context, wanted, shown_out);
}
