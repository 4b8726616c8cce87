/* template.c: `doorward template check` and `doorward template preview`. */
#include "cmd/cli/cli.h"

#include "core/text.h"
#include "pages/preview.h"
#include "pages/template_check.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- check --- */

struct listing {
    struct cli *cli;
    struct json_writer writer;
    size_t told;
};

static void tell(const struct template_finding *finding, void *context)
{
    struct listing *listing = context;
    const char *kind = finding->serious ? "error" : "note";
    listing->told++;
    if (!listing->cli->json) {
        const char *line = finding->line == 0 ? "" : arena_printf(listing->cli->arena, "%zu:", finding->line);
        printf("%s:%s %s: %s\n", finding->file, line, kind, finding->message);
        return;
    }
    json_open_object(&listing->writer, NULL);
    json_write_text(&listing->writer, "file", finding->file);
    json_write_integer(&listing->writer, "line", (int64_t)finding->line);
    json_write_text(&listing->writer, "kind", kind);
    json_write_text(&listing->writer, "message", finding->message);
    json_close_object(&listing->writer);
}

static enum cli_status check(struct cli *cli)
{
    struct listing listing = { cli, json_writer_start(cli->arena), 0 };
    json_open_object(&listing.writer, NULL);
    json_open_array(&listing.writer, "findings");
    size_t serious = template_check(cli->arena, cli->settings, tell, &listing);
    json_close_array(&listing.writer);
    json_write_integer(&listing.writer, "errors", (int64_t)serious);
    json_close_object(&listing.writer);
    if (cli->json)
        cli_print_json(&listing.writer);
    else if (listing.told == 0)
        printf("All templates, texts and colours are fine.\n");
    return serious == 0 ? CLI_OK : CLI_REFUSED;
}

/* --- preview --- */

/* The file itself, for a page that is looked at from a disk. */
static const char *file_link(struct cli *cli, const char *service, const char *name)
{
    const struct settings *settings = cli->settings;
    const char *candidates[] = {
        service == NULL
            ? NULL
            : arena_printf(cli->arena, "%s/services/%s/%s", settings->template_directory, service, name),
        text_empty(settings->template_directory)
            ? NULL
            : arena_printf(cli->arena, "%s/%s", settings->template_directory, name),
        arena_printf(cli->arena, "%s/%s", settings->default_template_directory, name),
    };
    for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
        if (candidates[i] != NULL && access(candidates[i], R_OK) == 0)
            return arena_printf(cli->arena, "file://%s", candidates[i]);
    }
    return NULL;
}

static void list_state(const char *name, struct json *member, void *context)
{
    (void)member;
    fprintf(context, " %s", name);
}

static void list_page(const char *name, struct json *member, void *context)
{
    fprintf(context, "  %s:", name);
    json_each(member, list_state, context);
    fputc('\n', context);
}

static enum cli_status list_pages(struct cli *cli)
{
    const char *error;
    const struct json *samples = preview_samples(cli->arena, cli->settings, &error);
    if (samples == NULL)
        return cli_fail(cli, CLI_REFUSED, "%s", error);
    json_each(samples, list_page, stdout);
    return CLI_OK;
}

/* What is asked for, of page and state: a saved page finds the files that a server would give to a browser.
 */
static struct preview preview_wanted(struct cli *cli)
{
    const char *service = cli_option(cli, "service"), *state = cli_option(cli, "state");
    const char *logo = file_link(cli, service, "logo.svg");
    return (struct preview) { .page = cli->arguments[0],
                              .state = state == NULL ? "default" : state,
                              .service = service,
                              .language = cli_option(cli, "language"),
                              .css = file_link(cli, service, "doorward.css"),
                              .brand_css = file_link(cli, service, "brand.css"),
                              .icon = file_link(cli, service, "icon.svg"),
                              .logo = logo == NULL ? file_link(cli, service, "logo.png") : logo,
                              .text = cli_option(cli, "text") != NULL };
}

