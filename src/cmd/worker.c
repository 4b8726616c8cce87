/*
 * worker.c: see worker.h. Read worker_run() at the bottom first.
 *
 * A worker that leaves goes on accepting for a moment, until nobody is waiting: the connections in the
 * backlog of a socket that is going away have nobody else.
 */
#include "cmd/worker.h"

#include "cmd/courier.h"
#include "cmd/housekeeper.h"
#include "cmd/signals.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/providers/vault.h"
#include "http/fcgi.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    ARENA_LIMIT = 32 * 1024 * 1024,
    IO_TIMEOUT_S = 10,
    ACCEPT_WHILE_LEAVING_MS = 1000,
    HOUSEKEEPING_PORTION_MS = 50,
    MAIL_LIMIT_S = 10,
    WEBHOOK_LIMIT_S = 5,
    REVOCATION_LIMIT_S = 16, /* 8 to find out where, and 8 to ask */
    COURIER_GLANCE_MS = 1000,
    SETTLE_PAUSE_MS = 500,
    REQUEST_ID_SIZE = sizeof((struct slot *)0)->request
};

enum leaving { STAYING, LEAVING_TO_OTHERS, LEAVING_POLITELY, LEAVING_NOW };

struct duty {
    struct worker *worker;
    struct fcgi *door;
    struct arena *arena;
    struct request_limits limits;
    struct housekeeper housekeeper; /* alone only, as are the couriers */
    struct courier mails, webhooks, revocations;
    enum leaving leaving;
    bool accepting;
    int64_t left_at_ms;   /* when leaving began */
    int64_t settle_at_ms; /* when what is owed to the database is tried again */
};

static void set_state(struct slot *slot, enum slot_state state)
{
    __atomic_store_n(&slot->state, (int32_t)state, __ATOMIC_RELEASE);
}

void worker_poke_master(pid_t master)
{
    /* a process that has taken over an orphan is not to be poked */
    if (master && getppid() == master)
        kill(master, SIGUSR2);
}

/* "https://host/idp" gives "/idp", "https://host" gives "". */
static const char *base_path(const char *issuer)
{
    const char *authority = strstr(issuer, "://");
    const char *start = authority ? authority + 3 : issuer;

    return start + strcspn(start, "/");
}

static void begin_leaving(struct duty *duty, enum leaving how)
{
    if (duty->leaving >= how)
        return;
    if (duty->leaving == STAYING)
        duty->left_at_ms = clock_mono_ms();
    duty->leaving = how;
    fcgi_stop_keeping(duty->door);
    if (how == LEAVING_TO_OTHERS)
        fcgi_hand_over(duty->door, duty->worker->hand_over);
    set_state(duty->worker->slot, SLOT_LEAVING);
    worker_poke_master(duty->worker->master);
}

static void obey(struct duty *duty, int number)
{
    const struct settings *settings = duty->worker->application.settings;
    bool alone = duty->worker->master == 0;

    if (number == SIGINT || (number == SIGTERM && alone))
        begin_leaving(duty, LEAVING_NOW);
    else if (number == SIGTERM)
        begin_leaving(duty, LEAVING_TO_OTHERS);
    else if (number == SIGQUIT || (number == SIGUSR1 && alone)) /* USR1: the FastCGI specification's hint */
        begin_leaving(duty, LEAVING_POLITELY);
    else if (number == SIGUSR1)
        log_open(settings->log, settings->log_level);
}

static void obey_signals(struct duty *duty)
{
    for (int number = signals_next(duty->worker->signals); number;
         number = signals_next(duty->worker->signals))
        obey(duty, number);
}

static void announce_request(struct slot *slot, const char *id)
{
    snprintf(slot->request, REQUEST_ID_SIZE, "%s", id);
}

/* A request whose body is about to be read. */
struct reading {
    struct duty *duty;
    const struct request *request;
};

/* Puts the request on the scoreboard first: who dies from here on dies with its name on record. */
static long read_body(void *connection, void *data, size_t size)
{
    const struct reading *reading = connection;

    if (!reading->duty->worker->slot->request[0])
        announce_request(reading->duty->worker->slot, reading->request->id);
    return fcgi_read(reading->duty->door, data, size);
}

