/* api_key.c: `doorward api-key add|list|show|rotate|revoke`: a service's keys for the service API. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/rfc3339.h"
#include "core/text.h"
#include "domain/manage/api_keys.h"

/* NULL: none. */
static const char *successor_of(const struct cli *cli, const struct api_key_row *row)
{
    static const unsigned char none[16];
    bool has = memcmp(row->rotated_to, none, sizeof(none)) != 0;
    return has ? uuid_encode(cli->arena, row->rotated_to) : NULL;
}

/* The line for people: what is left out is as usual. */
static void print_key(struct cli *cli, const struct api_key_row *row, const char *id)
{
    char used[RFC3339_SIZE] = "never", ends[RFC3339_SIZE] = "";
    if (row->last_used_at)
        rfc3339_write(row->last_used_at, used);
    if (row->expires_at)
        rfc3339_write(row->expires_at, ends);
    printf("%s  %-8s %s  %s  %s  used %s", id, row->status, row->prefix, row->name, row->permissions, used);
    if (row->expires_at)
        printf("  until %s", ends);
    if (*row->addresses)
        printf("  from %s", row->addresses);
    if (successor_of(cli, row))
        printf("  rotated to %s", successor_of(cli, row));
    printf("\n");
}

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
    json_write_words(writer, "addresses", row->addresses, ' ');
    json_write_integer(writer, "last_used_at", row->last_used_at);
    json_write_text(writer, "created_by", row->created_by);
    json_write_text(writer, "rotated_to", successor_of(cli, row));
    json_write_text(writer, "key", key);
    json_close_object(writer);
    if (cli->json)
        return;
    print_key(cli, row, id);
    if (key)
        printf("key %s\nIt is shown only now.\n", key);
}

/* One that was made before. */
static void write_row(struct cli *cli, struct json_writer *writer, const void *row)
{
    write_key(cli, writer, row, NULL);
}

static enum cli_status tell_one(struct cli *cli, const struct api_key_row *row, const char *key)
{
    struct json_writer writer = json_writer_start(cli->arena);
    write_key(cli, &writer, row, key);
    return cli_finish(cli, &writer);
}

static enum cli_status add(struct cli *cli)
{
    struct api_key_row row;
    const char *text, *lifetime = cli_option(cli, "expires-in");
    struct new_api_key key = { .service_id = cli_option(cli, "service"),
                               .name = cli_option(cli, "name"),
                               .permissions = cli_option(cli, "permissions"),
                               .addresses = cli_option(cli, "addresses"),
                               .test = cli_option(cli, "test") != NULL };
    if (lifetime && (!text_to_duration(lifetime, &key.lifetime_s) || key.lifetime_s < 1))
        return cli_fail(cli, CLI_USAGE, "--expires-in must be a duration such as 12h or 30d");
    enum outcome outcome = api_key_add(&cli->context, &key, &row, &text);
    return outcome == OUTCOME_OK ? tell_one(cli, &row, text) : cli_refused(cli, outcome);
}

static enum cli_status show(struct cli *cli)
{
    struct api_key_row row;
    enum outcome outcome = api_key_find(&cli->context, NULL, cli->arguments[0], &row);
    return outcome == OUTCOME_OK ? tell_one(cli, &row, NULL) : cli_refused(cli, outcome);
}

static enum cli_status rotate(struct cli *cli)
{
    struct api_key_row row;
    const char *key, *overlap = cli_option(cli, "overlap");
    struct key_rotation rotation = { .id = cli->arguments[0], .overlap_s = 24 * 3600 };
    if (overlap &&
        (!text_to_duration(overlap, &rotation.overlap_s) || rotation.overlap_s > 366 * 24 * 3600LL))
        return cli_fail(cli, CLI_USAGE, "--overlap must be a duration such as 12h or 7d, at most a year");
    enum outcome outcome = api_key_rotate(&cli->context, &rotation, &row, &key);
    return outcome == OUTCOME_OK ? tell_one(cli, &row, key) : cli_refused(cli, outcome);
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    struct api_key_row *rows;
    size_t count;
    unsigned char id[16];
    const unsigned char *service_id;
    enum cli_status status = listing_page_of_service(cli, &page, id, &service_id);
    if (status == CLI_OK)
        status =
            listing_result(cli, api_keys_list(cli->context.db, cli->arena, service_id, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_row, rows, count, sizeof(*rows));
}

static enum cli_status revoke(struct cli *cli)
{
    enum outcome outcome = api_key_revoke(&cli->context, NULL, cli->arguments[0]);
    return outcome == OUTCOME_OK ? listing_show_status(cli, "revoked") : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "service", "ID", true, "the service whose data it opens" },
    { "name", "NAME", true, "what it is for" },
    { "permissions", "WORDS", true, "\"read:users write:users\" and the like" },
    { "test", NULL, false, "sk_test_ instead of sk_live_" },
    { "expires-in", "TIME", false, "30d and the like; without it the key doesn't expire" },
    { "addresses", "LIST", false, "\"192.0.2.7 2001:db8::/32\": it works from there alone" },
    { .name = NULL },
};

static const struct cli_option rotate_options[] = {
    { "overlap", "TIME", false, "how long the old key works on; 1d" },
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
    { "api-key", "show", "ID", "Tell one key, without itself.", NULL, CLI_CONTEXT, show },
    { "api-key", "rotate", "ID", "Make a key in another's place; it is shown only once.", rotate_options,
      CLI_CONTEXT, rotate },
    { "api-key", "revoke", "ID", "End a key.", NULL, CLI_CONTEXT, revoke },
    { .noun = NULL },
};
