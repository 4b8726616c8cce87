/* plan.c: `doorward plan add|list|remove`: what members of a service can subscribe to. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "domain/subscriptions/plan.h"

static void write_plan(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct plan_row *row = shown;
    plan_write(writer, row);
    if (!cli->json)
        printf("%s  %8lld %s  %s  %s\n", uuid_encode(cli->arena, row->id), (long long)row->price_cents,
               row->currency, row->name, row->features);
}

/* "sign-in, reports" as an array. */
static const struct json *read_features(struct cli *cli, const char *list)
{
    const char *word;
    size_t length;
    struct json *features = json_new_array(cli->arena);
    while (text_next_word(&list, ',', &word, &length))
        json_append_text(features, text_trim(cli->arena, arena_strndup(cli->arena, word, length)));
    return features;
}

static enum cli_status add(struct cli *cli)
{
    struct service_row service;
    struct plan_row row;
    const char *price = cli_option(cli, "price-cents"), *features = cli_option(cli, "features");
    struct plan_terms terms = { .name = cli_option(cli, "name"),
                                .has_price = price != NULL,
                                .currency = cli_option(cli, "currency"),
                                .features = features ? read_features(cli, features) : NULL };
    if (price && !text_to_int(price, 0, INT64_MAX, &terms.price_cents))
        return cli_fail(cli, CLI_USAGE, "--price-cents must be a whole number");
    enum outcome outcome = service_find(&cli->context, cli_option(cli, "service"), &service);
    if (outcome == OUTCOME_OK)
        outcome = plan_add(&cli->context, service.id, &terms, &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show(cli, write_plan, &row);
}

static enum cli_status list(struct cli *cli)
{
    struct service_row service;
    struct page page;
    struct plan_row *rows;
    size_t count;
    int64_t total;
    enum cli_status status = listing_page(cli, &page);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = service_find(&cli->context, cli_option(cli, "service"), &service);
    if (outcome == OUTCOME_OK)
        outcome = plan_list(&cli->context, service.id, &page, &rows, &count, &total);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_all(cli, write_plan, rows, count, sizeof(*rows));
}

static enum cli_status remove_plan(struct cli *cli)
{
    struct service_row service;
    enum outcome outcome = service_find(&cli->context, cli_option(cli, "service"), &service);
    if (outcome == OUTCOME_OK)
        outcome = plan_remove(&cli->context, service.id, cli->arguments[0]);
    return outcome == OUTCOME_OK ? listing_show_status(cli, "removed") : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "service", "ID", true, "the service whose members can have it" },
    { "name", "NAME", true, "what it is called; once in a service" },
    { "price-cents", "N", false, "what it costs; 0" },
    { "currency", "WORD", false, "in which money; usd" },
    { "features", "LIST", false, "what comes with it, separated by commas" },
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    { "service", "ID", true, "whose plans" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option remove_options[] = {
    { "service", "ID", true, "whose plan it is" },
    { .name = NULL },
};

const struct cli_command plan_commands[] = {
    { "plan", "add", NULL, "Make a plan that members of a service can subscribe to.", add_options,
      CLI_CONTEXT, add },
    { "plan", "list", NULL, "Tell a service's plans.", list_options, CLI_CONTEXT, list },
    { "plan", "remove", "ID", "Remove a plan that nobody subscribes to.", remove_options, CLI_CONTEXT,
      remove_plan },
    { .noun = NULL },
};