/* Nobody looks after the deadline of a worker that is alone, so it sets itself an alarm, which ends it:
 * its process manager starts another. */
static void guard_deadline(const struct worker *worker, bool busy)
{
    if (worker->master == 0)
        alarm(busy ? (unsigned)worker->application.settings->request_deadline_s : 0);
}

static void answer(struct duty *duty)
{
    struct request request;
    struct response response;
    struct reading reading = { duty, &request };
    int status =
        request_read(duty->arena, fcgi_parameters(duty->door), &duty->limits, read_body, &reading, &request);

    if (fcgi_peer_is_gone(duty->door)) {
        log_info("nobody waits for the answer any more request=%s", request.id);
        return;
    }
    dispatch(&duty->worker->application, &request, status, &response);
    struct bytes printed = response_print(&response, text_equal(request.method, "HEAD"));
    if (!fcgi_write(duty->door, printed))
        log_info("the answer could not be delivered request=%s", request.id);
}

/* What providers have answered and the database couldn't take is in this process alone. */
static void settle(struct duty *duty)
{
    if (!vault_is_owing() || clock_mono_ms() < duty->settle_at_ms)
        return;
    struct context context = application_context(&duty->worker->application, duty->arena);
    (void)vault_settle(&context);
    arena_reset(duty->arena);
    duty->settle_at_ms = clock_mono_ms() + SETTLE_PAUSE_MS;
}

static void serve(struct duty *duty)
{
    struct slot *slot = duty->worker->slot;

    __atomic_store_n(&slot->busy_since_ms, clock_mono_ms(), __ATOMIC_RELAXED);
    set_state(slot, SLOT_BUSY);
    guard_deadline(duty->worker, true);
    if (fcgi_receive(duty->door)) {
        answer(duty);
        fcgi_finish(duty->door);
        arena_reset(duty->arena);
        __atomic_fetch_add(&slot->requests, 1, __ATOMIC_RELAXED);
    }
    guard_deadline(duty->worker, false);
    slot->request[0] = '\0';
    set_state(slot, duty->leaving == STAYING ? SLOT_IDLE : SLOT_LEAVING);
    if (slot->requests >= duty->worker->request_limit)
        begin_leaving(duty, duty->worker->master ? LEAVING_TO_OTHERS : LEAVING_POLITELY);
}

static bool keeps_house(const struct duty *duty)
{
    return duty->worker->master == 0 && duty->worker->application.settings->single_worker_housekeeping;
}

static bool carries_mail(const struct duty *duty)
{
    return keeps_house(duty) && *duty->worker->application.settings->mail;
}

