/*
 * housekeeper.c: see housekeeper.h. A sweep that finds nothing, on a machine where nothing was asked
 * since the last one, doubles the pause: an idle installation's database is left alone. The next
 * request ends the pause; that is seen in the shared page, without a query.
 */
#include "cmd/housekeeper.h"

#include "cmd/signals.h"
#include "core/clock.h"
#include "core/log.h"
#include "domain/analytics/usage.h"
#include "domain/keyring.h"
#include "domain/subscriptions/subscription.h"
#include "store/housekeeping.h"

#include <errno.h>
#include <poll.h>

enum {
    ARENA_LIMIT = 4 * 1024 * 1024,
    SWEEP_BUDGET_MS = 2000,
    SOON_MS = 100, /* when the budget ended first */
    EXCHANGE_PERIOD_MS = 1000,
    KEYS_PERIOD_MS = 3600 * 1000,
    LONGEST_PAUSE_MS = 24 * 3600 * 1000,
    RESEALED_AT_ONCE = 50
};

void housekeeper_start(struct housekeeper *housekeeper, const struct application *application)
{
    *housekeeper = (struct housekeeper) {
        .application = application,
        .arena = arena_make(ARENA_LIMIT),
        .next_ms = clock_mono_ms(),
        .exchange_ms = clock_mono_ms(),
        .pause_ms = application->settings->housekeeping_interval_s * 1000,
    };
}

void housekeeper_end(struct housekeeper *housekeeper)
{
    arena_destroy(housekeeper->arena);
}

int housekeeper_wait_ms(const struct housekeeper *housekeeper)
{
    int64_t next_ms = housekeeper->exchange_ms;

    if (housekeeper->next_ms < next_ms)
        next_ms = housekeeper->next_ms;
    int64_t wait = next_ms - clock_mono_ms();

    return wait > 0 ? (int)wait : 0;
}

static int64_t count_activity(struct shared *shared)
{
    int64_t requests = 0;

    for (size_t i = 0; i < SHARED_SLOTS; i++)
        requests += __atomic_load_n(&shared_slot(shared, i)->requests, __ATOMIC_RELAXED);
    return requests;
}

/* What a sweep found. */
struct sweep {
    struct housekeeping rows;
    struct subscription_ends subscriptions;
    int64_t activity; /* before it */
};

/* A subscription's end is announced by no request. */
static int64_t until_next_end(const struct subscription_ends *ends)
{
    int64_t wait_ms = ends->next_at * 1000 - clock_now_ms();

    if (ends->next_at == 0)
        return LONGEST_PAUSE_MS;
    return wait_ms > 0 ? wait_ms : 0;
}

/* Interval by interval while something happens, twice as long each time when nothing does. */
static void plan_sweep(struct housekeeper *housekeeper, const struct sweep *sweep)
{
    bool idle = sweep->activity == housekeeper->activity && sweep->rows.deleted == 0 &&
                sweep->rows.filled == 0 && sweep->subscriptions.ended == 0;
    bool more = sweep->rows.more || sweep->subscriptions.more;
    int64_t wait_ms = more ? 0 : until_next_end(&sweep->subscriptions);

    housekeeper->activity = sweep->activity;
    housekeeper->pause_ms =
        idle ? housekeeper->pause_ms * 2 : housekeeper->application->settings->housekeeping_interval_s * 1000;
    if (housekeeper->pause_ms > LONGEST_PAUSE_MS)
        housekeeper->pause_ms = LONGEST_PAUSE_MS;
    housekeeper->sweep_ms =
        clock_mono_ms() + (wait_ms < housekeeper->pause_ms ? wait_ms : housekeeper->pause_ms);
    if (more)
        housekeeper->next_ms = clock_mono_ms() + SOON_MS;
}

static enum store_result sweep(struct housekeeper *housekeeper, struct context *context, int64_t budget_ms)
{
    struct sweep sweep = { .activity = count_activity(context->shared) };
    enum store_result result = housekeeping_run(context->db, context->now, budget_ms, &sweep.rows);

    if (result == STORE_OK)
        result = subscription_end_due(context, budget_ms, &sweep.subscriptions);
    if (sweep.rows.deleted > 0)
        log_info("housekeeping deleted=%lld", (long long)sweep.rows.deleted);
    if (sweep.rows.filled > 0)
        log_info("housekeeping members_filled=%lld", (long long)sweep.rows.filled);
    if (sweep.subscriptions.ended > 0)
        log_info("housekeeping subscriptions_ended=%lld", (long long)sweep.subscriptions.ended);
    if (result == STORE_OK)
        plan_sweep(housekeeper, &sweep);
    return result;
}

/* On the first start this makes the keys; other machines learn that this one is there. A failure is tried
 * again at the next step. */
