/*
 * context.c: the context of a command: what a worker has, made for one command and given back with the
 * command's arena.
 */
#include "cmd/cli/cli.h"

#include "core/clock.h"
#include "domain/directory.h"
#include "domain/keyring.h"
#include "domain/providers/configured.h"
#include "net/outgoing.h"
#include "store/migrations.h"

#include <unistd.h>

static void release_db(void *db)
{
    db_destroy(db);
}

static void release_directory(void *directory)
{
    directory_free(directory);
}

static void release_keyring(void *keyring)
{
    keyring_free(keyring);
}

static void release_outgoing(void *outgoing)
{
    outgoing_free(outgoing);
}

static void release_shared(void *shared)
{
    shared_unmap(shared);
}

static void release_keyfile(void *keyfile)
{
    keyfile_free(keyfile);
}

/* The running server's page, to tell its workers of changes at once. Never made here: it would belong to
 * whoever typed the command; without it workers look at the database within a second. */
static struct shared *map_shared(struct cli *cli)
{
    const char *path = arena_printf(cli->arena, "%s/shared", cli->settings->run_directory);
    return shared_map(access(path, R_OK | W_OK) == 0 ? path : NULL);
}

static enum cli_status load_keyfile(struct cli *cli)
{
    const char *error;
    struct keyfile *keyfile = keyfile_load(cli->settings->key_file, &error);
    if (!keyfile)
        return cli_fail(cli, CLI_CONFIGURATION, "%s", error);
    arena_defer(cli->arena, release_keyfile, keyfile);
    cli->context.keyfile = keyfile;
    return CLI_OK;
}

static enum cli_status load_providers(struct cli *cli)
{
    const char *error;
    cli->context.configured_providers = configured_providers_load(cli->arena, cli->settings, &error);
    return cli->context.configured_providers ? CLI_OK : cli_fail(cli, CLI_CONFIGURATION, "%s", error);
}

static enum cli_status check_schema(struct cli *cli)
{
    const char *reason = NULL;
    enum store_result result = schema_is_known(cli->context.db, cli->arena, &reason);
    if (result != STORE_OK)
        return cli_fail(cli, CLI_UNAVAILABLE, "the database is not available");
    return reason ? cli_fail(cli, CLI_REFUSED, "%s", reason) : CLI_OK;
}

static void fill_context(struct cli *cli)
{
    struct context *context = &cli->context;
    context->arena = cli->arena;
    context->now_ms = clock_now_ms();
    context->now = context->now_ms / 1000;
    context->settings = cli->settings;
    context->request_id = context->address = context->user_agent = context->languages = "";
    context->actor = "cli";
    context->shared = map_shared(cli);
    context->db = db_make(cli->settings);
    context->directory = directory_make();
    context->keyring = keyring_make();
    context->outgoing = outgoing_make(cli->settings);
    arena_defer(cli->arena, release_shared, context->shared);
    arena_defer(cli->arena, release_db, context->db);
    arena_defer(cli->arena, release_outgoing, context->outgoing);
    arena_defer(cli->arena, release_directory, context->directory);
    arena_defer(cli->arena, release_keyring, context->keyring);
}

enum cli_status cli_open_context(struct cli *cli)
{
    fill_context(cli);
    if (!db_connect(cli->context.db))
        return cli_fail(cli, CLI_UNAVAILABLE, "the database is not available");
    if (cli->command->needs == CLI_DATABASE)
        return CLI_OK;
    enum cli_status status = load_keyfile(cli);
    if (status == CLI_OK)
        status = load_providers(cli);
    return status == CLI_OK ? check_schema(cli) : status;
}
