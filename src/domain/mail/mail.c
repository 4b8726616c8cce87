/*
 * mail.c: see mail.h. The cap per recipient counts each kind of mail by itself: whoever has links sent to
 * somebody by the dozen must not keep the notice from them that their password was changed.
 */
#include "domain/mail/mail.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/login/agent.h"
#include "domain/sealed.h"

enum { HOUR = 3600, DAY = 24 * HOUR, NOTICE_LASTS_S = 5 * DAY, KEPT_S = 7 * DAY };

bool mail_is_possible(const struct context *context)
{
    return !text_empty(context->settings->mail);
}

/* What the template is given; links begin with the configured issuer and nothing else (T-77). */
static const char *print_variables(struct context *context, const struct mail *mail)
{
    struct json_writer writer = json_writer_start(context->arena);
    const struct agent agent = agent_read(context->user_agent);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "email", mail->email);
    json_write_text(&writer, "name", mail->name);
    if (mail->link)
        json_write_text(&writer, "link",
                        arena_printf(context->arena, "%s%s", context->settings->issuer, mail->link));
    json_write_text(&writer, "pin", mail->pin);
    json_write_text(&writer, "new_email", mail->new_email);
    json_write_text(&writer, "service", mail->service_name);
    json_write_text(&writer, "application", mail->application);
    json_write_text(&writer, "provider", mail->provider);
    json_write_text(&writer, "person", mail->person);
    json_write_integer(&writer, "minutes", (mail->lasts_s + 59) / 60);
    json_write_integer(&writer, "hours", (mail->lasts_s + HOUR - 1) / HOUR);
    json_write_integer(&writer, "days", (mail->lasts_s + DAY - 1) / DAY);
    json_write_integer(&writer, "time", context->now);
    if (!mail->of_another) {
        json_write_text(&writer, "address", text_empty(context->address) ? NULL : context->address);
        json_write_text(&writer, "browser", agent.browser);
        json_write_text(&writer, "system", agent.system);
    }
    json_close_object(&writer);
    return writer.text.data;
}

static enum outcome is_over_limit(struct context *context, const struct mail *mail, bool *over_out)
{
    int64_t count = 0;
    enum store_result result = outbox_count_since(context->db, context->arena, mail->email_key,
                                                  mail->template, context->now - HOUR, &count);
    *over_out = count >= context->settings->mail_limit_per_recipient;
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "mails could not be counted");
}

enum outcome mail_prepare(struct context *context, const struct mail *mail, struct outbox_row *row_out)
{
    bool over = false;
    enum outcome outcome = is_over_limit(context, mail, &over);
    if (outcome != OUTCOME_OK)
        return outcome;
    *row_out = (struct outbox_row) {
        .template = mail->template,
        .recipient = mail->email,
        .recipient_key = mail->email_key,
        .languages = mail->languages ? mail->languages : context->languages,
        .state = "waiting",
        .next_at = context->now,
        .error = "",
        .created_at = context->now,
        .useless_at = context->now + (mail->lasts_s > 0 ? mail->lasts_s : NOTICE_LASTS_S),
        .expires_at = context->now + KEPT_S,
    };
    random_uuid_timed(context->now_ms, row_out->id);
    if (mail->service_id)
        memcpy(row_out->service_id, mail->service_id, sizeof(row_out->service_id));
    const char *variables = print_variables(context, mail);
    row_out->sealed =
        sealed_seal_text(context->keyfile, context->arena, SEALED_MAIL, sealed_by_id(row_out->id), variables);
    /* The work is done for those, too, so that nobody can measure which addresses have an account. */
    if (over || mail->for_nobody) {
        row_out->state = "dropped";
        row_out->sealed = (struct bytes) { 0 };
    }
    return OUTCOME_OK;
}

const struct json *mail_variables(const struct keyfile *keyfile, struct arena *arena,
                                  const struct outbox_row *row)
{
    struct bytes plain;
    const char *error;
    if (!sealed_open(keyfile, arena, SEALED_MAIL, sealed_by_id(row->id), row->sealed, &plain))
        return NULL;
    return json_parse(arena, (const char *)plain.data, plain.length, &error);
}

void mail_wake(struct context *context)
{
    shared_mail_raise(context->shared);
}