static enum store_result see_to_keys(struct housekeeper *housekeeper, struct context *context)
{
    if (clock_mono_ms() < housekeeper->keys_next_ms)
        return STORE_OK;
    if (keyring_prepare(context) != OUTCOME_OK) {
        log_warn("signing keys can't be seen to: %s", context->reason ? context->reason : "unknown");
        return STORE_FAILED;
    }
    enum store_result announced = limits_announce(context);
    if (announced == STORE_OK)
        announced = resealing_note_keys(context);
    if (announced != STORE_OK)
        return announced;
    housekeeper->keys_next_ms = clock_mono_ms() + KEYS_PERIOD_MS;
    housekeeper->resealing = (struct resealing) { .more = true };
    return STORE_OK;
}

/* Portion by portion, once the keys have been seen to; then until there is nothing. */
static enum store_result reseal(struct housekeeper *housekeeper, struct context *context, int64_t budget_ms)
{
    struct resealing *resealing = &housekeeper->resealing;
    int64_t end_ms = clock_mono_ms() + budget_ms, count = 0;
    enum store_result result = STORE_OK;

    while (result == STORE_OK && resealing->more && clock_mono_ms() < end_ms) {
        result = resealing_run(context, RESEALED_AT_ONCE, resealing);
        count += resealing->count;
        arena_reset(context->arena);
    }
    if (count > 0)
        log_info("housekeeping resealed=%lld", (long long)count);
    return result;
}

/* What services used since the last time. A database that is away gets it later. */
static enum store_result store_usage(struct housekeeper *housekeeper, struct context *context)
{
    uint64_t lost = shared_usage_lost(context->shared);

    if (lost != housekeeper->usage_lost)
        log_warn("usage.not_counted: there was no room for %llu counts of services",
                 (unsigned long long)(lost - housekeeper->usage_lost));
    housekeeper->usage_lost = lost;
    return usage_store(context);
}

/* Looks into the shared page once a second, and goes to the database only when there were calls. */
static enum store_result exchange_limits(struct housekeeper *housekeeper)
{
    if (clock_mono_ms() < housekeeper->exchange_ms)
        return STORE_OK;
    housekeeper->exchange_ms = clock_mono_ms() + EXCHANGE_PERIOD_MS;
    struct context context = application_context(housekeeper->application, housekeeper->arena);
    enum store_result result = limits_exchange(&context, &housekeeper->exchange);
    arena_reset(housekeeper->arena);
    return result;
}

static enum store_result keep_house(struct housekeeper *housekeeper, int64_t budget_ms)
{
    const struct application *application = housekeeper->application;

    if (clock_mono_ms() < housekeeper->next_ms)
        return STORE_OK;
    housekeeper->next_ms = clock_mono_ms() + application->settings->housekeeping_interval_s * 1000;
    if (clock_mono_ms() < housekeeper->sweep_ms && !housekeeper->resealing.more &&
        count_activity(application->shared) == housekeeper->activity)
        return STORE_OK;
    struct context context = application_context(application, housekeeper->arena);
    enum store_result result = see_to_keys(housekeeper, &context);
    if (result == STORE_OK)
        result = store_usage(housekeeper, &context);
    if (result == STORE_OK)
        result = sweep(housekeeper, &context, budget_ms);
    if (result == STORE_OK)
        result = reseal(housekeeper, &context, budget_ms);
    if (result == STORE_OK && housekeeper->resealing.more)
        housekeeper->next_ms = clock_mono_ms() + SOON_MS;
    arena_reset(housekeeper->arena);
    return result;
}

enum store_result housekeeper_step(struct housekeeper *housekeeper, int64_t budget_ms)
{
    enum store_result exchanged = exchange_limits(housekeeper);
    enum store_result kept = keep_house(housekeeper, budget_ms);

    return kept == STORE_OK ? exchanged : kept;
}

/* Waits until something is due or a signal comes; true when the signal says to leave. */
static bool wait_for_work(const struct housekeeper *housekeeper, int signals)
{
    struct pollfd news = { .fd = signals, .events = POLLIN };
    bool leave = false;

    if (poll(&news, 1, housekeeper_wait_ms(housekeeper)) < 0 && errno != EINTR)
        return true;
    for (int number = signals_next(signals); number; number = signals_next(signals)) {
        leave |= number == SIGTERM || number == SIGINT || number == SIGQUIT;
        if (number == SIGUSR1)
            log_open(housekeeper->application->settings->log, housekeeper->application->settings->log_level);
    }
    return leave;
}

int housekeeper_run(const struct application *application, int signals)
{
    struct housekeeper housekeeper;

    housekeeper_start(&housekeeper, application);
    while (!wait_for_work(&housekeeper, signals))
        (void)housekeeper_step(&housekeeper, SWEEP_BUDGET_MS);
    housekeeper_end(&housekeeper);
    return EXIT_SUCCESS;
}
