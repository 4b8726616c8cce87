/* templates.c: see templates.h. */
#include "pages/templates.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "pages/template_file.h"

#include <dirent.h>
#include <sys/stat.h>

enum { MAX_LANGUAGES = 64, LANGUAGE_MAX_BYTES = 20, BUCKETS = 128, MAX_FILES = 4096 };

static const char fallback_language[] = "en";

/* A folder's languages, listed anew when the folder has changed. */
struct language_list {
    struct template_file *folder;
    unsigned listed_version;
    char names[MAX_LANGUAGES][LANGUAGE_MAX_BYTES];
    size_t count;
};

struct templates {
    const struct settings *settings;
    struct template_file *buckets[BUCKETS];
    size_t file_count;
    int64_t now_ms;
    struct language_list languages[2]; /* the installation's and the defaults */
};

struct templates *templates_make(const struct settings *settings)
{
    struct templates *templates = calloc(1, sizeof *templates);
    if (templates == NULL)
        fatal("out of memory");
    templates->settings = settings;
    return templates;
}

static void forget_files(struct templates *templates)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        template_file_free_chain(templates->buckets[i]);
        templates->buckets[i] = NULL;
    }
    templates->file_count = 0;
    memset(templates->languages, 0, sizeof templates->languages);
}

void templates_free(struct templates *templates)
{
    if (templates == NULL)
        return;
    forget_files(templates);
    free(templates);
}

void templates_begin(struct templates *templates, int64_t now_ms)
{
    /* Services come and go; a bound that is never met in practice keeps the list from growing for ever. */
    if (templates->file_count > MAX_FILES)
        forget_files(templates);
    templates->now_ms = now_ms;
}

static size_t bucket_of(const char *path)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *path != '\0'; path++)
        hash = (hash ^ (unsigned char)*path) * 1099511628211u;
    return hash % BUCKETS;
}

/* The file of a path, in its present state. */
static struct template_file *file_at(struct templates *templates, const char *path)
{
    struct template_file **bucket = &templates->buckets[bucket_of(path)];
    struct template_file *file = *bucket;
    while (file != NULL && !text_equal(file->path, path))
        file = file->next;
    if (file == NULL) {
        file = template_file_make(path);
        file->next = *bucket;
        *bucket = file;
        templates->file_count++;
    }
    template_file_refresh(file, templates->now_ms);
    return file;
}

/* --- the search order --- */

enum { FOLDERS = 3 }; /* the service's, the installation's, the defaults */

/* The folder of one step of the search, NULL when there is none. */
static const char *folder_path(struct templates *templates, struct arena *arena, const char *service,
                               size_t step)
{
    const struct settings *settings = templates->settings;
    if (step == 2)
        return settings->default_template_directory;
    if (text_empty(settings->template_directory))
        return NULL;
    if (step == 1)
        return settings->template_directory;
    unsigned char id[16];
    if (service == NULL || !uuid_decode(service, id))
        return NULL;
    const char *path = arena_printf(arena, "%s/services/%s", settings->template_directory, service);
    return file_at(templates, path)->is_directory ? path : NULL;
}

/* Names come from templates and from the path of a request: letters, digits, '-', '_', and a dot that
 * isn't the first, so that no other folder can be named (T-108). */
static bool name_is_plain(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t length = strlen(name);
    return length > 0 && length <= 64 && name[0] != '.' && strspn(name, allowed) == length;
}

/* The first folder's file that has a usable version; *step_out tells which folder. */
static const struct template_file *search(struct templates *templates, struct arena *arena,
                                          const char *service, const char *name, size_t *step_out)
{
    if (!name_is_plain(name))
        return NULL;
    for (size_t step = 0; step < FOLDERS; step++) {
        const char *folder = folder_path(templates, arena, service, step);
        if (folder == NULL)
            continue;
        const struct template_file *file = file_at(templates, arena_printf(arena, "%s/%s", folder, name));
        if (file->usable) {
            *step_out = step;
            return file;
        }
    }
    return NULL;
}

struct lookup {
    struct templates *templates;
    struct arena *arena;
    const char *service;
};

static const struct mustache *find_template(const struct lookup *lookup, const char *name)
{
    size_t step;
    const char *file_name = arena_printf(lookup->arena, "%s.mustache", name);
    const struct template_file *file =
        search(lookup->templates, lookup->arena, lookup->service, file_name, &step);
    return file == NULL ? NULL : file->template;
}

