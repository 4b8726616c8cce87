/*
 * courier.c: see courier.h. Idle, it reads one number in the shared page and asks the database nothing; it
 * looks there at its start, when that number has moved, when something is due, and now and then for what a
 * courier of another machine left behind when it died.
 */
#include "cmd/courier.h"

#include "cmd/signals.h"
#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <poll.h>

enum {
    ARENA_LIMIT = 16 * 1024 * 1024,
    GLANCE_MS = 150,
    SLOW_LOOK_MS = 300 * 1000,
    DATABASE_RETRY_MS = 5 * 1000,
    ENDING_TRIES = 20,
    ENDING_PAUSE_MS = 500
};

void courier_start(struct courier *courier, const struct cargo *cargo, const struct application *application,
                   int64_t limit_s)
{
    *courier = (struct courier) {
        .cargo = cargo,
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

bool courier_is_hurried(const struct courier *courier)
{
    return courier->watch.is_leaving && courier->watch.is_leaving(courier->watch.context);
}

bool courier_write(struct courier *courier, courier_write_fn write, const void *what)
{
    enum store_result written = write(courier, what);

    for (int i = 0; i < ENDING_TRIES && written != STORE_OK && written != STORE_NOT_FOUND; i++) {
        poll(NULL, 0, ENDING_PAUSE_MS);
        written = write(courier, what);
    }
    return written == STORE_OK;
}

/* Sleeps until the next one is due, or the slow look is. */
static enum store_result plan(struct courier *courier, struct context *context)
{
    int64_t next_at = 0, wait_ms = SLOW_LOOK_MS;
    enum store_result result = courier->cargo->next_at(context->db, context->arena, &next_at);

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
    courier->seen = shared_mail_number(application->shared);
    courier->next_ms = clock_mono_ms();
    enum store_result result = courier->cargo->carry(courier, &context);
    bool found = result == STORE_OK;
    if (result == STORE_NOT_FOUND)
        result = plan(courier, &context);
    if (result != STORE_OK)
        courier->next_ms = clock_mono_ms() + DATABASE_RETRY_MS;
    arena_reset(courier->arena);
    return found;
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

static int run(const struct cargo *cargo, const struct application *application, int signals)
{
    struct duty duty = { application->settings, signals, false };
    struct pollfd news = { .fd = signals, .events = POLLIN };
    struct courier courier;

    courier_start(&courier, cargo, application, SEND_LIMIT_S);
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

int courier_run_mails(const struct application *application, int signals)
{
    return run(&mail_cargo, application, signals);
}

int courier_run_webhooks(const struct application *application, int signals)
{
    return run(&webhook_cargo, application, signals);
}

int courier_run_revocations(const struct application *application, int signals)
{
    return run(&revocation_cargo, application, signals);
}

/* --- the command line --- */

void courier_carry_due(const struct cargo *cargo, const struct application *application, int64_t budget_ms)
{
    struct courier courier;
    int64_t end_ms = clock_mono_ms() + budget_ms;

    courier_start(&courier, cargo, application, SEND_LIMIT_S);
    while (courier_step(&courier) && clock_mono_ms() < end_ms)
        continue;
    courier_end(&courier);
}
