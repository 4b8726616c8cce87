/*
 * cli.c: from the words of a command line to a row of a command table: finding it, reading its
 * options as its row lists them, loading what it needs, and the usage texts. See cli.h.
 */
#include "cmd/cli/cli.h"

#include "core/log.h"
#include "core/text.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

enum { ARENA_LIMIT = 64 * 1024 * 1024, FILE_MAX = 1024 * 1024, SECRET_MAX = 4096, HELP_COLUMN = 40 };

static const char program_name[] = "doorward";

/* --- telling --- */

/* "doorward client add" */
static const char *command_name(struct arena *arena, const struct cli_command *command)
{
    return arena_printf(arena, "%s %s%s%s", program_name, command->noun, command->verb ? " " : "",
                        command->verb ? command->verb : "");
}

enum cli_status cli_fail(const struct cli *cli, enum cli_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vprintf(cli->arena, format, arguments);
    va_end(arguments);
    const char *name = cli->command ? command_name(cli->arena, cli->command) : program_name;
    fprintf(stderr, "%s: %s\n", name, message);
    return status;
}

enum cli_status cli_refused(const struct cli *cli, enum outcome outcome)
{
    const char *reason = cli->context.reason ? cli->context.reason : "refused";
    return cli_fail(cli, outcome == OUTCOME_UNAVAILABLE ? CLI_UNAVAILABLE : CLI_REFUSED, "%s", reason);
}

enum cli_status cli_finish(const struct cli *cli, const struct json_writer *writer)
{
    if (cli->json)
        cli_print_json(writer);
    return CLI_OK;
}

void cli_print_json(const struct json_writer *writer)
{
    printf("%s\n", writer->text.data);
}

/* --- usage, made from the tables --- */

static const char *option_words(struct arena *arena, const struct cli_option *option)
{
    return arena_printf(arena, "--%s%s%s", option->name, option->argument ? " " : "",
                        option->argument ? option->argument : "");
}

/* "client add --service ID [--public] NAME" */
static const char *synopsis(struct arena *arena, const struct cli_command *command)
{
    struct strbuf out = strbuf_start(arena);
    strbuf_add_text(&out, command->noun);
    if (command->verb)
        strbuf_add_format(&out, " %s", command->verb);
    for (const struct cli_option *option = command->options; option && option->name; option++)
        strbuf_add_format(&out, option->required ? " %s" : " [%s]", option_words(arena, option));
    if (!text_empty(command->arguments))
        strbuf_add_format(&out, " %s", command->arguments);
    return out.data;
}

static void print_row(const char *left, const char *right)
{
    printf("  %-*s %s\n", HELP_COLUMN, left, right);
}

static enum cli_status print_command_help(struct arena *arena, const struct cli_command *command)
{
    printf("usage: %s [-c FILE] %s\n%s\n\n", program_name, synopsis(arena, command), command->help);
    for (const struct cli_option *option = command->options; option && option->name; option++)
        print_row(option_words(arena, option), option->help);
    print_row("--json", "one JSON value on standard output");
    print_row("--help", "this text");
    return CLI_OK;
}

/* All commands, or those of one noun. */
static enum cli_status print_help(struct arena *arena, const struct cli_command *const *tables,
                                  const char *noun)
{
    printf("usage: %s [-c FILE] COMMAND [OPTION...] [ARGUMENT...]\n\n", program_name);
    for (; *tables; tables++) {
        for (const struct cli_command *command = *tables; command->noun; command++) {
            const char *name = command_name(arena, command) + sizeof(program_name);
            if (!noun || text_equal(noun, command->noun))
                print_row(name, command->help);
        }
    }
    printf("\n%s COMMAND --help tells the options of a command; doorward(8) tells all.\n", program_name);
    return CLI_OK;
}

/* --- finding the command --- */

static bool has_noun(const struct cli_command *const *tables, const char *noun)
{
    for (; *tables; tables++) {
        for (const struct cli_command *command = *tables; command->noun; command++) {
            if (text_equal(command->noun, noun))
                return true;
        }
    }
    return false;
}

/* The row of noun and verb; a row without a verb also answers to its noun alone. */
static const struct cli_command *find_command(const struct cli_command *const *tables, const char *noun,
                                              const char *verb)
{
    for (; *tables; tables++) {
        for (const struct cli_command *command = *tables; command->noun; command++) {
            if (text_equal(command->noun, noun) && (!command->verb || text_equal(command->verb, verb)))
                return command;
        }
    }
    return NULL;
}

