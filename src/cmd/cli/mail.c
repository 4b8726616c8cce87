/* mail.c: `doorward mail queue|test|retry`: what waits to be sent, and whether sending works. */
#include "cmd/cli/listing.h"

#include "cmd/courier.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "domain/mail/mail.h"

#include <time.h>

static const char states[] = "waiting sending sent dead dropped";

/* --- queue --- */

static const char *print_time(struct arena *arena, int64_t seconds)
{
    char text[32];
    time_t time = (time_t)seconds;
    struct tm tm;
    if (!gmtime_r(&time, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return "-";
    return arena_strdup(arena, text);
}

static void write_row(struct cli *cli, struct json_writer *writer, const void *shown)
{
    const struct outbox_row *row = shown;
    const char *id = uuid_encode(cli->arena, row->id);
    bool waits = text_equal(row->state, "waiting");
    json_open_object(writer, NULL);
    json_write_text(writer, "id", id);
    json_write_text(writer, "mail", row->template);
    json_write_text(writer, "to", row->recipient);
    json_write_text(writer, "state", row->state);
    json_write_integer(writer, "attempts", row->attempts);
    json_write_text(writer, "error", row->error);
    json_write_integer(writer, "created_at", row->created_at);
    if (waits)
        json_write_integer(writer, "next_at", row->next_at);
    if (row->sent_at)
        json_write_integer(writer, "sent_at", row->sent_at);
    json_write_integer(writer, "useless_at", row->useless_at);
    json_close_object(writer);
    if (cli->json)
        return;
    printf("%s  %s  %-8s %-18s %s\n", id, print_time(cli->arena, row->created_at), row->state, row->template,
           row->recipient);
    if (*row->error)
        printf("    after %lld attempt%s: %s\n", (long long)row->attempts, row->attempts == 1 ? "" : "s",
               row->error);
    if (waits && row->attempts)
        printf("    next at %s\n", print_time(cli->arena, row->next_at));
}

static enum cli_status queue(struct cli *cli)
{
    struct page page;
    struct outbox_row *rows;
    size_t count;
    const char *state = cli_option(cli, "state");
    if (state && !text_has_word(states, ' ', state))
        return cli_fail(cli, CLI_USAGE, "--state must be one of: %s", states);
    enum cli_status status = listing_page(cli, &page);
    page.search = cli_option(cli, "search");
    if (status == CLI_OK)
        status = listing_result(cli, outbox_list(cli->context.db, cli->arena, state, &page, &rows, &count));
    if (status != CLI_OK)
        return status;
    return listing_show_all(cli, write_row, rows, count, sizeof(*rows));
}

/* --- test --- */

static enum cli_status tell_test(struct cli *cli, const char *to, const char *error, const char *id)
{
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "to", to);
    json_write_text(&writer, "id", id);
    json_write_boolean(&writer, "sent", !error && !id);
    json_write_text(&writer, "error", error);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else if (!error)
        printf(id ? "It waits for the courier: doorward mail queue tells what becomes of it.\n"
                  : "The server took the mail. Look whether it arrives, and not among the spam.\n");
    return error ? cli_fail(cli, CLI_REFUSED, "%s", error) : CLI_OK;
}

/* By way of the outbox and the courier, which needs what a rule needs. */
static enum cli_status queue_test(struct cli *cli, const struct mail *mail)
{
    struct cli_command *command = arena_alloc(cli->arena, sizeof(*command));
    struct outbox_row row;
    *command = *cli->command;
    command->needs = CLI_CONTEXT;
    cli->command = command;
    enum cli_status status = cli_open_context(cli);
    if (status != CLI_OK)
        return status;
    enum outcome outcome = mail_prepare(&cli->context, mail, &row);
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(&cli->context, outbox_add(cli->context.db, &row), OUTCOME_UNAVAILABLE,
                                "the mail was not written");
    if (outcome != OUTCOME_OK)
        return cli_refused(cli, outcome);
    mail_wake(&cli->context);
    if (text_equal(row.state, "dropped"))
        return cli_fail(cli, CLI_REFUSED,
                        "the recipient had mail_limit_per_recipient of these in the last hour");
    return tell_test(cli, mail->email, NULL, uuid_encode(cli->arena, row.id));
}

/* Straight from here: no database, no courier. */
static enum cli_status send_test(struct cli *cli, const struct mail *mail)
{
    static const struct send_watch patient = { .limit_s = SEND_LIMIT_S };
    struct context context = { .arena = cli->arena, .settings = cli->settings, .now_ms = clock_now_ms() };
    struct outbox_row row = { .template = mail->template,
                              .recipient = mail->email,
                              .recipient_key = mail->email_key,
                              .languages = mail->languages };
    struct json *variables = json_new_object(cli->arena);
    const char *error = NULL;
    context.now = context.now_ms / 1000;
    random_uuid_timed(context.now_ms, row.id);
    json_put_text(variables, "email", mail->email);
    json_put_integer(variables, "time", context.now);
    enum send_result result = courier_hand_over(&context, &row, variables, &patient, &error);
    return tell_test(cli, mail->email, result == SEND_OK ? NULL : error, NULL);
}

static enum cli_status test(struct cli *cli)
{
    const char *to = cli_option(cli, "to"), *language = cli_option(cli, "language");
    const struct mail mail = { .template = MAIL_TEST,
                               .email = to,
                               .email_key = email_canonical(cli->arena, to),
                               .languages = language ? language : "" };
    if (text_empty(cli->settings->mail))
        return cli_fail(cli, CLI_CONFIGURATION, "no mail is sent: the option mail is not set");
    if (!mail.email_key)
        return cli_fail(cli, CLI_USAGE, "--to: %s is no address", to);
    if (!text_is_printable(mail.languages) || strlen(mail.languages) > 200)
        return cli_fail(cli, CLI_USAGE, "--language: %s is no language", language);
    return cli_option(cli, "queue") ? queue_test(cli, &mail) : send_test(cli, &mail);
}

/* --- retry --- */

/* Why a single mail isn't tried again. */
static enum cli_status explain_refusal(struct cli *cli, const unsigned char id[16])
{
    struct outbox_row row;
    enum store_result result = outbox_find(cli->context.db, cli->arena, id, &row);
    if (result == STORE_NOT_FOUND)
        return cli_fail(cli, CLI_REFUSED, "there is no such mail");
    if (result != STORE_OK)
        return listing_result(cli, result);
    if (row.useless_at <= cli->context.now)
        return cli_fail(cli, CLI_REFUSED, "what it says is out of date; it has to be asked for anew");
    return cli_fail(cli, CLI_REFUSED, "it is %s", row.state);
}

static enum cli_status retry(struct cli *cli)
{
    unsigned char id[16];
    const char *wanted = cli->arguments[0];
    int64_t count = 0;
    if (wanted && !uuid_decode(wanted, id))
        return cli_fail(cli, CLI_REFUSED, "there is no such mail");
    enum store_result result = outbox_retry(cli->context.db, wanted ? id : NULL, cli->context.now, &count);
    enum cli_status status = listing_result(cli, result);
    if (status != CLI_OK)
        return status;
    if (wanted && count == 0)
        return explain_refusal(cli, id);
    mail_wake(&cli->context);
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_integer(&writer, "retried", count);
    json_close_object(&writer);
    if (cli->json)
        cli_print_json(&writer);
    else
        printf("%lld mail%s will be tried now.\n", (long long)count, count == 1 ? "" : "s");
    return CLI_OK;
}

static const struct cli_option queue_options[] = {
    { "state", "STATE", false, "only those that are waiting, sending, sent, dead or dropped" },
    { "search", "TEXT", false, "only those whose recipient or kind holds this" },
    LISTING_LIMIT,
    LISTING_OFFSET,
    { .name = NULL },
};

static const struct cli_option test_options[] = {
    { "to", "ADDRESS", true, "who gets it" },
    { "language", "TAG", false, "language of its texts: de" },
    { "queue", NULL, false, "by way of the outbox and the courier, as other mails" },
    { .name = NULL },
};

const struct cli_command mail_commands[] = {
    { "mail", "queue", NULL, "Tell the mails of the last week, the newest first.", queue_options, CLI_CONTEXT,
      queue },
    { "mail", "test", NULL, "Send a mail now, and tell what the server says.", test_options, CLI_SETTINGS,
      test },
    { "mail", "retry", "[ID]", "Try a mail that failed again now; without ID all of them.", NULL, CLI_CONTEXT,
      retry },
    { .noun = NULL },
};
