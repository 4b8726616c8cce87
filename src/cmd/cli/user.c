/* user.c: `doorward user add|list|show|disable|enable|set-password|unlock|sessions|sign-out`: people's
 * accounts. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "domain/account/account.h"
#include "domain/manage/users.h"

#include <time.h>

static void write_user(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct user_row *row = shown;
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "email", row->email);
    json_write_boolean(writer, "email_verified", row->email_verified);
    json_write_text(writer, "name", row->name);
    json_write_boolean(writer, "has_password", row->password_hash != NULL);
    json_write_text(writer, "status", row->status);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "updated_at", row->updated_at);
    json_write_boolean(writer, "self_registered", row->self_registered);
    json_write_integer(writer, "sign_ins", row->sign_ins);
    json_write_integer(writer, "last_sign_in_at", row->last_sign_in_at);
    json_close_object(writer);
    if (!cli->json)
        printf("%s  %-8s %s  %s\n", id, row->status, row->email, row->name);
}

/* "2026-01-31 12:00 UTC", or "never" for 0. */
static const char *time_text(struct cli *cli, int64_t seconds)
{
    struct tm parts;
    time_t time = (time_t)seconds;
    if (seconds == 0 || !gmtime_r(&time, &parts))
        return "never";
    return arena_printf(cli->arena, "%04d-%02d-%02d %02d:%02d UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                        parts.tm_mday, parts.tm_hour, parts.tm_min);
}

static enum cli_status print_user(struct cli *cli, const struct user_row *row)
{
    return listing_show(cli, write_user, row);
}

static enum cli_status add(struct cli *cli)
{
    struct user_row row;
    struct new_user user = { .email = cli_option(cli, "email"),
                             .name = cli_option(cli, "name"),
                             .email_verified = cli_option(cli, "verified") != NULL };
    if (!cli_option(cli, "no-password")) {
        user.password = cli_secret(cli, "password-file", "DOORWARD_PASSWORD", "Password of the user: ");
        if (!user.password)
            return CLI_REFUSED;
    }
    enum outcome outcome = user_add(&cli->context, &user, &row);
    return outcome == OUTCOME_OK ? print_user(cli, &row) : cli_refused(cli, outcome);
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    struct user_row *rows;
    size_t count;
    enum cli_status status = listing_page(cli, &page);
    page.search = cli_option(cli, "search");
    if (status == CLI_OK)
        status = listing_result(cli, users_list(cli->context.db, cli->arena, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_user, rows, count, sizeof(*rows));
}

static enum cli_status show(struct cli *cli)
{
    struct user_row row;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    print_user(cli, &row);
    if (!cli->json)
        printf("address %s, made by %s; signed in %lld times, last %s\n",
               row.email_verified ? "verified" : "not verified",
               row.self_registered ? "the person" : "an admin", (long long)row.sign_ins,
               time_text(cli, row.last_sign_in_at));
    return CLI_OK;
}

static enum cli_status set_active(struct cli *cli, bool active)
{
    struct user_row row;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = user_set_active(&cli->context, row.id, active);
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
    struct user_row row;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    const char *password =
        cli_secret(cli, "password-file", "DOORWARD_PASSWORD", "New password of the user: ");
    if (!password)
        return CLI_REFUSED;
    outcome = user_set_password(&cli->context, &row, password);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static enum cli_status unlock(struct cli *cli)
{
    struct user_row row;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = password_unlock(&cli->context, row.email_key);
    return outcome == OUTCOME_OK ? print_user(cli, &row) : cli_refused(cli, outcome);
}

static void write_session(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct account_session *session = shown;
    json_open_object(writer, NULL);
    json_write_text(writer, "sid", session->sid);
    json_write_integer(writer, "created_at", session->created_at);
    json_write_integer(writer, "seen_at", session->seen_at);
    json_write_integer(writer, "expires_at", session->expires_at);
    json_write_text(writer, "method", session->method);
    json_write_text(writer, "address", session->address);
    json_write_text(writer, "agent", session->agent);
    json_close_object(writer);
    if (!cli->json)
        printf("%s  %-7s last used %s from %s  %s\n", session->sid, session->method,
               time_text(cli, session->seen_at), session->address, session->agent);
}

static enum cli_status sessions(struct cli *cli)
{
    struct user_row row;
    struct account_session *list;
    struct session of_user = { .method = NULL }; /* whose: none of them is the one that asks */
    size_t count;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK) {
        memcpy(of_user.user_id, row.id, sizeof(of_user.user_id));
        outcome = account_sessions(&cli->context, &of_user, &list, &count);
    }
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_all(cli, write_session, list, count, sizeof(*list));
}

static enum cli_status sign_out(struct cli *cli)
{
    struct user_row row;
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = user_sign_out(&cli->context, row.id);
    return outcome == OUTCOME_OK ? print_user(cli, &row) : cli_refused(cli, outcome);
}

static const struct cli_option add_options[] = {
    { "email", "ADDRESS", true, "by which the person signs in" },
    { "name", "NAME", true, "what the person is called" },
    { "password-file", "FILE", false, "its first line is the password; - is standard input" },
    { "no-password", NULL, false, "no password: the account can't sign in by one" },
    { "verified", NULL, false, "the address is known to be the person's" },
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

const struct cli_command user_commands[] = {
    { "user", "add", NULL, "Make an account.", add_options, CLI_CONTEXT, add },
    { "user", "list", NULL, "Tell the accounts.", list_options, CLI_CONTEXT, list },
    { "user", "show", "ID|ADDRESS", "Tell one account.", NULL, CLI_CONTEXT, show },
    { "user", "disable", "ID|ADDRESS", "Switch an account off and end its sessions and tokens.", NULL,
      CLI_CONTEXT, disable },
    { "user", "enable", "ID|ADDRESS", "Switch an account on again.", NULL, CLI_CONTEXT, enable },
    { "user", "set-password", "ID|ADDRESS", "Set a password; ends all sessions and tokens of the account.",
      password_options, CLI_CONTEXT, set_password },
    { "user", "unlock", "ID|ADDRESS",
      "Forget the wrong passwords of an account, so that it can be signed in to.", NULL, CLI_CONTEXT,
      unlock },
    { "user", "sessions", "ID|ADDRESS", "Tell where an account is signed in.", NULL, CLI_CONTEXT, sessions },
    { "user", "sign-out", "ID|ADDRESS", "End all sessions, tokens and mailed links of an account.", NULL,
      CLI_CONTEXT, sign_out },
    { .noun = NULL },
};
