/* template_check.c: see template_check.h. Read template_check() at the bottom first. */
#include "pages/template_check.h"

#include "core/encode.h"
#include "core/text.h"
#include "pages/contract.h"
#include "pages/contrast.h"
#include "pages/preview.h"
#include "pages/template_file.h"
#include "pages/templates.h"

#include <dirent.h>
#include <unistd.h>

struct check {
    struct arena *arena;
    const struct settings *settings;
    struct templates *templates;
    template_report_fn report;
    void *context;
    size_t serious;
    const char *folder, *service; /* in hand */
    const char *file, *page;      /* the template in hand; page NULL for a partial */
    const struct json *english;   /* all texts, as the folder in hand sees them */
    const struct json *default_english,
        *own_english; /* text/en.json of the defaults, of the folder in hand */
};

static void tell(struct check *check, const char *file, size_t line, bool serious, const char *message)
{
    struct template_finding finding = { file, line, serious, message };
    check->serious += serious;
    check->report(&finding, check->context);
}

/* Calls visit for each regular file name in a folder that ends in suffix. */
static void each_file(struct check *check, const char *folder, const char *suffix,
                      void (*visit)(struct check *check, const char *path, const char *name))
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && text_ends(entry->d_name, suffix))
            visit(check, arena_printf(check->arena, "%s/%s", folder, entry->d_name),
                  arena_strdup(check->arena, entry->d_name));
    }
    if (directory != NULL)
        closedir(directory);
}

/* --- templates: what they name --- */

/* Pages and mails: each with its list of names. */
static const char *const *const lists[] = { contract_pages, contract_mails };

/* A partial may be of any page or mail. */
static bool is_offered(const struct check *check, const char *name)
{
    return check->page != NULL ? contract_offers(check->page, name) : contract_offers_anywhere(name);
}

/* The variable that a name stands for in its sections ("policy_uri" inside {{#client}}); NULL when no
 * page offers one. */
static const char *resolve(const struct check *check, const struct mustache_use *use)
{
    for (const struct mustache_use *section = use->section; section != NULL; section = section->section) {
        const char *outer = resolve(check, section);
        if (outer == NULL)
            continue;
        const char *member = arena_printf(check->arena, "%s.%s", outer, use->name);
        const char *item = arena_printf(check->arena, "%s[].%s", outer, use->name);
        if (is_offered(check, member))
            return member;
        if (is_offered(check, item))
            return item;
    }
    return is_offered(check, use->name) ? use->name : NULL;
}

static void check_variable(struct check *check, const struct mustache_use *use)
{
    bool is_text = text_starts(use->name, "text.");
    if (text_equal(use->name, "."))
        return;
    if (is_text && json_member_text(check->english, use->name + 5) == NULL)
        tell(check, check->file, use->line, true,
             arena_printf(check->arena, "there is no text %s in text/en.json", use->name + 5));
    if (!is_text && resolve(check, use) == NULL)
        tell(check, check->file, use->line, true,
             arena_printf(check->arena, "no page offers a variable %s here", use->name));
}

static void check_use(const struct mustache_use *use, void *context)
{
    struct check *check = context;
    if (use->kind == MUSTACHE_VARIABLE || use->kind == MUSTACHE_SECTION || use->kind == MUSTACHE_INVERTED)
        check_variable(check, use);
    bool is_file = use->kind == MUSTACHE_PARTIAL || use->kind == MUSTACHE_PARENT;
    if (is_file && templates_find(check->templates, check->service, use->name) == NULL)
        tell(check, check->file, use->line, true,
             arena_printf(check->arena, "there is no usable template %s.mustache", use->name));
}

/* The page or mail that a file is the template of; NULL for a partial. */
static const char *page_of(const char *name)
{
    for (size_t list = 0; list < ARRAY_SIZE(lists); list++) {
        for (size_t i = 0; lists[list][i] != NULL; i++) {
            size_t length = strlen(lists[list][i]);
            if (strncmp(name, lists[list][i], length) == 0 &&
                (text_equal(name + length, ".mustache") ||
                 (lists[list] == contract_mails && text_equal(name + length, "_text.mustache"))))
                return lists[list][i];
        }
    }
    return NULL;
}

static void check_template(struct check *check, const char *path, const char *name)
{
    struct template_file file = { .path = arena_strdup(check->arena, path), .arena = check->arena };
    const struct template_fault *fault = template_file_load(&file);
    if (fault != NULL) {
        tell(check, path, fault->line, true, fault->message);
        return;
    }
    check->file = path;
    check->page = page_of(name);
    mustache_each_use(file.template, check_use, check);
}

/* --- texts --- */

struct text_check {
    struct check *check;
    const char *file;
    const struct json *own, *reference;
};

static void check_stale(const char *name, struct json *member, void *context)
{
    struct text_check *text = context;
    struct arena *arena = text->check->arena;
    if (json_text(member) == NULL)
        tell(text->check, text->file, 0, true, arena_printf(arena, "%s is not a string", name));
    if (json_member(text->reference, name) == NULL)
        tell(text->check, text->file, 0, false,
             arena_printf(arena, "%s is stale: no such text in en.json", name));
}

static void check_missing(const char *name, struct json *member, void *context)
{
    struct text_check *text = context;
    (void)member;
    if (json_member(text->own, name) == NULL)
        tell(text->check, text->file, 0, false,
             arena_printf(text->check->arena, "%s is missing: English is shown", name));
}

