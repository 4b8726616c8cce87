/*
 * cli.h: the command line. Each file in this folder ends in its table of commands; doorward.c lists
 * the tables. To add a command: a row, a function above it, and a line in doorward(8).
 *
 * Exit statuses are a promise to scripts: see enum cli_status. Messages for people go to stderr, what
 * was asked for goes to stdout; with --json (anywhere behind the verb) stdout is one JSON value.
 * Secrets come from files, the environment or a prompt, never from arguments.
 */
#ifndef DOORWARD_CMD_CLI_CLI_H
#define DOORWARD_CMD_CLI_CLI_H

#include "core/json_writer.h"
#include "domain/context.h"

enum cli_status {
    CLI_OK = 0,
    CLI_REFUSED = 1,       /* not found, already there, not allowed, check failed */
    CLI_USAGE = 2,         /* unknown command or option, missing argument */
    CLI_CONFIGURATION = 3, /* configuration, key file or templates are broken */
    CLI_UNAVAILABLE = 4    /* the database is away: try again later */
};

enum cli_needs {
    CLI_NOTHING,
    CLI_SETTINGS, /* cli->settings is loaded */
    CLI_DATABASE, /* and cli->context is there with its database connected, whatever its schema; no key file
                   */
    CLI_CONTEXT   /* and it's ready: key file read, shared page mapped, schema known */
};

/* An option of a command: "--service ID"; argument NULL for a switch. */
struct cli_option {
    const char *name;     /* "service" */
    const char *argument; /* "ID" */
    bool required;
    const char *help;
};

struct cli {
    struct arena *arena;
    const char *program;
    const char *config_path; /* NULL: the default place */
    bool json;
    const struct settings *settings;
    struct context context;
    const struct cli_command *command;
    const char *values[12];   /* of the command's options, in the table's order; "" for a switch given */
    const char *arguments[4]; /* positional, NULL behind the last */
};

struct cli_command {
    const char *noun, *verb; /* "client", "add" or "secret add"; verb NULL for "serve" and the like */
    const char *arguments; /* positional ones, for usage: "ID"; a name in brackets may be left out: "[ID]" */
    const char *help;      /* one line */
    const struct cli_option *options; /* name NULL at the end; or NULL */
    enum cli_needs needs;
    enum cli_status (*run)(struct cli *cli);
};

/* Makes cli->context as the command's row needs it (context.c). */
enum cli_status cli_open_context(struct cli *cli);

/* The value of an option, NULL when it wasn't given. */
const char *cli_option(const struct cli *cli, const char *name);

/* Tells why on stderr ("doorward client add: …") and returns the status. */
enum cli_status cli_fail(const struct cli *cli, enum cli_status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same for a rule's refusal: context.reason, and UNAVAILABLE or REFUSED by outcome. */
enum cli_status cli_refused(const struct cli *cli, enum outcome outcome);

/*
 * A secret: the first line of the file of option name ("password-file"; "-" is standard input), else the
 * environment variable (NULL: none), else the answer to prompt ("Password: "), typed on a terminal
 * without echo. NULL with the reason told.
 */
const char *cli_secret(struct cli *cli, const char *option, const char *variable, const char *prompt);

/* A whole file as text, at most 1 MiB; "-" is standard input. NULL with the reason told. */
const char *cli_read_file(struct cli *cli, const char *path);

/* Prints what a writer holds, and a line break, on stdout. */
void cli_print_json(const struct json_writer *writer);

/* The end of a command that has told people, or written for --json: prints what is written then. OK. */
enum cli_status cli_finish(const struct cli *cli, const struct json_writer *writer);

/*
 * Runs the command that the words name, out of the tables (NULL at the end), and returns its status.
 * words are main()'s arguments behind the program's name, NULL at the end.
 */
enum cli_status cli_main(const struct cli_command *const *tables, char *const *words);

/* The configuration's path: -c, else $DOORWARD_CONFIG, else the place that configure chose. */
const char *cli_config_path(const struct cli *cli);

/* Tables of the files in this folder, each ended by a row with noun NULL. */
extern const struct cli_command serve_commands[];
extern const struct cli_command config_commands[];
extern const struct cli_command routes_commands[];
extern const struct cli_command version_commands[];
extern const struct cli_command migrate_commands[];
extern const struct cli_command key_file_commands[];
extern const struct cli_command key_commands[];
extern const struct cli_command service_commands[];
extern const struct cli_command client_commands[];
extern const struct cli_command user_commands[];
extern const struct cli_command admin_commands[];
extern const struct cli_command api_key_commands[];
extern const struct cli_command template_commands[];
extern const struct cli_command mail_commands[];
extern const struct cli_command webhook_commands[];
extern const struct cli_command permission_commands[];
extern const struct cli_command plan_commands[];
extern const struct cli_command subscription_commands[];
extern const struct cli_command provider_commands[];

#endif
