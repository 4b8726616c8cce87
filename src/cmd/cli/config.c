/*
 * config.c: `doorward config check` and `doorward config show`. What is checked is one table; each row
 * finds one thing that would keep the server from working, and says what to do about it.
 */
#include "cmd/cli/cli.h"

#include "app/route.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/providers/configured.h"
#include "net/send.h"
#include "pages/template_check.h"
#include "store/migrations.h"

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

static struct finding failed(const char *detail, const char *fix)
{
    return (struct finding) { VERDICT_FAIL, detail, fix };
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

/* Others may read it as long as no secret stands in it. */
static struct finding check_file_mode(struct cli *cli)
{
    struct stat status;
    const char *path = cli_config_path(cli);
    if (stat(path, &status) != 0 || !(status.st_mode & 07))
        return fine("closed to others");
    if (!*cli->settings->database_password && !*cli->settings->mail_password)
        return fine("open to others, and holds no secret");
    return (struct finding) { VERDICT_WARN, "open to others, and it holds a password",
                              arena_printf(cli->arena, "chmod o= %s, or keep the password in a file:/path",
                                           path) };
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
    errno = 0;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode) && access(path, mode) == 0)
        return fine(path);
    const char *why = errno ? strerror(errno) : "not a directory";
    return failed(arena_printf(cli->arena, "%s: %s", path, why), fix);
}

/* A missing one is made at the start, if only its parent is there. */
static struct finding check_run_directory(struct cli *cli)
{
    const char *path = cli->settings->run_directory;
    const char *parent = arena_strndup(cli->arena, path, (size_t)(strrchr(path, '/') - path));
    if (access(path, F_OK) != 0 && access(*parent ? parent : "/", W_OK | X_OK) == 0)
        return fine(arena_printf(cli->arena, "%s is made at the start", path));
    return check_directory(cli, path, W_OK | X_OK,
                           "make the directory and give it to the user that the server runs as");
}

static void release_keyfile(void *keyfile)
{
    keyfile_free(keyfile);
}

static struct finding check_key_file(struct cli *cli)
{
    const char *error;
    struct keyfile *keyfile = keyfile_load(cli->settings->key_file, &error);
    if (!keyfile)
        return failed(
            arena_strdup(cli->arena, error),
            "doorward key-file create makes one; chmod 0640 at most, and give it to the server's user");
    arena_defer(cli->arena, release_keyfile, keyfile);
    cli->context.keyfile = keyfile;
    return fine(arena_printf(cli->arena, "%s, %zu keys, newest %s", cli->settings->key_file,
                             keyfile_count(keyfile), keyfile_name(keyfile, 0)));
}

static struct finding check_providers(struct cli *cli)
{
    const char *error;
    const struct configured_providers *configured =
        configured_providers_load(cli->arena, cli->settings, &error);
    if (!configured)
        return failed(error, "correct the file; doorward(8) has the members of a provider");
    if (!*cli->settings->providers)
        return fine("no file");
    return fine(arena_printf(cli->arena, "%s, %zu of them", cli->settings->providers, configured->count));
}

static void release_db(void *db)
{
    db_destroy(db);
}

static struct finding check_database(struct cli *cli)
{
    const struct settings *settings = cli->settings;
    struct db *db = db_make(settings);
    const char *place =
        arena_printf(cli->arena, "%s as %s at %s", settings->database_name, settings->database_user,
                     *settings->database_host ? settings->database_host : settings->database_socket);
    arena_defer(cli->arena, release_db, db);
    if (!db_connect(db))
        return failed(arena_printf(cli->arena, "can't connect to %s", place),
                      "see the line on standard error; correct the database_ options or start MariaDB");
    cli->context.db = db;
    return fine(place);
}

static struct finding check_schema(struct cli *cli)
{
    const char *reason = NULL;
    if (!cli->context.db)
        return (struct finding) { VERDICT_WARN, "not looked at", "bring the database up first" };
    if (schema_is_known(cli->context.db, cli->arena, &reason) != STORE_OK)
        return failed("can't be read", "see the line on standard error");
    return reason ? failed(reason, "doorward migrate") : fine("up to date");
}

static const struct route_family *find_family(const char *name, size_t length)
{
    for (size_t i = 0; route_families[i]; i++) {
        const char *known = route_families[i]->name;
        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return route_families[i];
    }
    return NULL;
}

