/* api_key.c: `doorward api-key add|list|revoke`: a service's keys for the service API. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/api_keys.h"

/* key: only where it was just made. */
static void write_key(struct cli *cli, struct json_writer *writer, const struct api_key_row *row,
                      const char *key)
{
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "service_id", uuid_encode(cli->arena, row->service_id));
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "prefix", row->prefix);
    json_write_words(writer, "permissions", row->permissions, ' ');
    json_write_text(writer, "status", row->status);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "expires_at", row->expires_at);
    json_write_text(writer, "key", key);
    json_close_object(writer);
    if (cli->json)
        return;
    printf("%s  %-8s %s  %s  %s\n", id, row->status, row->prefix, row->name, row->permissions);
    if (key)
        printf("key %s\nIt is shown only now.\n", key);
}

static enum cli_status add(struct cli *cli)
{
    struct api_key_row row;
    const char *text, *lifetime = cli_option(cli, "expires-in");
    struct new_api_key key = { .service_id = cli_option(cli, "service"),
                               .name = cli_option(cli, "name"),
                               .permissions = cli_option(cli, "permissions"),
                               .test = cli_option(cli, "test") != NULL };
    if (lifetime && (!text_to_duration(lifetime, &key.lifetime_s) || key.lifetime_s < 1))
        return cli_fail(cli, CLI_USAGE, "--expires-in must be a duration such as 12h or 30d");
    enum outcome outcome = api_key_add(&cli->context, &key, &row, &text);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    write_key(cli, &writer, &row, text);
    if (cli->json)
        cli_print_json(&writer);
    return CLI_OK;
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    struct api_key_row *rows;
    size_t count;
    unsigned char id[16];
    const unsigned char *service_id;
    enum cli_status status = listing_page(cli, &page);
    if (status == CLI_OK)
        status = listing_service(cli, id, &service_id);
    if (status == CLI_OK)
        status =
            listing_result(cli, api_keys_list(cli->context.db, cli->arena, service_id, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++)
        write_key(cli, &writer, &rows[i], NULL);
    json_close_array(&writer);
    if (cli->json)
        cli_print_json(&writer);
    return CLI_OK;
}

static enum cli_status revoke(struct cli *cli)
{
    enum outcome outcome = api_key_revoke(&cli->context, cli->arguments[0]);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "id", cli->arguments[0]);
    json_write_text(&writer, "status", "revoked");
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else
        printf("%s revoked\n", cli->arguments[0]);
    return CLI_OK;
}

static const struct cli_option add_options[] = {
    { "service", "ID", true, "the service whose data it opens" },
    { "name", "NAME", true, "what it is for" },
    { "permissions", "WORDS", true, "\"read:users write:users\" and the like" },
    { "test", NULL, false, "sk_test_ instead of sk_live_" },
    { "expires-in", "TIME", false, "30d and the like; without it the key doesn't expire" },
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    { "service", "ID", false, "only those of this service" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

const struct cli_command api_key_commands[] = {
    { "api-key", "add", NULL, "Make a key; it is shown only once.", add_options, CLI_CONTEXT, add },
    { "api-key", "list", NULL, "Tell the keys, without themselves.", list_options, CLI_CONTEXT, list },
    { "api-key", "revoke", "ID", "End a key.", NULL, CLI_CONTEXT, revoke },
    { .noun = NULL },
};
