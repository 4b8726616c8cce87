/* client.c: `doorward client add|list|show|change|disable|enable|remove|unlock|failures|secret …`:
 * applications of a service. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/rfc3339.h"
#include "core/text.h"
#include "domain/manage/client_metadata.h"
#include "domain/manage/client_secrets.h"
#include "domain/oauth/client_failures.h"

static void write_client(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct registered_client *client = shown;
    client_write(writer, client);
    if (cli->json)
        return;
    const char *name = client->client.client_name ? client->client.client_name : "";
    printf("%s  %-8s %s\n", client->row.client_id, client->row.status, name);
    if (client->row.locked_at)
        printf("locked: it failed to prove who it is too often; doorward client unlock unlocks it\n");
    if (client->secret)
        printf("client_id %s\nclient_secret %s\nThe secret is shown only now.\n", client->row.client_id,
               client->secret);
}

static enum cli_status print_client(struct cli *cli, const struct registered_client *client)
{
    return listing_show(cli, write_client, client);
}

/* A member that isn't known has no effect (RFC 7591 §2); whoever has mistyped one should hear of it. */
static void tell_ignored(const struct cli *cli, const struct json *metadata)
{
    const char *names = client_metadata_ignored(cli->arena, metadata);
    if (*names)
        fprintf(stderr, "%s: without effect, as not known here: %s\n", cli->program, names);
}

static enum cli_status client_add(struct cli *cli)
{
    const char *error = NULL;
    struct registered_client client;
    const char *metadata = cli_read_file(cli, cli_option(cli, "metadata"));
    if (!metadata)
        return CLI_REFUSED;
    tell_ignored(cli, json_parse(cli->arena, metadata, strlen(metadata), &error));
    enum outcome outcome = client_register(&cli->context, cli_option(cli, "service"), metadata, &client);
    return outcome == OUTCOME_OK ? print_client(cli, &client) : cli_refused(cli, outcome);
}

static enum cli_status write_clients(struct cli *cli, const struct client_row *rows, size_t count)
{
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *error;
        struct registered_client client = { .row = rows[i] };
        if (!client_from_metadata(cli->arena, rows[i].metadata, &client.client, &error))
            return cli_fail(cli, CLI_REFUSED, "client %s: stored metadata is broken: %s", rows[i].client_id,
                            error);
        write_client(cli, &writer, &client);
    }
    json_close_array(&writer);
    return cli_finish(cli, &writer);
}

static enum cli_status client_list(struct cli *cli)
{
    struct page page;
    struct client_row *rows;
    size_t count;
    unsigned char id[16];
    const unsigned char *service_id;
    enum cli_status status = listing_page_of_service(cli, &page, id, &service_id);
    if (status == CLI_OK)
        status =
            listing_result(cli, clients_list(cli->context.db, cli->arena, service_id, &page, &rows, &count));
    return status == CLI_OK ? write_clients(cli, rows, count) : status;
}

static enum cli_status client_show(struct cli *cli)
{
    struct registered_client client;
    enum outcome outcome = client_find(&cli->context, cli->arguments[0], &client);
    return outcome == OUTCOME_OK ? print_client(cli, &client) : cli_refused(cli, outcome);
}

static enum cli_status set_active(struct cli *cli, bool active)
{
    enum outcome outcome = client_set_active(&cli->context, cli->arguments[0], active);
    return outcome == OUTCOME_OK ? client_show(cli) : cli_refused(cli, outcome);
}

static enum cli_status client_disable(struct cli *cli)
{
    return set_active(cli, false);
}

static enum cli_status client_enable(struct cli *cli)
{
    return set_active(cli, true);
}

static enum cli_status client_remove_command(struct cli *cli)
{
    enum outcome outcome = client_remove(&cli->context, cli->arguments[0], NULL);
    return outcome == OUTCOME_OK ? listing_show_status(cli, "removed") : cli_refused(cli, outcome);
}

static enum cli_status client_rotate(struct cli *cli)
{
    int64_t keep_s = 0;
    const char *keep = cli_option(cli, "keep-old");
    struct registered_client client;
    struct made_secret secret;
    if (keep && !text_to_duration(keep, &keep_s))
        return cli_fail(cli, CLI_USAGE, "--keep-old must be a duration such as 1h or 7d");
    enum outcome outcome = client_secret_rotate(&cli->context, cli->arguments[0], keep_s, &secret);
    if (outcome == OUTCOME_OK)
        outcome = client_find(&cli->context, cli->arguments[0], &client);
    client.secret = secret.text;
    return outcome == OUTCOME_OK ? print_client(cli, &client) : cli_refused(cli, outcome);
}

static enum cli_status client_change_command(struct cli *cli)
{
    const char *error = NULL, *text = cli_read_file(cli, cli_option(cli, "metadata"));
    struct registered_client client;
    if (!text)
        return CLI_REFUSED;
    const struct client_wish wish = { .metadata = json_parse(cli->arena, text, strlen(text), &error) };
    if (json_kind(wish.metadata) != JSON_OBJECT)
        return cli_fail(cli, CLI_REFUSED, "the metadata must be a JSON object");
    tell_ignored(cli, wish.metadata);
    enum outcome outcome = client_change(&cli->context, cli->arguments[0], &wish, &client);
    return outcome == OUTCOME_OK ? print_client(cli, &client) : cli_refused(cli, outcome);
}

/* --- secrets --- */

static const char *time_text(struct cli *cli, int64_t seconds, const char *otherwise)
{
    char text[RFC3339_SIZE];
    if (!seconds)
        return otherwise;
    rfc3339_write(seconds, text);
    return arena_strdup(cli->arena, text);
}