/* The known noun, or the verb of this noun, that is nearest to what was typed. */
static const char *nearest(const struct cli_command *const *tables, const char *noun, const char *typed)
{
    const char *found = NULL;
    size_t least = strlen(typed) / 2 + 1;
    for (; *tables; tables++) {
        for (const struct cli_command *command = *tables; command->noun; command++) {
            if (noun && (!text_equal(command->noun, noun) || !command->verb))
                continue;
            const char *name = noun ? command->verb : command->noun;
            size_t distance = text_distance(name, typed);
            if (distance <= least) {
                least = distance - (distance > 0);
                found = name;
            }
        }
    }
    return found;
}

static enum cli_status fail_unknown(const struct cli *cli, const char *what, const char *typed,
                                    const char *meant)
{
    if (meant)
        return cli_fail(cli, CLI_USAGE, "unknown %s '%s', did you mean '%s'?", what, typed, meant);
    return cli_fail(cli, CLI_USAGE, "unknown %s '%s'; %s --help lists all", what, typed, program_name);
}

/* Sets cli->command by the first one to three words and returns those behind them; NULL when told. */
static char *const *take_command(struct cli *cli, const struct cli_command *const *tables, char *const *words)
{
    const char *noun = words[0], *verb = words[1];
    if (verb && words[2]) {
        const char *both = arena_printf(cli->arena, "%s %s", verb, words[2]);
        cli->command = find_command(tables, noun, both);
        if (cli->command && cli->command->verb)
            return words + 3;
    }
    cli->command = find_command(tables, noun, verb);
    if (cli->command)
        return words + (cli->command->verb ? 2 : 1);
    if (!has_noun(tables, noun))
        fail_unknown(cli, "command", noun, nearest(tables, NULL, noun));
    else if (!verb || *verb == '-')
        cli_fail(cli, CLI_USAGE, "%s what? %s %s --help lists it", noun, program_name, noun);
    else
        fail_unknown(cli, arena_printf(cli->arena, "command '%s' of", verb), noun,
                     nearest(tables, noun, verb));
    return NULL;
}

/* --- reading options and arguments --- */

static size_t option_count(const struct cli_command *command)
{
    size_t count = 0;
    while (command->options && command->options[count].name)
        count++;
    if (count > ARRAY_SIZE(((struct cli *)NULL)->values))
        bug("cli: %s has too many options", command->noun);
    return count;
}

static enum cli_status fail_option(const struct cli *cli, const char *name)
{
    const char *found = NULL;
    size_t least = strlen(name) / 2 + 1;
    for (size_t i = 0; i < option_count(cli->command); i++) {
        size_t distance = text_distance(cli->command->options[i].name, name);
        if (distance < least) {
            least = distance;
            found = cli->command->options[i].name;
        }
    }
    if (found)
        return cli_fail(cli, CLI_USAGE, "unknown option '--%s', did you mean '--%s'?", name, found);
    return cli_fail(cli, CLI_USAGE, "unknown option '--%s'; --help lists all", name);
}

/* "--name", "--name VALUE" or "--name=VALUE" at *words, which moves to the last word used. */
static enum cli_status take_option(struct cli *cli, char *const **words)
{
    const char *word = **words + 2;
    size_t length = strcspn(word, "=");
    const char *name = arena_strndup(cli->arena, word, length);
    const char *value = word[length] ? word + length + 1 : NULL;
    size_t index = 0, count = option_count(cli->command);
    while (index < count && !text_equal(cli->command->options[index].name, name))
        index++;
    if (index == count)
        return fail_option(cli, name);
    const struct cli_option *option = &cli->command->options[index];
    if (cli->values[index])
        return cli_fail(cli, CLI_USAGE, "option '--%s' is there twice", name);
    if (!option->argument && value)
        return cli_fail(cli, CLI_USAGE, "option '--%s' takes no value", name);
    if (option->argument && !value)
        value = *++*words;
    if (option->argument && !value)
        return cli_fail(cli, CLI_USAGE, "option '--%s' needs a value: %s", name, option->argument);
    cli->values[index] = value ? value : "";
    return CLI_OK;
}