static int sooner(int one_ms, int other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

/* Until the chores of a worker that is alone; -1: never. */
static int chores_ms(const struct duty *duty)
{
    if (!keeps_house(duty))
        return -1;
    int house = housekeeper_wait_ms(&duty->housekeeper);
    int mail = carries_mail(duty) ? courier_wait_ms(&duty->mails) : house;
    int hook = courier_wait_ms(&duty->webhooks);
    int revocation = courier_wait_ms(&duty->revocations);
    return sooner(sooner(house, mail), sooner(hook, revocation));
}

/* Until something is to be done that nobody asks for; -1: never. */
static int quiet_ms(const struct duty *duty)
{
    int chores = chores_ms(duty);
    if (!vault_is_owing())
        return chores;
    return chores < 0 || chores > SETTLE_PAUSE_MS ? SETTLE_PAUSE_MS : chores;
}

/* Nobody spoke within the time that wait_ms() gave. */
static void use_quiet_moment(struct duty *duty)
{
    if (duty->leaving != STAYING) {
        fcgi_stop_accepting(duty->door);
        duty->accepting = false;
    } else if (keeps_house(duty)) {
        (void)housekeeper_step(&duty->housekeeper, HOUSEKEEPING_PORTION_MS);
        if (carries_mail(duty))
            (void)courier_step(&duty->mails);
        (void)courier_step(&duty->webhooks);
        (void)courier_step(&duty->revocations);
    }
}

static int64_t leaving_for_ms(const struct duty *duty)
{
    return clock_mono_ms() - duty->left_at_ms;
}

static int wait_ms(const struct duty *duty)
{
    if (duty->leaving == STAYING)
        return quiet_ms(duty);
    if (duty->accepting)
        return 0;
    int64_t left = WORKER_LEAVE_LIMIT_MS - leaving_for_ms(duty);
    return left > 0 ? (int)left : 0;
}

static bool is_time_to_go(struct duty *duty)
{
    if (duty->leaving == STAYING)
        return false;
    if (duty->accepting && leaving_for_ms(duty) > ACCEPT_WHILE_LEAVING_MS) {
        fcgi_stop_accepting(duty->door);
        duty->accepting = false;
    }
    if (duty->accepting)
        return false;
    return duty->leaving == LEAVING_NOW || fcgi_connections(duty->door) == 0 ||
           leaving_for_ms(duty) > WORKER_LEAVE_LIMIT_MS;
}

static bool work_once(struct duty *duty)
{
    switch (fcgi_wait(duty->door, wait_ms(duty))) {
    case FCGI_READY:
        serve(duty);
        return true;
    case FCGI_WOKEN:
        obey_signals(duty);
        return true;
    case FCGI_QUIET:
        use_quiet_moment(duty);
        return true;
    case FCGI_BROKEN:
        break;
    }
    log_error("the listening socket is unusable");
    return false;
}

/* Dies with its master; one that died before this call is noticed by the parent having changed. */
static void follow_master(struct duty *duty)
{
    pid_t master = duty->worker->master;

    if (master == 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != master)
        begin_leaving(duty, LEAVING_NOW);
}

/* While a mail or a webhook is on its way. */
static bool is_leaving(void *context)
{
    struct duty *duty = context;

    obey_signals(duty);
    return duty->leaving != STAYING;
}

static void start_courier(struct duty *duty, struct courier *courier, const struct cargo *cargo,
                          int64_t limit_s)
{
    courier_start(courier, cargo, &duty->worker->application, limit_s);
    courier->watch.is_leaving = is_leaving;
    courier->watch.context = duty;
    courier->glance_ms = COURIER_GLANCE_MS;
}

/* A mail or a webhook must not keep a request waiting for long, and those of others can wait a little. */
static void start_chores(struct duty *duty)
{
    housekeeper_start(&duty->housekeeper, &duty->worker->application);
    start_courier(duty, &duty->mails, &mail_cargo, MAIL_LIMIT_S);
    start_courier(duty, &duty->webhooks, &webhook_cargo, WEBHOOK_LIMIT_S);
    start_courier(duty, &duty->revocations, &revocation_cargo, REVOCATION_LIMIT_S);
}

int worker_run(struct worker *worker)
{
    const struct settings *settings = worker->application.settings;
    const struct fcgi_ends ends = { worker->listener, worker->signals, worker->adopt };
    struct duty duty = {
        .worker = worker,
        .door = fcgi_open(&ends, IO_TIMEOUT_S),
        .arena = arena_make(ARENA_LIMIT),
        .limits = { base_path(settings->issuer), settings->trusted_proxies,
                    (size_t)settings->max_body_bytes },
        .accepting = true,
    };
    bool usable = true;

    if (keeps_house(&duty))
        start_chores(&duty);
    set_state(worker->slot, SLOT_IDLE);
    follow_master(&duty);
    worker_poke_master(worker->master);
    while (usable && !is_time_to_go(&duty)) {
        usable = work_once(&duty);
        settle(&duty);
    }
    duty.settle_at_ms = 0;
    settle(&duty);
    fcgi_close(duty.door);
    housekeeper_end(&duty.housekeeper);
    courier_end(&duty.mails);
    courier_end(&duty.webhooks);
    courier_end(&duty.revocations);
    arena_destroy(duty.arena);
    return usable ? EXIT_SUCCESS : EXIT_FAILURE;
}
