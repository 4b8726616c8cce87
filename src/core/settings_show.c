/* settings_show.c: every option with its value: as text, as JSON, and as the list of the manual. */
#include "core/settings_options.h"

#include "core/json_writer.h"
#include "core/text.h"

/* What the manual calls the values of each kind. */
static const char *const arguments[] = {
    [KIND_TEXT] = "text",
    [KIND_PATH] = "path",
    [KIND_SECRET] = "text | file:/path",
    [KIND_INTEGER] = "number",
    [KIND_OCTAL] = "mode",
    [KIND_SIZE] = "size",
    [KIND_DURATION] = "duration",
    [KIND_BOOLEAN] = "yes | no",
    [KIND_ISSUER] = "URL",
    [KIND_BASE_URL] = "URL",
    [KIND_ORIGINS] = "origins",
    [KIND_ADDRESSES] = "addresses",
    [KIND_MAIL] = "smtp://host:port | smtps://host:port | sendmail:/path",
    [KIND_HOSTS] = "hosts and addresses",
};

/* The value as it would be written in the file; secrets only as whether they're set. */
static const char *print_value(struct arena *arena, const struct option *option, const void *source)
{
    const void *at = (const char *)source + option->offset;
    int64_t number;
    const char *text;
    bool boolean;
    switch (option->kind) {
    case KIND_INTEGER:
    case KIND_OCTAL:
    case KIND_SIZE:
    case KIND_DURATION:
        memcpy(&number, at, sizeof(number));
        return settings_print_number(arena, option->kind, number);
    case KIND_BOOLEAN:
        memcpy(&boolean, at, sizeof(boolean));
        return boolean ? "yes" : "no";
    default:
        memcpy(&text, at, sizeof(text));
        if (option->kind == KIND_SECRET)
            return *text ? "(set)" : "(not set)";
        return text;
    }
}

static const char *print_default(struct arena *arena, const struct option *option)
{
    return option->kind == KIND_SECRET ? "(not set)" : settings_expand(arena, option->fallback);
}

/* Calls write for each option of a list, or for those whose value isn't the default. */
static void each_option(const struct option_list *list, const void *source, bool changed_only,
                        struct arena *arena, void *context,
                        void (*write)(void *context, const struct option *option, const char *value,
                                      const char *fallback))
{
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        const char *value = print_value(arena, option, source);
        const char *fallback = print_default(arena, option);
        if (!changed_only || !text_equal(value, fallback))
            write(context, option, value, fallback);
    }
}

/* The file's own form, so that it can be saved and loaded; a secret stays a comment. */
static void write_text(void *context, const struct option *option, const char *value, const char *fallback)
{
    struct strbuf *out = context;
    strbuf_add_format(out, "# %s", option->help);
    if (*fallback)
        strbuf_add_format(out, " Default: %s.", fallback);
    strbuf_add_format(out, "\n%s%s =%s%s\n\n", option->kind == KIND_SECRET ? "# " : "", option->name,
                      *value ? " " : "", value);
}

static void write_text_changed(void *context, const struct option *option, const char *value,
                               const char *fallback)
{
    (void)fallback;
    strbuf_add_format(context, "%s%s =%s%s\n", option->kind == KIND_SECRET ? "# " : "", option->name,
                      *value ? " " : "", value);
}

/* With an empty socket again where it is the one that an empty one stands for. */
static struct pool_settings pool_as_written(struct arena *arena, const struct settings *settings,
                                            size_t index)
{
    struct pool_settings pool = settings->pools[index];
    if (text_equal(pool.socket, settings_default_socket(arena, settings, pool.name)))
        pool.socket = "";
    return pool;
}

