/* migrate.c: `doorward migrate`: brings the database to this release's schema, or tells what that would
 * cost. The rules are domain/manage/schema.h. */
#include "cmd/cli/cli.h"

#include "core/clock.h"
#include "domain/manage/schema.h"

#include <time.h>

enum { POLL_MS = 200, PATIENCE_MS = 15000 };

static void write_cost(struct cli *cli, struct json_writer *writer, const struct migration_cost *cost)
{
    if (!cli->json) {
        printf("    %s: about %lld rows\n", cost->statement, (long long)cost->rows);
        return;
    }
    json_open_object(writer, NULL);
    json_write_text(writer, "statement", cost->statement);
    json_write_text(writer, "table", cost->table);
    json_write_integer(writer, "rows", cost->rows);
    json_close_object(writer);
}

static enum outcome write_migration(struct cli *cli, struct json_writer *writer,
                                    const struct migration *migration)
{
    struct migration_cost *costs;
    size_t count;
    enum outcome outcome = schema_cost(&cli->context, migration, &costs, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!cli->json)
        printf("%s (programs from schema %lld on can run on it)\n", migration->name,
               (long long)migration->needs_program);
    json_open_object(writer, NULL);
    json_write_integer(writer, "number", migration->number);
    json_write_text(writer, "name", migration->name);
    json_write_integer(writer, "needs_program", migration->needs_program);
    json_open_array(writer, "statements");
    for (size_t i = (size_t)migration->statements_done; i < count; i++)
        write_cost(cli, writer, &costs[i]);
    json_close_array(writer);
    json_close_object(writer);
    return OUTCOME_OK;
}

static enum cli_status plan(struct cli *cli, const struct schema *schema)
{
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "pending");
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->migrations[i].state == MIGRATION_APPLIED)
            continue;
        enum outcome outcome = write_migration(cli, &writer, &schema->migrations[i]);
        if (outcome != OUTCOME_OK)
            return cli_refused(cli, outcome);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else if (!schema->pending)
        printf("nothing to do: the schema is at %zu\n", schema->count);
    return CLI_OK;
}

static const struct migration *first_pending(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->migrations[i].state != MIGRATION_APPLIED)
            return &schema->migrations[i];
    return NULL;
}

/* Another program is applying this migration: waits while it gets on. */
static enum cli_status wait_for_other(struct cli *cli, const struct migration *waited_for)
{
    int64_t done = -1, since_ms = clock_mono_ms();
    for (;;) {
        struct schema schema;
        enum outcome outcome = schema_read(&cli->context, &schema);
        if (outcome != OUTCOME_OK)
            return cli_refused(cli, outcome);
        const struct migration *migration = &schema.migrations[waited_for->number - 1];
        if (migration->state == MIGRATION_APPLIED)
            return CLI_OK;
        if (migration->statements_done != done) {
            done = migration->statements_done;
            since_ms = clock_mono_ms();
        }
        if (clock_mono_ms() - since_ms > PATIENCE_MS)
            return cli_fail(cli, CLI_REFUSED,
                            "%s was begun and stands at statement %lld: if no other 'doorward migrate' is at "
                            "work, go on with --resume",
                            migration->name, (long long)done + 1);
        nanosleep(&(struct timespec) { .tv_nsec = POLL_MS * 1000000L }, NULL);
    }
}

static enum cli_status apply(struct cli *cli, const struct migration *migration, bool *applied_out)
{
    *applied_out = false;
    if (migration->state == MIGRATION_UNFINISHED && !cli_option(cli, "resume"))
        return wait_for_other(cli, migration);
    enum outcome outcome = cli_option(cli, "adopt") ? schema_adopt(&cli->context, migration)
                                                    : schema_apply(&cli->context, migration);
    if (outcome == OUTCOME_ALREADY_EXISTS)
        return wait_for_other(cli, migration);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    *applied_out = true;
    return CLI_OK;
}

static enum cli_status apply_all(struct cli *cli, struct json_writer *writer, struct schema *schema)
{
    const struct migration *migration;
    bool applied;
    while ((migration = first_pending(schema))) {
        enum cli_status status = apply(cli, migration, &applied);
        if (status != CLI_OK)
            return status;
        if (applied && !cli->json)
            printf("applied %s\n", migration->name);
        if (applied)
            json_write_text(writer, NULL, migration->name);
        enum outcome outcome = schema_read(&cli->context, schema);
        if (outcome != OUTCOME_OK)
            return cli_refused(cli, outcome);
    }
    return CLI_OK;
}

static enum cli_status fill(struct cli *cli, struct json_writer *writer)
{
    int64_t filled;
    enum outcome outcome = schema_fill(&cli->context, &filled);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    if (filled > 0)
        json_write_integer(writer, "filled", filled);
    if (filled > 0 && !cli->json)
        printf("filled in %lld rows\n", (long long)filled);
    return CLI_OK;
}

static enum cli_status migrate(struct cli *cli)
{
    struct json_writer writer = json_writer_start(cli->arena);
    struct schema schema;
    enum outcome outcome = schema_read(&cli->context, &schema);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    if (cli_option(cli, "plan"))
        return plan(cli, &schema);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "applied");
    enum cli_status status = apply_all(cli, &writer, &schema);
    json_close_array(&writer);
    /* what was loaded by hand, the housekeeper fills in */
    if (status == CLI_OK && !cli_option(cli, "adopt"))
        status = fill(cli, &writer);
    if (status != CLI_OK)
        return status;
    json_write_integer(&writer, "schema", (int64_t)schema.count);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else
        printf("the schema is at %zu\n", schema.count);
    return CLI_OK;
}

static const struct cli_option migrate_options[] = {
    { "plan", NULL, false, "only tell what would be done, and about how many rows it touches" },
    { "resume", NULL, false, "go on with a migration that was interrupted" },
    { "adopt", NULL, false, "note files that were loaded by hand as applied" },
    { .name = NULL },
};

const struct cli_command migrate_commands[] = {
    { "migrate", NULL, NULL, "Bring the database to this release's schema.", migrate_options, CLI_DATABASE,
      migrate },
    { .noun = NULL },
};
