/*
 * config.c: `doorward config check` and `doorward config show`. What is checked is one table; each row
 * finds one thing that would keep the server from working, and says what to do about it.
 */
#include "cmd/cli/cli.h"

#include "core/text.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

static const char *const verdict_names[] = { "OK", "WARN", "FAIL" };

/* What a check found: what it looked at or what is wrong, and the cure. */
struct finding {
    enum verdict verdict;
    const char *detail, *fix;
};

struct check {
    const char *name;
    struct finding (*run)(struct cli *cli);
};

static struct finding fine(const char *detail)
{
    return (struct finding) { VERDICT_OK, detail, NULL };
}

/* The first check: those behind it lean on cli->settings. */
static struct finding check_file(struct cli *cli)
{
    const char *error, *path = cli_config_path(cli);
    cli->settings = settings_load(cli->arena, path, &error);
    if (!cli->settings)
        return (struct finding) { VERDICT_FAIL, error,
                                  "correct the line; doorward.conf(5) lists the options" };
    return fine(path);
}

static struct finding check_file_mode(struct cli *cli)
{
    struct stat status;
    const char *path = cli_config_path(cli);
    if (stat(path, &status) != 0 || !(status.st_mode & 07))
        return fine("not readable by everyone");
    return (struct finding) {
        *cli->settings->database_password ? VERDICT_WARN : VERDICT_OK, "readable by everyone",
        arena_printf(cli->arena, "chmod o= %s, or keep the password in a file:/path", path)
    };
}

static struct finding check_issuer(struct cli *cli)
{
    if (cli->settings->allow_http_loopback)
        return (struct finding) { VERDICT_WARN, "allow_http_loopback is on",
                                  "leave it out once the web server speaks https" };
    return fine(cli->settings->issuer);
}

static struct finding check_directory(struct cli *cli, const char *path, int mode, const char *fix)
{
    struct stat status;
    if (!*path)
        return fine("not used");
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode) && access(path, mode) == 0)
        return fine(path);
    const char *why = errno ? strerror(errno) : "not a directory";
    return (struct finding) { VERDICT_FAIL, arena_printf(cli->arena, "%s: %s", path, why), fix };
}

static struct finding check_run_directory(struct cli *cli)
{
    errno = 0;
    return check_directory(cli, cli->settings->run_directory, W_OK | X_OK,
                           "make the directory and give it to the user that the server runs as");
}

static struct finding check_template_directory(struct cli *cli)
{
    errno = 0;
    return check_directory(cli, cli->settings->template_directory, R_OK | X_OK,
                           "make the directory, or leave template_directory out");
}

static const struct check checks[] = {
    { "configuration", check_file },
    { "configuration file mode", check_file_mode },
    { "issuer", check_issuer },
    { "run directory", check_run_directory },
    { "template directory", check_template_directory },
};

static void print_finding(struct cli *cli, struct json_writer *writer, const struct check *check,
                          const struct finding *finding)
{
    if (!cli->json) {
        printf("%-4s %s: %s\n", verdict_names[finding->verdict], check->name, finding->detail);
        if (finding->verdict != VERDICT_OK)
            printf("     fix: %s\n", finding->fix);
        return;
    }
    json_open_object(writer, NULL);
    json_write_text(writer, "check", check->name);
    json_write_text(writer, "result", verdict_names[finding->verdict]);
    json_write_text(writer, "detail", finding->detail);
    json_write_text(writer, "fix", finding->verdict == VERDICT_OK ? NULL : finding->fix);
    json_close_object(writer);
}

static enum cli_status config_check(struct cli *cli)
{
    struct json_writer writer = json_writer_start(cli->arena);
    enum verdict worst = VERDICT_OK;
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(checks) && (i == 0 || cli->settings); i++) {
        struct finding finding = checks[i].run(cli);
        print_finding(cli, &writer, &checks[i], &finding);
        worst = finding.verdict > worst ? finding.verdict : worst;
    }
    json_close_array(&writer);
    if (cli->json)
        cli_print_json(&writer);
    return worst == VERDICT_FAIL ? CLI_REFUSED : CLI_OK;
}

static enum cli_status config_show(struct cli *cli)
{
    struct strbuf out = strbuf_start(cli->arena);
    enum settings_format format = cli->json ? SETTINGS_JSON : SETTINGS_TEXT;
    settings_write(cli->settings, format, cli_option(cli, "changed") != NULL, &out);
    printf("%s%s", out.data, cli->json ? "\n" : "");
    return CLI_OK;
}

static const struct cli_option show_options[] = {
    { "changed", NULL, false, "only what isn't at its default" },
    { .name = NULL },
};

const struct cli_command config_commands[] = {
    { "config", "check", NULL, "Look for what would keep the server from working, and say what to do.", NULL,
      CLI_NOTHING, config_check },
    { "config", "show", NULL, "Tell every option with its value, default and meaning.", show_options,
      CLI_SETTINGS, config_show },
    { .noun = NULL },
};