static enum cli_status take_argument(struct cli *cli, const char *word)
{
    const char *cursor = cli->command->arguments ? cli->command->arguments : "", *name;
    size_t length, given = 0, possible = 0;
    while (given < ARRAY_SIZE(cli->arguments) - 1 && cli->arguments[given])
        given++;
    while (text_next_word(&cursor, ' ', &name, &length))
        possible++;
    if (given >= possible || given >= ARRAY_SIZE(cli->arguments) - 1)
        return cli_fail(cli, CLI_USAGE, "'%s' is one argument too many", word);
    cli->arguments[given] = word;
    return CLI_OK;
}

/* What the row requires and the command line lacks. */
static enum cli_status check_complete(const struct cli *cli)
{
    for (size_t i = 0; i < option_count(cli->command); i++) {
        const struct cli_option *option = &cli->command->options[i];
        if (option->required && !cli->values[i])
            return cli_fail(cli, CLI_USAGE, "option '%s' is missing", option_words(cli->arena, option));
    }
    const char *cursor = cli->command->arguments ? cli->command->arguments : "", *name;
    size_t length;
    for (size_t i = 0; text_next_word(&cursor, ' ', &name, &length); i++) {
        if (*name != '[' && !cli->arguments[i])
            return cli_fail(cli, CLI_USAGE, "%.*s is missing", (int)length, name);
    }
    return CLI_OK;
}

static bool is_help(const char *word)
{
    return text_equal(word, "--help") || text_equal(word, "-h");
}

/* The words behind the verb. */
static enum cli_status take_words(struct cli *cli, char *const *words)
{
    bool options_over = false;
    for (; *words; words++) {
        enum cli_status status = CLI_OK;
        if (options_over || **words != '-' || !(*words)[1])
            status = take_argument(cli, *words);
        else if (text_equal(*words, "--"))
            options_over = true;
        else if (text_equal(*words, "--json"))
            cli->json = true;
        else if ((*words)[1] == '-')
            status = take_option(cli, &words);
        else
            status = cli_fail(cli, CLI_USAGE, "unknown option '%s'", *words);
        if (status != CLI_OK)
            return status;
    }
    return check_complete(cli);
}

static bool asks_for_help(char *const *words)
{
    for (; *words && !text_equal(*words, "--"); words++) {
        if (is_help(*words))
            return true;
    }
    return false;
}

/* --- running --- */

const char *cli_config_path(const struct cli *cli)
{
    const char *variable = getenv("DOORWARD_CONFIG");
    if (cli->config_path)
        return cli->config_path;
    return text_empty(variable) ? SYSCONFDIR "/doorward/doorward.conf" : variable;
}

static enum cli_status load_settings(struct cli *cli)
{
    const char *error;
    cli->settings = settings_load(cli->arena, cli_config_path(cli), &error);
    return cli->settings ? CLI_OK : cli_fail(cli, CLI_CONFIGURATION, "%s", error);
}

static enum cli_status run_command(struct cli *cli)
{
    enum cli_status status = CLI_OK;
    if (cli->command->needs != CLI_NOTHING)
        status = load_settings(cli);
    if (status == CLI_OK && cli->command->needs >= CLI_DATABASE)
        status = cli_open_context(cli);
    if (status == CLI_OK)
        status = cli->command->run(cli);
    if (fflush(stdout) != 0 && status == CLI_OK)
        return cli_fail(cli, CLI_REFUSED, "can't write the answer: %s", strerror(errno));
    return status;
}

/* "-c FILE" in front of the command; *words moves behind it. */
static enum cli_status take_config(struct cli *cli, char *const **words)
{
    while (**words && (text_equal(**words, "-c") || text_equal(**words, "--config"))) {
        if (!(*words)[1])
            return cli_fail(cli, CLI_USAGE, "option '%s' needs a value: FILE", **words);
        cli->config_path = (*words)[1];
        *words += 2;
    }
    return CLI_OK;
}

/* Of one command, of those of a noun, or of all when nothing is named. */
static enum cli_status help_about(struct cli *cli, const struct cli_command *const *tables,
                                  char *const *words)
{
    if (!*words)
        return print_help(cli->arena, tables, NULL);
    if (!words[1] && has_noun(tables, *words) && !find_command(tables, *words, NULL))
        return print_help(cli->arena, tables, *words);
    return take_command(cli, tables, words) ? print_command_help(cli->arena, cli->command) : CLI_USAGE;
}