/* All of them, each in a file of its own. */
struct collection {
    struct cli *cli;
    struct preview preview;
    const char *directory;
    int64_t written;
    enum cli_status status; /* nothing is written behind the first failure */
};

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = fputs(text, file) != EOF;
    return fclose(file) == 0 && written;
}

static void collect(struct collection *all, struct arena *arena, bool text)
{
    const struct preview *preview = &all->preview;
    const char *error, *path = arena_printf(arena, "%s/%s-%s.%s", all->directory, preview->page,
                                            preview->state, text ? "txt" : "html");
    all->preview.text = text;
    const char *rendered = preview_render(arena, all->cli->settings, preview, &error);
    if (rendered == NULL)
        all->status = cli_fail(all->cli, CLI_REFUSED, "%s, %s: %s", preview->page, preview->state, error);
    else if (!write_file(path, rendered))
        all->status = cli_fail(all->cli, CLI_REFUSED, "%s can't be written: %s", path, strerror(errno));
    else
        all->written++;
}

static void collect_state(const char *state, struct json *member, void *context)
{
    struct collection *all = context;
    (void)member;
    all->preview.state = state;
    for (int text = 0; text <= (text_starts(all->preview.page, "mail_") ? 1 : 0) && all->status == CLI_OK;
         text++) {
        struct arena *arena = arena_make(PREVIEW_MAX_BYTES); /* of each alone: there are many */
        collect(all, arena, text == 1);
        arena_destroy(arena);
    }
}

static void collect_page(const char *page, struct json *states, void *context)
{
    struct collection *all = context;
    all->preview.page = page;
    json_each(states, collect_state, all);
}

static enum cli_status preview_all(struct cli *cli, const char *directory)
{
    struct collection all = { .cli = cli, .preview = preview_wanted(cli), .directory = directory };
    const char *error;
    if (cli->arguments[0] != NULL || cli_option(cli, "state") != NULL || all.preview.text)
        return cli_fail(cli, CLI_USAGE, "--all is every page, state and text");
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return cli_fail(cli, CLI_REFUSED, "%s can't be made: %s", directory, strerror(errno));
    all.preview.samples = preview_samples(cli->arena, cli->settings, &error);
    if (all.preview.samples == NULL)
        return cli_fail(cli, CLI_REFUSED, "%s", error);
    json_each(all.preview.samples, collect_page, &all);
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_integer(&writer, "files", all.written);
    json_close_object(&writer);
    if (all.status == CLI_OK && cli->json)
        cli_print_json(&writer);
    else if (all.status == CLI_OK)
        printf("%" PRId64 " files are in %s.\n", all.written, directory);
    return all.status;
}

static enum cli_status preview(struct cli *cli)
{
    const char *error, *directory = cli_option(cli, "all");
    if (directory != NULL)
        return preview_all(cli, directory);
    const struct preview wanted = preview_wanted(cli);
    if (wanted.page == NULL)
        return list_pages(cli);
    const char *html = preview_render(cli->arena, cli->settings, &wanted, &error);
    if (html != NULL) {
        fputs(html, stdout);
        return CLI_OK;
    }
    enum cli_status status = cli_fail(cli, CLI_REFUSED, "%s; pages and their states are:", error);
    json_each(preview_samples(cli->arena, cli->settings, &error), list_page, stderr);
    return status;
}

static const struct cli_option preview_options[] = {
    { "state", "STATE", false, "what the page shows: default, error, …" },
    { "language", "TAG", false, "language of its texts: de" },
    { "service", "ID", false, "whose branding is shown" },
    { "text", NULL, false, "of a mail: its subject and plain text" },
    { "all", "DIRECTORY", false, "every page and mail in every state, PAGE-STATE.html and .txt, into it" },
    { .name = NULL },
};

const struct cli_command template_commands[] = {
    { "template", "check", NULL, "Say what is wrong with templates, texts and colours.", NULL, CLI_SETTINGS,
      check },
    { "template", "preview", "[PAGE]", "Print a page or mail with sample data; without PAGE, what there is.",
      preview_options, CLI_SETTINGS, preview },
    { .noun = NULL },
};
