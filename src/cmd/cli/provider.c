/* provider.c: `doorward provider add|set|list|show|enable|disable|remove`: identity providers by which people
 * sign in and whose tokens services use. */
#include "cmd/cli/listing.h"

#include "cmd/courier.h"
#include "core/clock.h"
#include "domain/manage/managed_provider.h"
#include "domain/providers/revocation.h"

#include <poll.h>

enum { REVOKING_MS = 30 * 1000, GLANCE_MS = 200 };

static void write_provider(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct managed_provider *provider = shown;
    managed_provider_write(&cli->context, writer, provider);
    if (cli->json)
        return;
    printf("%-20s %-9s %-9s %s\n", provider->provider.name, provider->kind_name,
           managed_provider_status(provider), provider->provider.display_name);
    if (provider->error)
        printf("  %s\n", provider->error);
    printf("  callback %s\n", managed_provider_callback(&cli->context, provider));
}

/* The metadata of --metadata FILE. */
static enum cli_status read_metadata(struct cli *cli, struct provider_wish *wish_out)
{
    const char *error, *text = cli_read_file(cli, cli_option(cli, "metadata"));
    *wish_out = (struct provider_wish) { .may_read_files = true };
    if (!text)
        return CLI_REFUSED;
    wish_out->metadata = json_parse(cli->arena, text, strlen(text), &error);
    return wish_out->metadata ? CLI_OK : cli_fail(cli, CLI_REFUSED, "--metadata: %s", error);
}

static enum cli_status provider_add(struct cli *cli)
{
    struct provider_wish wish;
    struct managed_provider provider;
    enum cli_status status = read_metadata(cli, &wish);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = managed_provider_add(&cli->context, &wish, &provider);
    return outcome == OUTCOME_OK ? listing_show(cli, write_provider, &provider) : cli_refused(cli, outcome);
}

static enum cli_status provider_set(struct cli *cli)
{
    struct provider_wish wish;
    struct managed_provider provider;
    enum cli_status status = read_metadata(cli, &wish);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = managed_provider_change(&cli->context, cli->arguments[0], &wish, &provider);
    return outcome == OUTCOME_OK ? listing_show(cli, write_provider, &provider) : cli_refused(cli, outcome);
}

static enum cli_status list_providers(struct cli *cli)
{
    struct managed_provider *providers;
    size_t count;
    enum outcome outcome = managed_provider_list(&cli->context, &providers, &count);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_all(cli, write_provider, providers, count, sizeof(*providers));
}

static enum cli_status provider_show(struct cli *cli)
{
    struct managed_provider provider;
    enum outcome outcome = managed_provider_find(&cli->context, cli->arguments[0], &provider);
    return outcome == OUTCOME_OK ? listing_show(cli, write_provider, &provider) : cli_refused(cli, outcome);
}

static enum cli_status set_active(struct cli *cli, bool active)
{
    enum outcome outcome = managed_provider_set_active(&cli->context, cli->arguments[0], active);
    return outcome == OUTCOME_OK ? provider_show(cli) : cli_refused(cli, outcome);
}

static enum cli_status provider_enable(struct cli *cli)
{
    return set_active(cli, true);
}

static enum cli_status provider_disable(struct cli *cli)
{
    return set_active(cli, false);
}

static int64_t untried_of(struct cli *cli, struct provider_revocation_counts *counts_out)
{
    const char *name = provider_name_canonical(cli->arena, cli->arguments[0]);
    enum store_result result =
        provider_revocations_count(cli->context.db, cli->arena, name, cli->context.now, counts_out);
    return result == STORE_OK ? counts_out->untried : 0;
}

/* What was taken off, while the provider is still there; a courier that is up takes part of it. */
static void revoke_tokens(struct cli *cli)
{
    const struct application application = application_of(&cli->context);
    struct provider_revocation_counts counts;
    int64_t end_ms = clock_mono_ms() + REVOKING_MS, left_ms = REVOKING_MS;
    while (left_ms > 0 && untried_of(cli, &counts)) {
        courier_carry_due(&revocation_cargo, &application, left_ms);
        poll(NULL, 0, GLANCE_MS);
        left_ms = end_ms - clock_mono_ms();
    }
}

static void tell_untold(struct cli *cli)
{
    struct provider_revocation_counts counts = { 0 };
    (void)untried_of(cli, &counts);
    if (counts.untold)
        fprintf(stderr, "%s: tokens of %lld accounts could not be revoked at the provider\n", cli->program,
                (long long)counts.untold);
}

static enum cli_status provider_remove(struct cli *cli)
{
    int64_t count = 0;
    bool with_connections = cli_option(cli, "connections") != NULL;
    enum outcome outcome = OUTCOME_OK;
    if (with_connections)
        outcome = managed_provider_disconnect(&cli->context, cli->arguments[0], &count);
    if (outcome == OUTCOME_OK && count)
        revoke_tokens(cli);
    if (outcome == OUTCOME_OK)
        outcome = managed_provider_remove(&cli->context, cli->arguments[0], with_connections);
    if (with_connections)
        tell_untold(cli);
    return outcome == OUTCOME_OK ? listing_show_status(cli, "removed") : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "metadata", "FILE", true, "JSON: name, kind, client_id and so on; - is standard input" },
    { .name = NULL },
};

static const struct cli_option set_options[] = {
    { "metadata", "FILE", true, "JSON with the members that change; null takes one off" },
    { .name = NULL },
};

static const struct cli_option remove_options[] = {
    { "connections", NULL, false, "and all accounts that are connected by it" },
    { .name = NULL },
};

const struct cli_command provider_commands[] = {
    { "provider", "add", NULL, "Add an identity provider.", add_options, CLI_CONTEXT, provider_add },
    { "provider", "set", "NAME", "Change a provider.", set_options, CLI_CONTEXT, provider_set },
    { "provider", "list", NULL, "Tell the providers.", NULL, CLI_CONTEXT, list_providers },
    { "provider", "show", "NAME", "Tell one provider.", NULL, CLI_CONTEXT, provider_show },
    { "provider", "enable", "NAME", "Switch a provider on again.", NULL, CLI_CONTEXT, provider_enable },
    { "provider", "disable", "NAME", "Switch a provider off.", NULL, CLI_CONTEXT, provider_disable },
    { "provider", "remove", "NAME", "Remove a provider.", remove_options, CLI_CONTEXT, provider_remove },
    { .noun = NULL },
};
