/*
 * courier.c: see courier.h. Idle, it reads one number in the shared page and asks the database nothing; it
 * looks there at its start, when that number has moved, when a mail is due, and now and then for what a
 * courier of another machine left behind when it died.
 */
#include "cmd/courier.h"

#include "cmd/signals.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/mail/mail.h"
#include "net/message.h"
#include "pages/mail_view.h"

#include <errno.h>
#include <poll.h>

enum {
    ARENA_LIMIT = 16 * 1024 * 1024,
    GLANCE_MS = 150,
    SLOW_LOOK_MS = 300 * 1000,
    DATABASE_RETRY_MS = 5 * 1000,
    CLAIM_MARGIN_S = 30, /* beyond the time that a mail may take */
    ENDING_TRIES = 20,
    ENDING_PAUSE_MS = 500
};

/* Seconds between attempts; the last counts for all that follow. */
static const int64_t pauses_s[] = { 30, 120, 600, 1800, 3600, 4 * 3600 };

void courier_start(struct courier *courier, const struct application *application, int64_t limit_s)
{
    *courier = (struct courier) {
        .application = application,
        .arena = arena_make(ARENA_LIMIT),
        .watch = { .limit_s = limit_s },
        .glance_ms = GLANCE_MS,
        .next_ms = clock_mono_ms(),
    };
}

void courier_end(struct courier *courier)
{
    arena_destroy(courier->arena);
}

int courier_wait_ms(const struct courier *courier)
{
    int64_t left = courier->next_ms - clock_mono_ms();
    bool news = shared_mail_number(courier->application->shared) != courier->seen;

    if (news || left <= 0)
        return 0;
    return (int)(left < courier->glance_ms ? left : courier->glance_ms);
}

/* --- one mail --- */

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

static bool is_hurried(const struct courier *courier)
{
    return courier->watch.is_leaving && courier->watch.is_leaving(courier->watch.context);
}

static enum store_result write_ending(struct courier *courier, const struct outbox_row *row,
                                      enum send_result result, const char *error)
{
    struct db *db = courier->application->db;
    int64_t now = clock_now_s();
    int64_t next_at = result == SEND_LATER ? next_attempt(row, now) : 0;

    if (result == SEND_OK)
        return outbox_sent(db, row, now);
    if (next_at && is_hurried(courier))
        next_at = now;
    return next_at ? outbox_failed(db, row, error, next_at) : outbox_dead(db, row, error);
}

/* A database that goes away just now must not make a mail go out twice, so this is tried for a while. */
static void end_row(struct courier *courier, const struct outbox_row *row, enum send_result result,
                    const char *error)
{
    enum store_result written = write_ending(courier, row, result, error);

    for (int i = 0; i < ENDING_TRIES && written != STORE_OK && written != STORE_NOT_FOUND; i++) {
        poll(NULL, 0, ENDING_PAUSE_MS);
        written = write_ending(courier, row, result, error);
    }
    if (written != STORE_OK)
        log_warn("mail.not_noted id=%s: it may be sent again", uuid_encode(courier->arena, row->id));
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

/* Claims a row that is due and sends it. */
static enum store_result send_row(struct courier *courier, struct context *context, struct outbox_row *row)
{
    int64_t began_ms = clock_mono_ms();
    int64_t until = context->now + courier->watch.limit_s + CLAIM_MARGIN_S;
    const char *error = "";
    enum store_result claimed = outbox_claim(context->db, row, context->now, until);

    if (claimed == STORE_NOT_FOUND) /* another courier was faster */
        return STORE_OK;
    if (claimed != STORE_OK)
        return claimed;
    enum send_result result = deliver(courier, context, row, &error);
    end_row(courier, row, result, error);
    log_mail(context->arena, row, result, error, clock_mono_ms() - began_ms);
    return STORE_OK;
}

/* Sleeps until the next mail is due, or the slow look is. */
static enum store_result plan(struct courier *courier, struct context *context)
{
    int64_t next_at = 0, wait_ms = SLOW_LOOK_MS;
    enum store_result result = outbox_next_at(context->db, context->arena, &next_at);

    if (next_at && (next_at - context->now) * 1000 < wait_ms)
        wait_ms = next_at > context->now ? (next_at - context->now) * 1000 : 0;
    courier->next_ms = clock_mono_ms() + wait_ms;
    return result;
}

bool courier_step(struct courier *courier)
{
    const struct application *application = courier->application;

    if (courier_wait_ms(courier) > 0)
        return false;
    struct context context = application_context(application, courier->arena);
    struct outbox_row row;
    courier->seen = shared_mail_number(application->shared);
    courier->next_ms = clock_mono_ms();
    enum store_result result = outbox_due(context.db, courier->arena, context.now, &row);
    bool found = result == STORE_OK;
    if (found)
        result = send_row(courier, &context, &row);
    else if (result == STORE_NOT_FOUND)
        result = plan(courier, &context);
    if (result != STORE_OK)
        courier->next_ms = clock_mono_ms() + DATABASE_RETRY_MS;
    arena_reset(courier->arena);
    return found && result == STORE_OK;
}

/* --- the process --- */

struct duty {
    const struct settings *settings;
    int signals;
    bool leaving;
};

static bool is_leaving(void *context)
{
    struct duty *duty = context;

    for (int number = signals_next(duty->signals); number; number = signals_next(duty->signals)) {
        duty->leaving |= number == SIGTERM || number == SIGINT || number == SIGQUIT;
        if (number == SIGUSR1)
            log_open(duty->settings->log, duty->settings->log_level);
    }
    return duty->leaving;
}

int courier_run(const struct application *application, int signals)
{
    struct duty duty = { application->settings, signals, false };
    struct pollfd news = { .fd = signals, .events = POLLIN };
    struct courier courier;

    courier_start(&courier, application, SEND_LIMIT_S);
    courier.watch.is_leaving = is_leaving;
    courier.watch.context = &duty;
    while (!is_leaving(&duty)) {
        if (poll(&news, 1, courier_wait_ms(&courier)) < 0 && errno != EINTR)
            break;
        if (!is_leaving(&duty))
            (void)courier_step(&courier);
    }
    courier_end(&courier);
    return EXIT_SUCCESS;
}