static void write_secret(struct cli *cli, struct json_writer *writer, const struct client_secret_row *row,
                         const char *text)
{
    client_secret_write(writer, row, text);
    if (cli->json)
        return;
    printf("%s  %s...  made %s  ends %s  used %s%s%s\n", uuid_encode(cli->arena, row->id), row->prefix,
           time_text(cli, row->created_at, ""), time_text(cli, row->expires_at, "never"),
           time_text(cli, row->last_used_at, "never"), row->last_used_at ? " from " : "",
           row->last_used_at ? row->last_used_from : "");
    if (text)
        printf("client_secret %s\nIt is shown only now.\n", text);
}

static void write_secret_row(struct cli *cli, struct json_writer *writer, const void *row)
{
    write_secret(cli, writer, row, NULL);
}

static enum cli_status tell_made(struct cli *cli, enum outcome outcome, const struct made_secret *secret)
{
    struct json_writer writer = json_writer_start(cli->arena);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    write_secret(cli, &writer, &secret->row, secret->text);
    return cli_finish(cli, &writer);
}

static enum cli_status secret_list(struct cli *cli)
{
    struct client_secret_row *rows;
    size_t count;
    enum outcome outcome = client_secrets_of(&cli->context, cli->arguments[0], &rows, &count);
    return outcome == OUTCOME_OK ? listing_show_all(cli, write_secret_row, rows, count, sizeof(*rows))
                                 : cli_refused(cli, outcome);
}

static enum cli_status secret_add(struct cli *cli)
{
    struct made_secret secret;
    return tell_made(cli, client_secret_add(&cli->context, cli->arguments[0], &secret), &secret);
}

static enum cli_status secret_rotate(struct cli *cli)
{
    int64_t keep_s = 0;
    const char *keep = cli_option(cli, "keep-old");
    struct made_secret secret;
    if (keep && !text_to_duration(keep, &keep_s))
        return cli_fail(cli, CLI_USAGE, "--keep-old must be a duration such as 1h or 7d");
    return tell_made(cli, client_secret_rotate(&cli->context, cli->arguments[0], keep_s, &secret), &secret);
}

static enum cli_status secret_revoke(struct cli *cli)
{
    enum outcome outcome = client_secret_revoke(&cli->context, cli->arguments[0], cli->arguments[1]);
    return outcome == OUTCOME_OK ? secret_list(cli) : cli_refused(cli, outcome);
}

/* --- failures --- */

static void write_failure(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct client_failure_row *row = shown;
    client_failure_write(writer, row);
    if (!cli->json)
        printf("%s  %s  %s  %s\n", time_text(cli, row->at_ms / 1000, ""), row->address, row->method,
               row->reason);
}

static enum cli_status client_failures(struct cli *cli)
{
    struct page page;
    struct client_failure_row *rows;
    size_t count;
    enum cli_status status = listing_page(cli, &page);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = client_failures_of(&cli->context, cli->arguments[0], &page, &rows, &count);
    return outcome == OUTCOME_OK ? listing_show_all(cli, write_failure, rows, count, sizeof(*rows))
                                 : cli_refused(cli, outcome);
}

static enum cli_status client_unlock_command(struct cli *cli)
{
    enum outcome outcome = client_unlock(&cli->context, cli->arguments[0]);
    return outcome == OUTCOME_OK ? client_show(cli) : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "metadata", "FILE", true, "JSON in the words of RFC 7591 section 2; - is standard input" },
    { "service", "ID", true, "the service that it belongs to" },
    { .name = NULL },
};

static const struct cli_option change_options[] = {
    { "metadata", "FILE", true,
      "JSON with the members that change; null takes one off; - is standard input" },
    { .name = NULL },
};

static const struct cli_option failure_options[] = {
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    { "service", "ID", false, "only those of this service" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option rotate_options[] = {
    { "keep-old", "TIME", false, "let the old secret work for so long still (7d)" },
    { .name = NULL },
};

const struct cli_command client_commands[] = {
    { "client", "add", NULL, "Register a client; answers in the same words.", add_options, CLI_CONTEXT,
      client_add },
    { "client", "list", NULL, "Tell the clients.", list_options, CLI_CONTEXT, client_list },
    { "client", "show", "ID", "Tell one client.", NULL, CLI_CONTEXT, client_show },
    { "client", "change", "ID", "Change what a client is registered with.", change_options, CLI_CONTEXT,
      client_change_command },
    { "client", "disable", "ID", "Switch a client off.", NULL, CLI_CONTEXT, client_disable },
    { "client", "enable", "ID", "Switch a client on again.", NULL, CLI_CONTEXT, client_enable },
    { "client", "remove", "ID", "Remove a client: its tokens are refused from then on.", NULL, CLI_CONTEXT,
      client_remove_command },
    { "client", "rotate-secret", "ID", "Give a client a new secret.", rotate_options, CLI_CONTEXT,
      client_rotate },
    { "client", "secret add", "ID", "Give a client one more secret.", NULL, CLI_CONTEXT, secret_add },
    { "client", "secret list", "ID", "Tell a client's secrets: when they were made and last used.", NULL,
      CLI_CONTEXT, secret_list },
    { "client", "secret rotate", "ID", "Give a client a new secret in the place of all.", rotate_options,
      CLI_CONTEXT, secret_rotate },
    { "client", "secret revoke", "ID SECRET", "End a secret now.", NULL, CLI_CONTEXT, secret_revoke },
    { "client", "failures", "ID", "Tell how a client failed to prove who it is.", failure_options,
      CLI_CONTEXT, client_failures },
    { "client", "unlock", "ID",
      "Unlock a client that failed too often, for every address that was turned away for it as well.", NULL,
      CLI_CONTEXT, client_unlock_command },
    { .noun = NULL },
};
