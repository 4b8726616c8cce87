/* service.c: `doorward service add|list|show|set|set-role|disable|enable`: tenants. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "domain/manage/users.h"
#include "domain/members/member.h"
#include "domain/providers/provider.h"
#include "domain/providers/service_settings.h"

static const char *or_default(const char *word)
{
    return *word == '\0' ? "default" : word;
}

static void write_service(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct service_row *row = shown;
    const char *id = uuid_encode(cli->arena, row->id);
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "slug", service_slug(cli->arena, row));
    json_write_text(writer, "service_type", row->service_type);
    json_write_raw(writer, "features", row->features ? row->features : "[]");
    json_write_raw(writer, "workspace", row->workspace ? row->workspace : "null");
    json_write_raw(writer, "providers", row->providers ? row->providers : "null");
    json_write_text(writer, "status", row->status);
    json_write_text(writer, "pin_gate", or_default(row->pin_gate));
    json_write_text(writer, "sign_in_form", or_default(row->sign_in_form));
    json_write_integer(writer, "created_at", row->created_at);
    json_write_integer(writer, "updated_at", row->updated_at);
    json_close_object(writer);
    if (!cli->json)
        printf("%s  %-8s %-11s %-16s %s\n", id, row->status, or_default(row->pin_gate),
               or_default(row->sign_in_form), row->name);
}

static enum cli_status print_service(struct cli *cli, const struct service_row *row)
{
    return listing_show(cli, write_service, row);
}

static struct service_sign_in read_sign_in(const struct cli *cli)
{
    return (struct service_sign_in) { cli_option(cli, "pin-gate"), cli_option(cli, "sign-in-form") };
}

static enum cli_status service_add_command(struct cli *cli)
{
    struct service_row row;
    const struct service_sign_in sign_in = read_sign_in(cli);
    enum outcome outcome = service_add(&cli->context, cli_option(cli, "name"), &sign_in, &row);
    return outcome == OUTCOME_OK ? print_service(cli, &row) : cli_refused(cli, outcome);
}

static enum cli_status service_list(struct cli *cli)
{
    struct page page;
    struct service_row *rows;
    size_t count;
    enum cli_status status = listing_page(cli, &page);
    page.search = cli_option(cli, "search");
    if (status == CLI_OK)
        status = listing_result(cli, services_list(cli->context.db, cli->arena, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_service, rows, count, sizeof(*rows));
}

/* For people, what a line of the list has no place for; JSON has all of it. */
static void print_details(struct cli *cli, const struct service_row *row)
{
    struct service_providers settings;
    const char *error;
    printf("  slug %s, type %s, features %s, workspace %s\n", service_slug(cli->arena, row),
           row->service_type, row->features ? row->features : "[]", row->workspace ? row->workspace : "none");
    if (!service_providers_read(cli->arena, row->providers, &settings, &error))
        return;
    printf("  people sign in by %s\n", !settings.sign_in    ? "all providers that offer it"
                                       : !*settings.sign_in ? "no provider"
                                                            : settings.sign_in);
    for (size_t i = 0; i < settings.allowance_count; i++)
        printf("  may ask %s for %s\n", settings.allowances[i].provider, settings.allowances[i].scopes);
    for (const char *const *uri = settings.redirect_uris; uri && *uri; uri++)
        printf("  and has people sent back to %s\n", *uri);
}

static enum cli_status print_whole(struct cli *cli, const struct service_row *row)
{
    enum cli_status status = print_service(cli, row);
    if (status == CLI_OK && !cli->json)
        print_details(cli, row);
    return status;
}

static enum cli_status service_show(struct cli *cli)
{
    struct service_row row;
    enum outcome outcome = service_find(&cli->context, cli->arguments[0], &row);
    return outcome == OUTCOME_OK ? print_whole(cli, &row) : cli_refused(cli, outcome);
}

/* --workspace FILE, or the word none. */
static enum cli_status read_workspace(struct cli *cli, struct service_wish *wish)
{
    const char *file = cli_option(cli, "workspace");
    wish->sets_workspace = file != NULL;
    if (!file || text_equal(file, "none"))
        return CLI_OK;
    wish->workspace = cli_read_file(cli, file);
    return wish->workspace ? CLI_OK : CLI_REFUSED;
}

/* A name that no provider has is one that will be added, or a slip: whoever typed it should know. */
static void tell_if_unknown(struct cli *cli, const char *name)
{
    const struct provider *const *providers;
    size_t count;
    enum outcome outcome = provider_list(&cli->context, &providers, &count);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
        if (text_equal(providers[i]->name, name))
            return;
    }
    if (outcome == OUTCOME_OK)
        fprintf(stderr, "%s: no provider %s is there and switched on\n", cli->program, name);
}

