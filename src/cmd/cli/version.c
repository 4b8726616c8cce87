/* version.c: `doorward version`. */
#include "cmd/cli/cli.h"

static enum cli_status version(struct cli *cli)
{
    if (!cli->json) {
        printf("doorward %s\n", PACKAGE_VERSION);
        return CLI_OK;
    }
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "version", PACKAGE_VERSION);
    json_close_object(&writer);
    cli_print_json(&writer);
    return CLI_OK;
}

const struct cli_command version_commands[] = {
    { "version", NULL, NULL, "Tell the version of the program.", NULL, CLI_NOTHING, version },
    { .noun = NULL },
};
