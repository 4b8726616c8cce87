/* key.c: `doorward key list` and `doorward key rotate`: the signing keys (domain/keyring.h). */
#include "cmd/cli/cli.h"

#include "core/text.h"
#include "domain/keyring.h"
#include "store/signing_keys.h"

static enum cli_status read_keys(struct cli *cli, struct signing_key_row **rows_out, size_t *count_out)
{
    struct context *context = &cli->context;
    enum outcome outcome =
        store_outcome(context, signing_keys_list(context->db, cli->arena, context->now, rows_out, count_out),
                      OUTCOME_NOT_FOUND, NULL);
    return outcome == OUTCOME_OK ? CLI_OK : cli_refused(cli, outcome);
}

static enum cli_status key_list(struct cli *cli)
{
    struct signing_key_row *rows;
    size_t count;
    enum cli_status status = read_keys(cli, &rows, &count);
    if (status != CLI_OK)
        return status;
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&writer, NULL);
        json_write_text(&writer, "kid", rows[i].kid);
        json_write_text(&writer, "alg", rows[i].alg);
        json_write_text(&writer, "state", rows[i].state);
        json_write_integer(&writer, "created_at", rows[i].created_at);
        json_write_integer(&writer, "activated_at", rows[i].activated_at);
        json_write_integer(&writer, "retired_at", rows[i].retired_at);
        json_write_integer(&writer, "expires_at", rows[i].expires_at);
        json_close_object(&writer);
        if (!cli->json)
            printf("%s  %-6s %s\n", rows[i].kid, rows[i].alg, rows[i].state);
    }
    json_close_array(&writer);
    return cli_finish(cli, &writer);
}

/* Of one algorithm, or of all when none is named. */
static enum cli_status key_rotate(struct cli *cli)
{
    const char *wanted = cli_option(cli, "alg");
    const char *cursor = wanted ? wanted : keyring_algs;
    const char *word;
    size_t length;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        enum outcome outcome = keyring_rotate(&cli->context, arena_strndup(cli->arena, word, length));
        if (outcome != OUTCOME_OK)
            return cli_refused(cli, outcome);
    }
    return key_list(cli);
}

static const struct cli_option rotate_options[] = {
    { "alg", "ALG", false, "only the keys of this algorithm: RS256, ES256 or EdDSA" },
    { .name = NULL },
};

const struct cli_command key_commands[] = {
    { "key", "list", NULL, "Tell the signing keys.", NULL, CLI_CONTEXT, key_list },
    { "key", "rotate", NULL, "Sign with the next keys from now on, and make new next ones.", rotate_options,
      CLI_CONTEXT, key_rotate },
    { .noun = NULL },
};