/* A text of the folder's own, which no default stands behind. */
static void check_own_missing(const char *name, struct json *member, void *context)
{
    struct text_check *text = context;
    if (json_member(text->check->default_english, name) == NULL)
        check_missing(name, member, context);
}

/* What the file must have: those of the defaults all that their English has; a language that they don't have,
 * all that there is; any other lays a few texts over them, and lacks none that its folder alone has. */
static void check_whole(struct text_check *text, const char *name)
{
    struct check *check = text->check;
    const char *defaults = check->settings->default_template_directory;
    const char *twin = arena_printf(check->arena, "%s/text/%s", defaults, name);
    if (text_equal(check->folder, defaults))
        json_each(check->default_english, check_missing, text);
    else if (access(twin, F_OK) != 0)
        json_each(check->english, check_missing, text);
    else
        json_each(check->own_english, check_own_missing, text);
}

static void check_texts(struct check *check, const char *path, const char *name)
{
    struct template_file file = { .path = arena_strdup(check->arena, path), .arena = check->arena };
    const struct template_fault *fault = template_file_load(&file);
    if (fault != NULL) {
        tell(check, path, fault->line, true, fault->message);
        return;
    }
    struct text_check text = { check, path, file.json, check->english };
    json_each(file.json, check_stale, &text);
    check_whole(&text, name);
}

/* --- colours --- */

static const char *read_text(struct check *check, const char *path)
{
    struct template_file file = { .path = arena_strdup(check->arena, path), .arena = check->arena };
    return template_file_load(&file) == NULL ? (const char *)file.text.data : NULL;
}

static void check_colours(struct check *check, const char *path, const char *name)
{
    bool is_base = text_equal(name, "doorward.css");
    const char *base_path =
        is_base ? path
                : arena_printf(check->arena, "%s/doorward.css", check->settings->default_template_directory);
    struct contrast_sheet sheets[] = { { read_text(check, base_path) }, { NULL } };
    size_t count = sheets[0].text != NULL;
    if (!is_base && (sheets[count].text = read_text(check, path)) != NULL)
        count++;
    struct contrast_finding *findings;
    size_t found = contrast_check(check->arena, sheets, count, &findings);
    for (size_t i = 0; i < found; i++)
        tell(check, path, findings[i].line, true, findings[i].message);
}

/* --- pages and mails --- */

struct render_check {
    struct check *check;
    const struct json *samples;
    const char *page;
};

static void check_state(const char *state, struct json *member, void *context)
{
    const struct render_check *render = context;
    struct check *check = render->check;
    struct preview preview = {
        .page = render->page, .state = state, .samples = render->samples, .service = check->service
    };
    const char *error;
    (void)member;
    struct arena *arena = arena_make(PREVIEW_MAX_BYTES); /* of each state alone: there are many */
    if (preview_render(arena, check->settings, &preview, &error) == NULL)
        tell(check, arena_printf(check->arena, "%s/%s.mustache", check->folder, render->page), 0, true,
             arena_printf(check->arena, "state %s can't be rendered: %s", state, error));
    arena_destroy(arena);
}

static void check_pages(struct check *check)
{
    const char *error;
    const struct json *samples = preview_samples(check->arena, check->settings, &error);
    if (samples == NULL)
        tell(check, check->folder, 0, true, error);
    for (size_t list = 0; samples != NULL && list < ARRAY_SIZE(lists); list++) {
        for (size_t i = 0; lists[list][i] != NULL; i++) {
            struct render_check render = { check, samples, lists[list][i] };
            json_each(json_member(samples, lists[list][i]), check_state, &render);
        }
    }
}

/* --- folders --- */

static const struct json *read_english(struct check *check, const char *folder)
{
    struct template_file file = { .path = (char *)arena_printf(check->arena, "%s/text/en.json", folder),
                                  .arena = check->arena };
    return template_file_load(&file) == NULL ? file.json : NULL;
}

static void check_folder(struct check *check, const char *folder, const char *service)
{
    check->folder = folder;
    check->service = service;
    check->english = templates_texts(check->templates, check->arena, service, "en");
    check->own_english = read_english(check, folder);
    each_file(check, folder, ".mustache", check_template);
    each_file(check, arena_printf(check->arena, "%s/text", folder), ".json", check_texts);
    each_file(check, folder, ".css", check_colours);
    check_pages(check);
}

static void check_service(struct check *check, const char *path, const char *name)
{
    unsigned char id[16];
    if (uuid_decode(name, id))
        check_folder(check, path, name);
    else
        tell(check, path, 0, false, "is not the id of a service: nobody looks into it");
}

size_t template_check(struct arena *arena, const struct settings *settings, template_report_fn report,
                      void *context)
{
    struct check check = { .arena = arena, .settings = settings, .report = report, .context = context };
    check.templates = templates_make(settings);
    check.default_english = read_english(&check, settings->default_template_directory);
    check_folder(&check, settings->default_template_directory, NULL);
    if (!text_empty(settings->template_directory)) {
        check_folder(&check, settings->template_directory, NULL);
        each_file(&check, arena_printf(arena, "%s/services", settings->template_directory), "",
                  check_service);
    }
    templates_free(check.templates);
    return check.serious;
}
