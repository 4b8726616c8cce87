/* webhook.c: `doorward webhook add|list|show|remove|deliveries|replay`: where services are told of their
 * events, and what became of it. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/events/webhook.h"

static const char states[] = "waiting sending sent dead";

/* secret: only where it was just made. */
static void write_webhook(struct cli *cli, struct json_writer *writer, const struct webhook_row *row,
                          const char *secret)
{
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "service_id", uuid_encode(cli->arena, row->service_id));
    json_write_text(writer, "url", row->url);
    json_write_words(writer, "events", row->events, ',');
    json_write_text(writer, "status", row->status);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "updated_at", row->updated_at);
    json_write_text(writer, "secret", secret);
    json_close_object(writer);
    if (cli->json)
        return;
    printf("%s  %-8s %s  %s\n", id, row->status, row->url, row->events);
    if (secret)
        printf("secret %s\nIt is shown only now.\n", secret);
}

/* One that was made before. */
static void write_row(struct cli *cli, struct json_writer *writer, const void *row)
{
    write_webhook(cli, writer, row, NULL);
}

static void write_delivery(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct delivery_row *row = shown;
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "event", row->event);
    json_write_text(writer, "state", row->state);
    json_write_integer(writer, "attempts", row->attempts);
    json_write_integer(writer, "response_status", row->response_status);
    json_write_text(writer, "error", row->error);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "next_at", row->next_at);
    json_write_integer(writer, "sent_at", row->sent_at);
    json_write_raw(writer, "payload", row->payload);
    json_close_object(writer);
    if (cli->json)
        return;
    printf("%s  %-8s %s\n", id, row->state, row->event);
    if (*row->error)
        printf("    after %lld attempt%s: %s\n", (long long)row->attempts, row->attempts == 1 ? "" : "s",
               row->error);
}

/* The webhook of the first argument, whichever service has it. */
static enum cli_status find(struct cli *cli, struct webhook_row *row_out)
{
    unsigned char id[16];
    if (!uuid_decode(cli->arguments[0], id))
        return cli_fail(cli, CLI_REFUSED, "no such webhook");
    enum outcome outcome =
        store_outcome(&cli->context, webhooks_find_any(cli->context.db, cli->arena, id, row_out),
                      OUTCOME_NOT_FOUND, "no such webhook");
    return outcome == OUTCOME_OK ? CLI_OK : cli_refused(cli, outcome);
}

static enum cli_status add(struct cli *cli)
{
    struct webhook_row row;
    unsigned char id[16];
    const unsigned char *service_id;
    const char *secret = NULL;
    const struct webhook_wanted wanted = { .url = cli_option(cli, "url"),
                                           .events = cli_option(cli, "events") };
    enum cli_status status = listing_service(cli, id, &service_id);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = webhook_add(&cli->context, service_id, &wanted, &row, &secret);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    write_webhook(cli, &writer, &row, secret);
    return cli_finish(cli, &writer);
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    struct webhook_row *rows;
    size_t count;
    unsigned char id[16];
    const unsigned char *service_id;
    enum cli_status status = listing_page_of_service(cli, &page, id, &service_id);
    if (status == CLI_OK)
        status =
            listing_result(cli, webhooks_list(cli->context.db, cli->arena, service_id, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_row, rows, count, sizeof(*rows));
}

static enum cli_status show(struct cli *cli)
{
    struct webhook_row row;
    enum cli_status status = find(cli, &row);
    if (status != CLI_OK)
        return status;
    return listing_show(cli, write_row, &row);
}

static enum cli_status take_away(struct cli *cli)
{
    struct webhook_row row;
    enum cli_status status = find(cli, &row);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = webhook_remove(&cli->context, row.service_id, cli->arguments[0]);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_status(cli, "removed");
}

static enum cli_status deliveries(struct cli *cli)
{
    struct page page;
    struct webhook_row webhook;
    struct delivery_row *rows;
    size_t count;
    const char *state = cli_option(cli, "state");
    if (state && !text_has_word(states, ' ', state))
        return cli_fail(cli, CLI_USAGE, "--state must be one of: %s", states);
    enum cli_status status = listing_page(cli, &page);
    if (status == CLI_OK)
        status = find(cli, &webhook);
    if (status == CLI_OK)
        status = listing_result(
            cli, delivery_list(cli->context.db, cli->arena, &webhook, state, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_delivery, rows, count, sizeof(*rows));
}

static enum cli_status replay(struct cli *cli)
{
    struct webhook_row webhook;
    struct delivery_row row;
    enum cli_status status = find(cli, &webhook);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = webhook_replay(&cli->context, &webhook, cli->arguments[1], &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show(cli, write_delivery, &row);
}

static const struct cli_option add_options[] = {
    { "service", "ID", true, "the service whose events are told" },
    { "url", "URL", true, "where they are told" },
    { "events", "NAMES", false, "\"member.created,member.deleted\" and the like; without it, all" },
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    { "service", "ID", false, "only those of this service" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option deliveries_options[] = {
    { "state", "STATE", false, "only those that are waiting, sending, sent or dead" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

const struct cli_command webhook_commands[] = {
    { "webhook", "add", NULL, "Have a service told of its events; the secret is shown only once.",
      add_options, CLI_CONTEXT, add },
    { "webhook", "list", NULL, "Tell the webhooks.", list_options, CLI_CONTEXT, list },
    { "webhook", "show", "ID", "Tell one webhook.", NULL, CLI_CONTEXT, show },
    { "webhook", "remove", "ID", "Remove a webhook, with what still waits for it.", NULL, CLI_CONTEXT,
      take_away },
    { "webhook", "deliveries", "ID", "Tell what it was told, newest first, and what became of it.",
      deliveries_options, CLI_CONTEXT, deliveries },
    { "webhook", "replay", "ID DELIVERY", "Tell it once more.", NULL, CLI_CONTEXT, replay },
    { .noun = NULL },
};
