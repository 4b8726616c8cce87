/* mail_cargo.c: the mails of the outbox, as the courier carries them. */
#include "cmd/courier.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/mail/mail.h"
#include "net/message.h"
#include "pages/mail_view.h"

enum { CLAIM_MARGIN_S = 30 /* beyond the time that a mail may take */ };

/* Seconds between attempts; the last counts for all that follow. */
static const int64_t pauses_s[] = { 30, 120, 600, 1800, 3600, 4 * 3600 };

/* The recipient as mail programs write it: the local part as the person did, the host as A-labels. */
static const char *recipient_of(struct arena *arena, const struct outbox_row *row)
{
    const char *host = strchr(row->recipient_key, '@');
    size_t local = strcspn(row->recipient, "@");

    return arena_printf(arena, "%.*s%s", (int)local, row->recipient, host ? host : "");
}

static const char *issuer_host(struct arena *arena, const struct settings *settings)
{
    struct uri issuer;

    return uri_parse(arena, settings->issuer, &issuer) && *issuer.host ? issuer.host : "localhost";
}

static const char *service_of(struct arena *arena, const struct outbox_row *row)
{
    static const unsigned char none[sizeof(row->service_id)];

    return memcmp(row->service_id, none, sizeof(none)) == 0 ? NULL : uuid_encode(arena, row->service_id);
}

enum send_result courier_hand_over(struct context *context, const struct outbox_row *row,
                                   const struct json *variables, const struct send_watch *watch,
                                   const char **error_out)
{
    struct arena *arena = context->arena;
    const struct mail_wanted wanted = { row->template, service_of(arena, row), row->languages, variables };
    struct strbuf bytes = strbuf_start(arena);
    struct mail_shown shown;

    mail_view_render(context, &wanted, &shown);
    const struct message message = {
        .from = context->settings->mail_from,
        .from_name = shown.sender,
        .to = recipient_of(arena, row),
        .subject = shown.subject,
        .text = shown.text,
        .html = shown.html,
        .language = shown.language,
        .kind = row->template,
        .id = hex_encode(arena, row->id, sizeof(row->id)),
        .id_host = issuer_host(arena, context->settings),
        .now = context->now,
    };
    if (!message_compose(arena, &message, &bytes, error_out))
        return SEND_NEVER;
    const struct bytes composed = { (const unsigned char *)bytes.data, bytes.length };
    return send_mail(arena, context->settings, message.from, message.to, composed, watch, error_out);
}

/* When a mail that couldn't be sent is tried again; 0: it would be useless by then. */
static int64_t next_attempt(const struct outbox_row *row, int64_t now)
{
    int64_t last = ARRAY_SIZE(pauses_s) - 1;
    int64_t which = row->attempts - 1 < last ? row->attempts - 1 : last;
    int64_t at = now + pauses_s[which > 0 ? which : 0];

    return at < row->useless_at ? at : 0;
}

/* How an attempt ended. */
struct ending {
    const struct outbox_row *row;
    enum send_result result;
    const char *error;
};

static enum store_result write_ending(struct courier *courier, const void *what)
{
    const struct ending *ending = what;
    const struct outbox_row *row = ending->row;
    struct db *db = courier->application->db;
    int64_t now = clock_now_s();
    int64_t next_at = ending->result == SEND_LATER ? next_attempt(row, now) : 0;

    if (ending->result == SEND_OK)
        return outbox_sent(db, row, now);
    if (next_at && courier_is_hurried(courier))
        next_at = now;
    return next_at ? outbox_failed(db, row, ending->error, next_at) : outbox_dead(db, row, ending->error);
}

static void log_mail(struct arena *arena, const struct outbox_row *row, enum send_result result,
                     const char *error, int64_t took_ms)
{
    const char *id = uuid_encode(arena, row->id);
    long long attempt = row->attempts, ms = took_ms;

    if (result == SEND_OK)
        log_info("mail.sent id=%s mail=%s attempt=%lld ms=%lld", id, row->template, attempt, ms);
    else if (result == SEND_LATER && next_attempt(row, clock_now_s()))
        log_warn("mail.delayed id=%s mail=%s attempt=%lld ms=%lld error=\"%s\"", id, row->template, attempt,
                 ms, error);
    else
        log_error("mail.dead id=%s mail=%s attempt=%lld ms=%lld error=\"%s\"", id, row->template, attempt, ms,
                  error);
}

static enum send_result deliver(struct courier *courier, struct context *context,
                                const struct outbox_row *row, const char **error_out)
{
    if (row->useless_at <= context->now) {
        *error_out = text_empty(row->error) ? "it could not be sent in time" : row->error;
        return SEND_NEVER;
    }
    const struct json *variables = mail_variables(context->keyfile, context->arena, row);
    if (!variables) {
        *error_out = "what it says can't be opened: the key that sealed it is gone from the key file";
        return SEND_NEVER;
    }
    return courier_hand_over(context, row, variables, &courier->watch, error_out);
}

static enum store_result carry(struct courier *courier, struct context *context)
{
    struct outbox_row row;
    struct ending ending = { .row = &row, .error = "" };
    int64_t began_ms = clock_mono_ms();
    int64_t until = context->now + courier->watch.limit_s + CLAIM_MARGIN_S;
    enum store_result found = outbox_due(context->db, context->arena, context->now, &row);

    if (found != STORE_OK)
        return found;
    enum store_result claimed = outbox_claim(context->db, &row, context->now, until);
    if (claimed == STORE_NOT_FOUND) /* another courier was faster */
        return STORE_OK;
    if (claimed != STORE_OK)
        return claimed;
    ending.result = deliver(courier, context, &row, &ending.error);
    if (!courier_write(courier, write_ending, &ending))
        log_warn("mail.not_noted id=%s: it may be sent again", uuid_encode(context->arena, row.id));
    log_mail(context->arena, &row, ending.result, ending.error, clock_mono_ms() - began_ms);
    return STORE_OK;
}

const struct cargo mail_cargo = { carry, outbox_next_at };