static enum cli_status run_words(struct cli *cli, const struct cli_command *const *tables, char *const *words)
{
    enum cli_status status = take_config(cli, &words);
    if (status != CLI_OK)
        return status;
    if (!*words)
        return cli_fail(cli, CLI_USAGE, "which command? %s --help lists them", program_name);
    if (is_help(*words))
        return print_help(cli->arena, tables, NULL);
    if (text_equal(*words, "help"))
        return help_about(cli, tables, words + 1);
    if (**words == '-' && !text_equal(*words, "--version"))
        return fail_unknown(cli, "option", *words, NULL);
    if (words[1] && is_help(words[1]) && has_noun(tables, words[0]) && !find_command(tables, words[0], NULL))
        return print_help(cli->arena, tables, words[0]);
    char *const version[] = { (char[]) { "version" }, NULL };
    words = take_command(cli, tables, text_equal(*words, "--version") ? version : words);
    if (!words)
        return CLI_USAGE;
    if (asks_for_help(words))
        return print_command_help(cli->arena, cli->command);
    status = take_words(cli, words);
    return status == CLI_OK ? run_command(cli) : status;
}

enum cli_status cli_main(const struct cli_command *const *tables, char *const *words)
{
    struct cli cli = { .arena = arena_make(ARENA_LIMIT), .program = program_name };
    log_open("stderr", "warn");
    enum cli_status status = run_words(&cli, tables, words);
    arena_destroy(cli.arena);
    return status;
}

/* --- what commands use --- */

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < option_count(cli->command); i++) {
        if (text_equal(cli->command->options[i].name, name))
            return cli->values[i];
    }
    bug("cli: %s has no option --%s", cli->command->noun, name);
}

const char *cli_read_file(struct cli *cli, const char *path)
{
    bool standard = text_equal(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file) {
        cli_fail(cli, CLI_REFUSED, "can't read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = arena_alloc(cli->arena, FILE_MAX + 2);
    size_t length = fread(text, 1, FILE_MAX + 1, file);
    bool broken = ferror(file);
    if (!standard)
        fclose(file);
    const char *wrong = NULL;
    if (broken)
        wrong = "can't be read";
    else if (length > FILE_MAX)
        wrong = "larger than 1 MiB";
    else if (!text_is_utf8(text, length))
        wrong = "not UTF-8 text";
    if (wrong)
        cli_fail(cli, CLI_REFUSED, "%s: %s", path, wrong);
    return wrong ? NULL : text;
}

/* The text up to its first line break; NULL, told, when that is empty. */
static const char *first_line(struct cli *cli, const char *text, const char *origin)
{
    size_t length = strcspn(text, "\r\n");
    if (length)
        return arena_strndup(cli->arena, text, length);
    cli_fail(cli, CLI_REFUSED, "%s: the first line is empty", origin);
    return NULL;
}

/*
 * Neither echo nor signals while it's typed, so that Ctrl-C can't leave the terminal without echo; it
 * arrives as a control character and is refused.
 */
static const char *prompt_for(struct cli *cli, const char *prompt)
{
    struct termios usual, silent;
    char line[SECRET_MAX];
    if (tcgetattr(STDIN_FILENO, &usual) != 0)
        return NULL;
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    silent.c_lflag |= ECHONL;
    fputs(prompt, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    ssize_t length = read(STDIN_FILENO, line, sizeof(line) - 1);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    bool fine = *line && text_is_utf8(line, strlen(line));
    for (const char *at = line; *at; at++)
        fine = fine && (unsigned char)*at >= 0x20;
    const char *secret = fine ? arena_strdup(cli->arena, line) : NULL;
    explicit_bzero(line, sizeof(line));
    if (!secret)
        cli_fail(cli, CLI_REFUSED, "nothing usable was typed");
    return secret;
}

const char *cli_secret(struct cli *cli, const char *option, const char *variable, const char *prompt)
{
    const char *path = cli_option(cli, option);
    if (path) {
        const char *text = cli_read_file(cli, path);
        return text ? first_line(cli, text, path) : NULL;
    }
    const char *value = variable ? getenv(variable) : NULL;
    if (!text_empty(value))
        return arena_strdup(cli->arena, value);
    if (isatty(STDIN_FILENO))
        return prompt_for(cli, prompt);
    cli_fail(cli, CLI_USAGE, "nobody to ask here: give --%s FILE%s%s", option, variable ? " or set $" : "",
             variable ? variable : "");
    return NULL;
}