static void settings_write_text(const struct settings *settings, bool changed_only, struct strbuf *out)
{
    struct arena *arena = out->arena;
    each_option(&settings_main_list, settings, changed_only, arena, out,
                changed_only ? write_text_changed : write_text);
    for (size_t i = 0; i < settings->pool_count; i++) {
        struct pool_settings pool = pool_as_written(arena, settings, i);
        strbuf_add_format(out, "%s[pool %s]\n", changed_only ? "\n" : "", pool.name);
        each_option(&settings_pool_list, &pool, changed_only, arena, out,
                    changed_only ? write_text_changed : write_text);
    }
}

static void write_json(void *context, const struct option *option, const char *value, const char *fallback)
{
    struct json_writer *writer = context;
    json_open_object(writer, NULL);
    json_write_text(writer, "name", option->name);
    json_write_text(writer, "value", value);
    json_write_text(writer, "default", fallback);
    json_write_boolean(writer, "changed", !text_equal(value, fallback));
    json_write_text(writer, "help", option->help);
    json_close_object(writer);
}

static void settings_write_json(const struct settings *settings, bool changed_only, struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "options");
    each_option(&settings_main_list, settings, changed_only, out->arena, &writer, write_json);
    json_close_array(&writer);
    json_open_array(&writer, "pools");
    for (size_t i = 0; i < settings->pool_count; i++) {
        struct pool_settings pool = pool_as_written(out->arena, settings, i);
        json_open_object(&writer, NULL);
        json_write_text(&writer, "name", pool.name);
        json_open_array(&writer, "options");
        each_option(&settings_pool_list, &pool, changed_only, out->arena, &writer, write_json);
        json_close_array(&writer);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    strbuf_add(out, writer.text.data, writer.text.length);
}

static bool has_bounds(const struct option *option)
{
    return option->kind >= KIND_INTEGER && option->kind <= KIND_DURATION;
}

/* mdoc wants each sentence on a line of its own. */
static void write_man_sentences(const char *text, struct strbuf *out)
{
    const char *end;
    for (; (end = strstr(text, ". ")); text = end + 2)
        strbuf_add_format(out, "%.*s.\n", (int)(end - text), text);
    strbuf_add_format(out, "%s\n", text);
}

/* "Default: x. From a to b." Directories of the build keep their names. */
static void write_man_option(const struct option *option, struct strbuf *out)
{
    struct arena *arena = out->arena;
    strbuf_add_format(out, ".It Cm %s No = ", option->name);
    if (option->choices) {
        const char *cursor = option->choices, *word;
        size_t length;
        for (bool first = true; text_next_word(&cursor, ' ', &word, &length); first = false)
            strbuf_add_format(out, "%s%.*s", first ? "" : " | ", (int)length, word);
    } else {
        strbuf_add_format(out, "Ar %s", arguments[option->kind]);
    }
    strbuf_add_char(out, '\n');
    write_man_sentences(option->help, out);
    if (*option->fallback)
        strbuf_add_format(out, "Default:\n.Ql %s .\n", option->fallback);
    if (has_bounds(option))
        strbuf_add_format(out, "From %s to %s.\n",
                          settings_print_number(arena, option->kind, option->minimum),
                          settings_print_number(arena, option->kind, option->maximum));
}

static void write_man_list(const struct option_list *list, struct strbuf *out)
{
    strbuf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < list->count; i++)
        write_man_option(&list->options[i], out);
    strbuf_add_text(out, ".El\n");
}

static void settings_write_man(struct strbuf *out)
{
    write_man_list(&settings_main_list, out);
    strbuf_add_text(out, ".Ss Options of a pool\nBelow a line\n.Ql [pool NAME] :\n");
    write_man_list(&settings_pool_list, out);
}

void settings_write(const struct settings *settings, enum settings_format format, bool changed_only,
                    struct strbuf *out)
{
    switch (format) {
    case SETTINGS_TEXT:
        settings_write_text(settings, changed_only, out);
        return;
    case SETTINGS_JSON:
        settings_write_json(settings, changed_only, out);
        return;
    case SETTINGS_MAN:
        settings_write_man(out);
        return;
    }
}