static const struct mustache *find_partial(const char *name, void *context)
{
    return find_template(context, name);
}

const struct mustache *templates_find(struct templates *templates, const char *service, const char *name)
{
    struct arena *arena = arena_make(TEMPLATE_MAX_BYTES);
    const struct mustache *template = find_template(&(struct lookup) { templates, arena, service }, name);
    arena_destroy(arena);
    return template;
}

typedef bool (*render_fn)(const struct mustache *template, const struct json *model,
                          mustache_partial_fn partial, void *context, struct strbuf *out,
                          const char **error_out);

static bool render_with(render_fn render, const struct lookup *lookup, const char *name,
                        const struct json *model, struct strbuf *out, const char **error_out)
{
    struct lookup copy = *lookup;
    const struct mustache *template = find_template(&copy, name);
    if (template == NULL) {
        *error_out = arena_printf(out->arena, "there is no usable template %s.mustache", name);
        return false;
    }
    return render(template, model, find_partial, &copy, out, error_out);
}

bool templates_render(struct templates *templates, const char *service, const char *name,
                      const struct json *model, struct strbuf *out, const char **error_out)
{
    const struct lookup lookup = { templates, out->arena, service };
    return render_with(mustache_render, &lookup, name, model, out, error_out);
}

bool templates_render_plain(struct templates *templates, const char *service, const char *name,
                            const struct json *model, struct strbuf *out, const char **error_out)
{
    const struct lookup lookup = { templates, out->arena, service };
    return render_with(mustache_render_plain, &lookup, name, model, out, error_out);
}

/* --- assets --- */

static const struct {
    const char *suffix, *media_type;
} media_types[] = {
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".webp", "image/webp" },
    { ".ico", "image/x-icon" },
};

static const char *media_type_of(const char *file)
{
    for (size_t i = 0; i < ARRAY_SIZE(media_types); i++) {
        if (text_ends(file, media_types[i].suffix))
            return media_types[i].media_type;
    }
    return NULL;
}

bool templates_asset(struct templates *templates, const char *service, const char *file,
                     struct asset *asset_out)
{
    const char *media_type = media_type_of(file);
    if (media_type == NULL)
        return false;
    struct arena *arena = arena_make(TEMPLATE_MAX_BYTES);
    size_t step = 0;
    const struct template_file *found = search(templates, arena, service, file, &step);
    arena_destroy(arena);
    if (found == NULL)
        return false;
    *asset_out = (struct asset) { found->text, media_type, found->hash, step == 0 ? service : NULL };
    return true;
}

/* --- languages --- */

/* A language tag as a file name gives it: "de", "pt-BR" (RFC 5646 §2.1, the usual part of it). */
static bool is_language(const char *name, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return length >= 2 && length < LANGUAGE_MAX_BYTES && strspn(name, allowed) >= length;
}

static void list_languages(struct language_list *list)
{
    list->count = 0;
    DIR *folder = opendir(list->folder->path);
    if (folder == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL && list->count < MAX_LANGUAGES) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || !text_ends(entry->d_name, ".json") || !is_language(entry->d_name, length - 5))
            continue;
        memcpy(list->names[list->count], entry->d_name, length - 5);
        list->names[list->count++][length - 5] = '\0';
    }
    closedir(folder);
}

/* The languages of the installation's folder (0) or of the defaults (1). */
static const struct language_list *languages_of(struct templates *templates, struct arena *arena,
                                                size_t which)
{
    const char *folder = folder_path(templates, arena, NULL, which + 1);
    struct language_list *list = &templates->languages[which];
    if (folder == NULL)
        return list;
    struct template_file *file = file_at(templates, arena_printf(arena, "%s/text", folder));
    if (list->folder != file || list->listed_version != file->version) {
        list->folder = file;
        list->listed_version = file->version;
        list_languages(list);
    }
    return list;
}