static void tell_unknown_providers(struct cli *cli, const struct service_row *row)
{
    struct service_providers settings;
    size_t length;
    const char *error, *word, *cursor;
    if ((!cli_option(cli, "sign-in-providers") && !cli_option(cli, "provider-scopes")) ||
        !service_providers_read(cli->arena, row->providers, &settings, &error))
        return;
    for (cursor = settings.sign_in; cursor && text_next_word(&cursor, ' ', &word, &length);)
        tell_if_unknown(cli, arena_strndup(cli->arena, word, length));
    for (size_t i = 0; i < settings.allowance_count; i++)
        tell_if_unknown(cli, settings.allowances[i].provider);
}

static enum cli_status service_set_command(struct cli *cli)
{
    struct service_row row;
    struct service_wish wish = { .profile = { .name = cli_option(cli, "name"),
                                              .slug = cli_option(cli, "slug"),
                                              .service_type = cli_option(cli, "type"),
                                              .features = cli_option(cli, "features") },
                                 .sign_in = read_sign_in(cli),
                                 .providers = { .sign_in = cli_option(cli, "sign-in-providers"),
                                                .scopes = cli_option(cli, "provider-scopes"),
                                                .redirect_uris = cli_option(cli, "provider-redirect-uri") } };
    enum cli_status status = read_workspace(cli, &wish);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = service_set(&cli->context, cli->arguments[0], &wish, &row);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    tell_unknown_providers(cli, &row);
    return print_whole(cli, &row);
}

static enum cli_status set_active(struct cli *cli, bool active)
{
    enum outcome outcome = service_set_active(&cli->context, cli->arguments[0], active);
    return outcome == OUTCOME_OK ? service_show(cli) : cli_refused(cli, outcome);
}

static enum cli_status service_disable(struct cli *cli)
{
    return set_active(cli, false);
}

static enum cli_status service_enable(struct cli *cli)
{
    return set_active(cli, true);
}

static enum cli_status service_set_role(struct cli *cli)
{
    struct service_row row;
    struct user_row user;
    const char *role = cli_option(cli, "role");
    enum outcome outcome = service_find(&cli->context, cli->arguments[0], &row);
    if (outcome == OUTCOME_OK)
        outcome = user_find(&cli->context, cli->arguments[1], &user);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    outcome = member_set_role(&cli->context, row.id, user.id, role, "cli");
    if (outcome == OUTCOME_NOT_FOUND)
        return cli_fail(cli, CLI_REFUSED, "the user isn't a member of this service yet");
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "user_id", uuid_encode(cli->arena, user.id));
    json_write_text(&writer, "role", role);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else
        printf("%s %s\n", cli->arguments[1], role);
    return CLI_OK;
}

#define SIGN_IN_OPTIONS                                                                                      \
    { "pin-gate", "WORD", false,                                                                             \
      "when a code from a mail is asked for behind the password: off, always, new_browser, periodic or "     \
      "default" },                                                                                           \
    {                                                                                                        \
        "sign-in-form", "WORD", false, "both, identifier_first or default"                                   \
    }

static const struct cli_option add_options[] = {
    { "name", "NAME", true, "what people call it" },
    SIGN_IN_OPTIONS,
    { .name = NULL },
};

static const struct cli_option set_options[] = {
    { "name", "NAME", false, "what people call it" },
    { "slug", "WORD", false, "its word in addresses, beside its id; none takes it off" },
    { "type", "WORD", false, "web, api, mobile or desktop" },
    { "features", "WORDS", false, "what is switched on for it, separated by spaces; none switches all off" },
    { "workspace", "FILE", false,
      "JSON of how it uses the workspace API; - is standard input, none takes it off" },
    { "sign-in-providers", "NAMES", false,
      "by which providers people sign in, separated by spaces; all (that offer it) or none" },
    { "provider-scopes", "LIST", false,
      "what its backend may ask of providers, as 'github=repo read:user google=openid'; 'github=' or none "
      "takes off" },
    { "provider-redirect-uri", "URIS", false,
      "where people are sent back to when they have answered, separated by spaces; none takes all off" },
    SIGN_IN_OPTIONS,
    { .name = NULL },
};

static const struct cli_option role_options[] = {
    { "role", "WORD", true, "owner, admin or user" },
    { .name = NULL },
};

static const struct cli_option list_options[] = {
    LISTING_SEARCH,
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

const struct cli_command service_commands[] = {
    { "service", "add", NULL, "Make a service: a tenant with its own clients.", add_options, CLI_CONTEXT,
      service_add_command },
    { "service", "list", NULL, "Tell the services.", list_options, CLI_CONTEXT, service_list },
    { "service", "show", "ID", "Tell one service.", NULL, CLI_CONTEXT, service_show },
    { "service", "set", "ID", "Change what a service is called and has, and how people sign in to it.",
      set_options, CLI_CONTEXT, service_set_command },
    { "service", "set-role", "SERVICE ID|ADDRESS",
      "Say what a member may do for a service: owners and admins manage it.", role_options, CLI_CONTEXT,
      service_set_role },
    { "service", "disable", "ID", "Switch a service and all its clients off.", NULL, CLI_CONTEXT,
      service_disable },
    { "service", "enable", "ID", "Switch a service on again.", NULL, CLI_CONTEXT, service_enable },
    { .noun = NULL },
};
