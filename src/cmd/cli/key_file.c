/* key_file.c: `doorward key-file`: the file with the keys that seal what the database holds, and what still
 * needs which of them. */
#include "cmd/cli/cli.h"

#include "core/rfc3339.h"
#include "domain/resealing.h"

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

/* --- what still needs which key --- */

static const char *const state_words[] = {
    [FILE_KEY_NEWEST] = "newest",   [FILE_KEY_NEEDED] = "needed", [FILE_KEY_UNTIL] = "until",
    [FILE_KEY_UNUSED] = "not used", [FILE_KEY_FREE] = "free",     [FILE_KEY_MISSING] = "missing",
};

static void write_values(struct json_writer *writer, const struct file_key *key)
{
    json_open_object(writer, "values");
    for (size_t i = 0; i < SEALED_COLUMNS; i++)
        if (key->values[i])
            json_write_integer(writer, sealed_facts[i].name, key->values[i]);
    json_close_object(writer);
}

static void write_key(struct json_writer *writer, const struct file_key *key)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "name", key->name);
    json_write_text(writer, "state", state_words[key->state]);
    json_write_integer(writer, "lasting", key->lasting);
    json_write_integer(writer, "passing", key->passing);
    json_write_integer(writer, "until", key->until);
    json_write_integer(writer, "machines", key->machines);
    write_values(writer, key);
    json_close_object(writer);
}

static void print_key(const struct file_key *key, int64_t machines)
{
    char until[RFC3339_SIZE];
    rfc3339_write(key->until, until);
    printf("%-16s %-8s %lld values, %lld that go by themselves", key->name, state_words[key->state],
           (long long)key->lasting, (long long)key->passing);
    if (key->state == FILE_KEY_NEWEST)
        printf("; on %lld of %lld machines", (long long)key->machines, (long long)machines);
    else if (key->until)
        printf("; refresh tokens until %s", until);
    printf("\n");
}

static enum cli_status verdict(struct cli *cli, const struct file_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].state == FILE_KEY_MISSING)
            return cli_fail(cli, CLI_REFUSED, "%s is not in the key file: what it sealed can't be opened",
                            keys->keys[i].name);
    if (keys->is_behind)
        return cli_fail(cli, CLI_REFUSED, "another machine has a newer key on top of its key file");
    return CLI_OK;
}

static enum cli_status key_file_status(struct cli *cli)
{
    struct file_keys keys;
    enum outcome outcome = resealing_status(&cli->context, &keys);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_integer(&writer, "machines", keys.machines);
    json_open_array(&writer, "keys");
    for (size_t i = 0; i < keys.count; i++) {
        write_key(&writer, &keys.keys[i]);
        if (!cli->json)
            print_key(&keys.keys[i], keys.machines);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    (void)cli_finish(cli, &writer);
    return verdict(cli, &keys);
}

const struct cli_command key_file_commands[] = {
    { "key-file", "create", "PATH", "Make a key file with one new key; never replaces one.", NULL,
      CLI_NOTHING, key_file_create },
    { "key-file", "status", NULL, "Tell what still needs which key, and which may be taken out.", NULL,
      CLI_CONTEXT, key_file_status },
    { .noun = NULL },
};
