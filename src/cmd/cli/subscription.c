/* subscription.c: `doorward subscription list|show|set`: which plans a service's members have. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/rfc3339.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "domain/manage/users.h"
#include "domain/subscriptions/subscription.h"

static void write_subscription(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct subscription_row *row = shown;
    struct json_writer until = json_writer_start(cli->arena);
    subscription_write(writer, row);
    if (cli->json)
        return;
    json_write_time(&until, NULL, row->current_period_end);
    printf("%s  %-9s until %s%s  %s\n", uuid_encode(cli->arena, row->user_id), row->status, until.text.data,
           row->cancel_at_period_end ? ", then cancelled" : "", row->plan_name);
}

static enum cli_status print_subscription(struct cli *cli, const struct subscription_row *row)
{
    return listing_show(cli, write_subscription, row);
}

/* The service of the option, and the user of the argument. */
static enum outcome find_member(struct cli *cli, struct service_row *service_out, const char **user_id_out)
{
    struct user_row user;
    enum outcome outcome = service_find(&cli->context, cli_option(cli, "service"), service_out);
    if (outcome == OUTCOME_OK)
        outcome = user_find(&cli->context, cli->arguments[0], &user);
    if (outcome == OUTCOME_OK)
        *user_id_out = uuid_encode(cli->arena, user.id);
    return outcome;
}

static enum cli_status read_filter(struct cli *cli, unsigned char plan_id_out[16],
                                   struct subscription_filter *filter_out)
{
    const char *plan = cli_option(cli, "plan");
    filter_out->status = cli_option(cli, "status");
    filter_out->plan_id = plan ? plan_id_out : NULL;
    if (plan && !uuid_decode(plan, plan_id_out))
        return cli_fail(cli, CLI_REFUSED, "no such plan");
    return CLI_OK;
}

static enum cli_status list(struct cli *cli)
{
    unsigned char plan_id[16];
    struct service_row service;
    struct page page;
    struct subscription_filter filter = { .service_id = service.id };
    struct subscription_row *rows;
    size_t count;
    int64_t total;
    enum cli_status status = listing_page(cli, &page);
    if (status == CLI_OK)
        status = read_filter(cli, plan_id, &filter);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = service_find(&cli->context, cli_option(cli, "service"), &service);
    if (outcome == OUTCOME_OK)
        outcome = subscription_list(&cli->context, &filter, &page, &rows, &count, &total);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    return listing_show_all(cli, write_subscription, rows, count, sizeof(*rows));
}

static enum cli_status show(struct cli *cli)
{
    struct service_row service;
    struct subscription_row row;
    const char *user_id;
    enum outcome outcome = find_member(cli, &service, &user_id);
    if (outcome == OUTCOME_OK)
        outcome = subscription_find(&cli->context, service.id, user_id, &row);
    return outcome == OUTCOME_OK ? print_subscription(cli, &row) : cli_refused(cli, outcome);
}

static enum cli_status read_change(struct cli *cli, struct subscription_change *change_out)
{
    const char *period_end = cli_option(cli, "period-end"), *trial_end = cli_option(cli, "trial-end");
    const char *cancel = cli_option(cli, "cancel-at-period-end");
    *change_out = (struct subscription_change) { .plan_id = cli_option(cli, "plan"),
                                                 .status = cli_option(cli, "status"),
                                                 .cancel_at_period_end = -1,
                                                 .actor = "cli" };
    if (cancel && !text_equal(cancel, "yes") && !text_equal(cancel, "no"))
        return cli_fail(cli, CLI_USAGE, "--cancel-at-period-end must be yes or no");
    if (cancel)
        change_out->cancel_at_period_end = text_equal(cancel, "yes");
    if (period_end && !rfc3339_read(period_end, &change_out->current_period_end))
        return cli_fail(cli, CLI_USAGE, "--period-end must be a time such as 2027-01-31T00:00:00Z");
    if (text_equal(trial_end, "none"))
        change_out->trial_end = SUBSCRIPTION_NO_TRIAL;
    else if (trial_end && !rfc3339_read(trial_end, &change_out->trial_end))
        return cli_fail(cli, CLI_USAGE, "--trial-end must be a time such as 2027-01-31T00:00:00Z, or none");
    return CLI_OK;
}

/* A member without a subscription gets one, when a plan is named. */
static enum cli_status set(struct cli *cli)
{
    struct service_row service;
    struct subscription_change change;
    struct subscription_row row;
    const char *user_id;
    enum cli_status status = read_change(cli, &change);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = find_member(cli, &service, &user_id);
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    outcome = subscription_change(&cli->context, service.id, user_id, &change, &row);
    if (outcome == OUTCOME_NOT_FOUND && change.plan_id)
        outcome = subscription_add(&cli->context, service.id, user_id, &change, &row);
    return outcome == OUTCOME_OK ? print_subscription(cli, &row) : cli_refused(cli, outcome);
}

static const struct cli_option list_options[] = {
    { "service", "ID", true, "whose members" },
    { "status", "WORD", false, "only active, trialing, cancelled or expired ones" },
    { "plan", "ID", false, "only those of this plan" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option show_options[] = {
    { "service", "ID", true, "whose member it is" },
    { .name = NULL },
};

static const struct cli_option set_options[] = {
    { "service", "ID", true, "whose member it is" },
    { "plan", "ID", false, "another plan; a member without a subscription gets one" },
    { "status", "WORD", false, "active, trialing, cancelled or expired" },
    { "period-end", "TIME", false, "when the paid time ends: 2027-01-31T00:00:00Z" },
    { "trial-end", "TIME", false, "when the trial ends; none: there is none" },
    { "cancel-at-period-end", "WORD", false, "yes: it is cancelled when its time is over; or no" },
    { .name = NULL },
};

const struct cli_command subscription_commands[] = {
    { "subscription", "list", NULL, "Tell the subscriptions of a service's members.", list_options,
      CLI_CONTEXT, list },
    { "subscription", "show", "ID|ADDRESS", "Tell a member's subscription.", show_options, CLI_CONTEXT,
      show },
    { "subscription", "set", "ID|ADDRESS", "Change or make a member's subscription.", set_options,
      CLI_CONTEXT, set },
    { .noun = NULL },
};
