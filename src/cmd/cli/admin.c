/* admin.c: `doorward admin add|list|disable|enable|set-password|reset-second-step`: people who administer. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "domain/manage/admins.h"

static void write_admin(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct admin_row *row = shown;
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "email", row->email);
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "status", row->status);
    json_write_boolean(writer, "second_step", row->totp_sealed.length > 0);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "updated_at", row->updated_at);
    json_close_object(writer);
    if (!cli->json)
        printf("%s  %-8s %s  %s\n", id, row->status, row->email, row->name);
}

static enum cli_status print_admin(struct cli *cli, const struct admin_row *row)
{
    return listing_show(cli, write_admin, row);
}

static enum cli_status add(struct cli *cli)
{
    struct admin_row row;
    const char *password = cli_secret(cli, "password-file", "DOORWARD_PASSWORD", "Password of the admin: ");
    if (!password)
        return CLI_REFUSED;
    enum outcome outcome =
        admin_add(&cli->context, cli_option(cli, "email"), cli_option(cli, "name"), password, &row);
    return outcome == OUTCOME_OK ? print_admin(cli, &row) : cli_refused(cli, outcome);
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    struct admin_row *rows;
    size_t count;
    enum cli_status status = listing_page(cli, &page);
    page.search = cli_option(cli, "search");
    if (status == CLI_OK)
        status = listing_result(cli, admins_list(cli->context.db, cli->arena, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_admin, rows, count, sizeof(*rows));
}

static enum cli_status show(struct cli *cli)
{
    struct admin_row row;
    enum outcome outcome = admin_find(&cli->context, cli->arguments[0], &row);
    return outcome == OUTCOME_OK ? print_admin(cli, &row) : cli_refused(cli, outcome);
}

static enum cli_status set_active(struct cli *cli, bool active)
{
    struct admin_row row;
    enum outcome outcome = admin_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = admin_set_active(&cli->context, &row, active);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static enum cli_status disable(struct cli *cli)
{
    return set_active(cli, false);
}

static enum cli_status enable(struct cli *cli)
{
    return set_active(cli, true);
}

static enum cli_status set_password(struct cli *cli)
{
    struct admin_row row;
    enum outcome outcome = admin_find(&cli->context, cli->arguments[0], &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    const char *password =
        cli_secret(cli, "password-file", "DOORWARD_PASSWORD", "New password of the admin: ");
    if (!password)
        return CLI_REFUSED;
    outcome = admin_set_password(&cli->context, &row, password);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static enum cli_status reset_second_step(struct cli *cli)
{
    struct admin_row row;
    enum outcome outcome = admin_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = admin_reset_second_step(&cli->context, &row);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "email", "ADDRESS", true, "by which the admin signs in" },
    { "name", "NAME", true, "what the admin is called" },
    { "password-file", "FILE", false, "its first line is the password; - is standard input" },
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    LISTING_SEARCH,
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option password_options[] = {
    { "password-file", "FILE", false, "its first line is the password; - is standard input" },
    { .name = NULL },
};

const struct cli_command admin_commands[] = {
    { "admin", "add", NULL, "Make an admin.", add_options, CLI_CONTEXT, add },
    { "admin", "list", NULL, "Tell the admins.", list_options, CLI_CONTEXT, list },
    { "admin", "show", "ADDRESS", "Tell one admin.", NULL, CLI_CONTEXT, show },
    { "admin", "disable", "ADDRESS", "Lock an admin out.", NULL, CLI_CONTEXT, disable },
    { "admin", "enable", "ADDRESS", "Let an admin in again.", NULL, CLI_CONTEXT, enable },
    { "admin", "set-password", "ADDRESS", "Set an admin's password.", password_options, CLI_CONTEXT,
      set_password },
    { "admin", "reset-second-step", "ADDRESS", "Let an admin set the second step up anew.", NULL, CLI_CONTEXT,
      reset_second_step },
    { .noun = NULL },
};
