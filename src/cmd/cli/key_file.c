/* key_file.c: `doorward key-file create`: the file with the key that seals what the database holds. */
#include "cmd/cli/cli.h"

#include <errno.h>

static enum cli_status key_file_create(struct cli *cli)
{
    const char *path = cli->arguments[0];
    if (!keyfile_create(path))
        return cli_fail(cli, CLI_REFUSED, "%s: %s", path, strerror(errno));
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "path", path);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else
        printf("%s made: keep a copy, as nothing sealed can be read without it\n", path);
    return CLI_OK;
}

const struct cli_command key_file_commands[] = {
    { "key-file", "create", "PATH", "Make a key file with one new key; never replaces one.", NULL,
      CLI_NOTHING, key_file_create },
    { .noun = NULL },
};
