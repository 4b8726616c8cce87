/* permission.c: `doorward permission list|show|set|revoke|history`: who may use which application, and as
 * what. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/events/event.h"
#include "domain/manage/users.h"
#include "domain/permissions/permission.h"

static void write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    if (seconds)
        json_write_integer(writer, name, seconds);
    else
        json_write_null(writer, name);
}

static void write_row(struct cli *cli, struct json_writer *writer, const struct permission_row *row,
                      const char *client_id)
{
    const char *user_id = uuid_encode(cli->arena, row->user_id);
    bool has_access = permission_grants(row->role, row->status, row->denied);
    json_open_object(writer, NULL);
    json_write_text(writer, "user_id", user_id);
    json_write_text(writer, "client_id", client_id);
    json_write_text(writer, "role", row->role);
    json_write_text(writer, "status", row->status);
    json_write_boolean(writer, "has_access", has_access);
    write_time(writer, "requested_at", row->requested_at);
    write_time(writer, "granted_at", row->granted_at);
    json_write_text(writer, "granted_by", row->granted_by);
    write_time(writer, "revoked_at", row->revoked_at);
    json_write_text(writer, "revoked_by", row->revoked_by);
    write_time(writer, "last_accessed_at", row->last_accessed_at);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "updated_at", row->updated_at);
    json_close_object(writer);
    if (!cli->json)
        printf("%s  %s  %-8s  %-5s  %s\n", user_id, client_id, row->status, row->role,
               has_access ? "access" : "no access");
}

static enum cli_status list(struct cli *cli)
{
    struct page page;
    unsigned char service_id[16];
    struct permission_filter filter = { .client_id = cli_option(cli, "client") };
    struct permission_listed *rows;
    size_t count;
    const char *status_word = cli_option(cli, "status");
    filter.status = permission_status(status_word);
    if (status_word && !filter.status)
        return cli_fail(cli, CLI_USAGE, "--status must be pending, approved or revoked");
    enum cli_status status = listing_page_of_service(cli, &page, service_id, &filter.service_id);
    if (status == CLI_OK)
        status =
            listing_result(cli, permissions_list(cli->context.db, cli->arena, &filter, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++)
        write_row(cli, &writer, &rows[i].permission, rows[i].client_id);
    json_close_array(&writer);
    return cli_finish(cli, &writer);
}

/* The arguments USER and CLIENT. */
static enum cli_status find_pair(struct cli *cli, struct user_row *user_out, const struct client **client_out)
{
    enum outcome outcome = user_find(&cli->context, cli->arguments[0], user_out);
    if (outcome == OUTCOME_OK)
        outcome = directory_client(&cli->context, cli->arguments[1], client_out);
    return outcome == OUTCOME_OK ? CLI_OK : cli_refused(cli, outcome);
}

static enum cli_status show(struct cli *cli)
{
    struct user_row user;
    const struct client *client;
    struct permission_row row;
    enum cli_status status = find_pair(cli, &user, &client);
    if (status != CLI_OK)
        return status;
    enum store_result found = permissions_find(cli->context.db, cli->arena, user.id, client->number, &row);
    enum outcome outcome =
        store_outcome(&cli->context, found, OUTCOME_NOT_FOUND, "there is no permission record");
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    write_row(cli, &writer, &row, client->client_id);
    return cli_finish(cli, &writer);
}

static enum cli_status set(struct cli *cli)
{
    struct user_row user;
    const struct client *client;
    struct permission permission;
    const char *word = cli_option(cli, "status");
    const struct permission_change change = {
        .role = permission_role(cli_option(cli, "role")),
        .status = permission_status(word ? word : "approved"),
        .actor = "cli",
        .denied = cli_option(cli, "deny") != NULL,
    };
    if (!change.role)
        return cli_fail(cli, CLI_USAGE, "--role must be none, user or admin");
    if (!change.status)
        return cli_fail(cli, CLI_USAGE, "--status must be pending, approved or revoked");
    enum cli_status status = find_pair(cli, &user, &client);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = permission_put(&cli->context, user.id, client, &change, &permission);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static enum cli_status revoke(struct cli *cli)
{
    struct user_row user;
    const struct client *client;
    struct permission permission;
    enum cli_status status = find_pair(cli, &user, &client);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = permission_revoke(&cli->context, user.id, client, "cli", &permission);
    return outcome == OUTCOME_OK ? show(cli) : cli_refused(cli, outcome);
}

static void write_entry(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct history_entry *entry = shown;
    json_open_object(writer, NULL);
    json_write_text(writer, "event", entry->type);
    json_write_integer(writer, "at", entry->at_ms / 1000);
    json_write_text(writer, "actor", entry->actor);
    json_write_raw(writer, "data", entry->data);
    json_close_object(writer);
    if (!cli->json)
        printf("%lld  %-20s  %s  %s\n", (long long)(entry->at_ms / 1000), entry->type, entry->actor,
               entry->data);
}

static enum cli_status history(struct cli *cli)
{
    struct page page;
    struct user_row user;
    const struct client *client;
    struct history_entry *entries;
    size_t count;
    enum cli_status status = listing_page(cli, &page);
    if (status == CLI_OK)
        status = find_pair(cli, &user, &client);
    if (status != CLI_OK)
        return status;
    enum outcome outcome =
        history_of(&cli->context, client->service->id, permission_subject(&cli->context, user.id, client),
                   &page, &entries, &count);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_all(cli, write_entry, entries, count, sizeof(*entries));
}

static const struct cli_option list_options[] = {
    { "service", "ID", false, "only those at clients of this service" },
    { "client", "ID", false, "only those at this client" },
    { "status", "STATUS", false, "only those that are pending, approved or revoked" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option set_options[] = {
    { "role", "ROLE", true, "none, user or admin" },
    { "status", "STATUS", false, "pending, approved (the default) or revoked" },
    { "deny", NULL, false, "no access, whatever role and status say" },
    { .name = NULL },
};

static const struct cli_option history_options[] = {
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

const struct cli_command permission_commands[] = {
    { "permission", "list", NULL, "Tell who may use which application, the last changed first.", list_options,
      CLI_CONTEXT, list },
    { "permission", "show", "ID|ADDRESS CLIENT", "Tell what one user is at one client.", NULL, CLI_CONTEXT,
      show },
    { "permission", "set", "ID|ADDRESS CLIENT", "Give a user a role at a client.", set_options, CLI_CONTEXT,
      set },
    { "permission", "revoke", "ID|ADDRESS CLIENT", "Take a user's permission for a client away.", NULL,
      CLI_CONTEXT, revoke },
    { "permission", "history", "ID|ADDRESS CLIENT", "Tell who changed a permission, the newest first.",
      history_options, CLI_CONTEXT, history },
    { .noun = NULL },
};