/* The installed language that matches length bytes of tag, wholly. */
static const char *find_installed(struct templates *templates, struct arena *arena, const char *tag,
                                  size_t length)
{
    const char *wanted = arena_strndup(arena, tag, length);
    for (size_t which = 0; which < ARRAY_SIZE(templates->languages); which++) {
        const struct language_list *list = languages_of(templates, arena, which);
        for (size_t i = 0; i < list->count; i++) {
            if (text_equal_ascii_case(list->names[i], wanted))
                return list->names[i];
        }
    }
    return NULL;
}

/* RFC 4647 §3.4 (lookup): "de-AT-1996", then "de-AT", then "de". */
static const char *look_up(struct templates *templates, struct arena *arena, const char *tag, size_t length)
{
    while (length > 0 && is_language(tag, length)) {
        const char *found = find_installed(templates, arena, tag, length);
        if (found != NULL)
            return found;
        while (length > 0 && tag[length - 1] != '-')
            length--;
        length -= length > 0;
    }
    return NULL;
}

/* The weight of an Accept-Language range in thousandths (RFC 9110 §12.4.2); bad ones count as 0. */
static int weight_of(const char *parameters, size_t length)
{
    const char *weight = memmem(parameters, length, "q=", 2);
    if (weight == NULL)
        return 1000;
    const char *digits = weight + 2, *end = parameters + length;
    if (digits == end || (*digits != '0' && *digits != '1'))
        return 0;
    int value = (*digits - '0') * 1000;
    int place = 100;
    for (digits += 2; digits < end && place > 0 && *digits >= '0' && *digits <= '9'; digits++, place /= 10)
        value += (*digits - '0') * place;
    return value;
}

static const char *from_accept_language(struct templates *templates, struct arena *arena, const char *accept)
{
    const char *best = NULL, *word;
    size_t length;
    int best_weight = 0;
    while (text_next_word(&accept, ',', &word, &length)) {
        while (length > 0 && *word == ' ') {
            word++;
            length--;
        }
        size_t tag_length = strcspn(word, ";, ");
        if (tag_length > length)
            tag_length = length;
        int weight = weight_of(word + tag_length, length - tag_length);
        const char *found = weight > best_weight ? look_up(templates, arena, word, tag_length) : NULL;
        if (found != NULL) {
            best = found;
            best_weight = weight;
        }
    }
    return best;
}

const char *templates_language(struct templates *templates, struct arena *arena, const char *ui_locales,
                               const char *accept_language)
{
    const char *word, *found = NULL;
    size_t length;
    while (ui_locales != NULL && found == NULL && text_next_word(&ui_locales, ' ', &word, &length))
        found = look_up(templates, arena, word, length);
    if (found == NULL && accept_language != NULL)
        found = from_accept_language(templates, arena, accept_language);
    return found == NULL ? fallback_language : found;
}

static void put_text(const char *name, struct json *member, void *context)
{
    const char *text = json_text(member);
    if (text != NULL)
        json_put_text(context, name, text);
}

/* Lays a language's files over what is there, the defaults first. */
static void lay_over(const struct lookup *lookup, const char *language, struct json *texts)
{
    for (size_t step = FOLDERS; step-- > 0;) {
        const char *folder = folder_path(lookup->templates, lookup->arena, lookup->service, step);
        if (folder == NULL)
            continue;
        const char *path = arena_printf(lookup->arena, "%s/text/%s.json", folder, language);
        const struct template_file *file = file_at(lookup->templates, path);
        if (file->usable)
            json_each(file->json, put_text, texts);
    }
}

struct json *templates_texts(struct templates *templates, struct arena *arena, const char *service,
                             const char *language)
{
    struct lookup lookup = { templates, arena, service };
    struct json *texts = json_new_object(arena);
    lay_over(&lookup, fallback_language, texts);
    if (!text_equal(language, fallback_language))
        lay_over(&lookup, language, texts);
    return texts;
}

const char *templates_fill(struct arena *arena, const char *text, const struct json *values)
{
    if (strchr(text, '{') == NULL)
        return text;
    struct strbuf out = strbuf_start(arena);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        strbuf_add(&out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        size_t length = strcspn(text + 1, "{}");
        const char *name = arena_strndup(arena, text + 1, length);
        const char *value = text[1 + length] == '}' ? json_member_text(values, name) : NULL;
        if (value == NULL) {
            strbuf_add_char(&out, *text++);
            continue;
        }
        strbuf_add_text(&out, value);
        text += length + 2;
    }
    return out.data;
}