/* A family that is in no pool answers nothing; one that isn't known ends the start. */
static struct finding check_pools(struct cli *cli)
{
    struct strbuf served = strbuf_start(cli->arena);
    for (size_t i = 0; i < cli->settings->pool_count; i++) {
        const char *cursor = cli->settings->pools[i].families, *word;
        size_t length;
        if (text_equal(cursor, "all"))
            return fine("every family is served");
        while (text_next_word(&cursor, ' ', &word, &length)) {
            if (!find_family(word, length))
                return failed(arena_printf(cli->arena, "pool %s: there is no family %.*s",
                                           cli->settings->pools[i].name, (int)length, word),
                              "doorward routes lists the families");
            strbuf_add_format(&served, "%.*s ", (int)length, word);
        }
    }
    for (size_t i = 0; route_families[i]; i++) {
        if (!text_has_word(served.data, ' ', route_families[i]->name))
            return (struct finding) { VERDICT_WARN,
                                      arena_printf(cli->arena, "no pool serves %s", route_families[i]->name),
                                      "add it to the families of a pool" };
    }
    return fine("every family is served");
}

/* The first of what keeps a template from being used; notes are for `template check`. */
struct first_fault {
    struct arena *arena;
    const char *told;
};

static void note_fault(const struct template_finding *finding, void *context)
{
    struct first_fault *first = context;
    if (finding->serious && !first->told)
        first->told =
            arena_printf(first->arena, "%s:%zu: %s", finding->file, finding->line, finding->message);
}

static struct finding check_templates(struct cli *cli)
{
    struct first_fault first = { cli->arena, NULL };
    const char *own = cli->settings->template_directory;
    struct finding found = check_directory(cli, cli->settings->default_template_directory, R_OK | X_OK,
                                           "install the templates, or correct default_template_directory");
    if (found.verdict == VERDICT_OK && *own)
        found = check_directory(cli, own, R_OK | X_OK, "make the directory, or leave template_directory out");
    if (found.verdict != VERDICT_OK)
        return found;
    template_check(cli->arena, cli->settings, note_fault, &first);
    if (first.told)
        return failed(first.told,
                      "doorward template check tells more; until then the version before it is used");
    return fine("all compile");
}

/* Links and codes, perhaps a password, where others may read along. */
static bool mail_goes_in_the_clear(struct cli *cli)
{
    struct uri uri;
    if (!text_equal(cli->settings->mail_tls, "off") || !uri_parse(cli->arena, cli->settings->mail, &uri) ||
        !text_equal(uri.scheme, "smtp"))
        return false;
    return !uri_host_is_loopback(&uri) && !text_equal(uri.host, "localhost");
}

static struct finding check_mail(struct cli *cli)
{
    enum { PATIENCE_S = 10 };
    const char *error;
    if (!*cli->settings->mail)
        return (struct finding) { VERDICT_WARN,
                                  "none is sent: nobody can reset a password or confirm an address",
                                  "set mail and mail_from" };
    if (mail_goes_in_the_clear(cli))
        return (struct finding) { VERDICT_WARN, "it goes to another machine in the clear",
                                  "leave mail_tls at required" };
    if (send_probe(cli->arena, cli->settings, PATIENCE_S, &error))
        return fine("doorward mail test --to ADDRESS tells whether one arrives");
    return failed(error,
                  "correct the options mail, mail_tls, mail_user and mail_password, or the mail server");
}

static const struct check checks[] = {
    { "configuration", check_file },
    { "configuration file mode", check_file_mode },
    { "issuer", check_issuer },
    { "pools", check_pools },
    { "run directory", check_run_directory },
    { "key file", check_key_file },
    { "providers", check_providers },
    { "database", check_database },
    { "schema", check_schema },
    { "templates", check_templates },
    { "mail", check_mail },
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
    enum settings_format format = cli_option(cli, "mdoc") ? SETTINGS_MAN
                                  : cli->json             ? SETTINGS_JSON
                                                          : SETTINGS_TEXT;
    settings_write(cli->settings, format, cli_option(cli, "changed") != NULL, &out);
    printf("%s%s", out.data, cli->json ? "\n" : "");
    return CLI_OK;
}

static const struct cli_option show_options[] = {
    { "changed", NULL, false, "only what isn't at its default" },
    { "mdoc", NULL, false, "the option list of doorward.conf(5), without values" },
    { .name = NULL },
};

const struct cli_command config_commands[] = {
    { "config", "check", NULL, "Look for what would keep the server from working, and say what to do.", NULL,
      CLI_NOTHING, config_check },
    { "config", "show", NULL, "Tell every option with its value, default and meaning.", show_options,
      CLI_SETTINGS, config_show },
    { .noun = NULL },
};
