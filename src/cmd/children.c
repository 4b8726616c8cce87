/*
 * children.c: see children.h. A child's end is told with a fixed phrase ("doorward: worker died"), its
 * pid, what ended it and the request in its hand, so that no crash passes unseen.
 */
#include "cmd/children.h"

#include "cmd/courier.h"
#include "cmd/egress.h"
#include "cmd/housekeeper.h"
#include "cmd/signals.h"
#include "cmd/worker.h"
#include "core/clock.h"
#include "core/log.h"
#include "crypto/secret.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EARLY_MS = 1000,
    /* beyond the deadline of the request in hand and the time for a polite leave */
    LEAVE_MARGIN_MS = 5 * 1000
};

/* What each kind is called, by itself and in a list of processes; and what those do that there is one of. */
static const struct role {
    const char *name, *process_name;
    int (*run)(const struct application *application, int signals); /* NULL: it is made otherwise */
} roles[CHILD_KINDS] = {
    [0] = { "worker", "doorward-worker", NULL },
    [HOUSEKEEPER] = { "housekeeper", "doorward-keeper", housekeeper_run },
    [COURIER] = { "courier", "doorward-mail", courier_run_mails },
    [WEBHOOK_COURIER] = { "courier", "doorward-hooks", courier_run_webhooks },
    [REVOCATION_COURIER] = { "courier", "doorward-revoke", courier_run_revocations },
    [EGRESS] = { "egress", "doorward-egress", NULL },
};

static const struct role *role_of(const struct child *child)
{
    return &roles[child->kind < MAX_POOLS ? 0 : child->kind];
}

static const char *role_name(const struct child *child)
{
    return role_of(child)->name;
}

static const char *pool_name(const struct child *child)
{
    return child->kind >= MAX_POOLS ? "-" : child->generation->application.settings->pools[child->kind].name;
}

static struct slot *slot_of(const struct children *children, const struct child *child)
{
    return shared_slot(children->shared, (size_t)(child - children->list));
}

static struct child *find_place(struct children *children)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++)
        if (!children->list[i].pid)
            return &children->list[i];
    return NULL;
}

static int run_worker(struct children *children, struct child *child, int signals, pid_t master)
{
    struct generation *generation = child->generation;
    const struct pool_settings *pool = &generation->application.settings->pools[child->kind];
    struct worker worker = {
        .application = generation->application,
        .request_limit = pool->requests_per_worker,
        .slot = slot_of(children, child),
        .listener = generation->ends[child->kind].listener,
        .adopt = generation->ends[child->kind].adopt,
        .hand_over = generation->ends[child->kind].hand_over,
        .signals = signals,
        .master = master,
    };

    if (pool->nice && setpriority(PRIO_PROCESS, 0, (int)pool->nice))
        log_warn("pool %s can't be made nice: %s", pool->name, strerror(errno));
    /* a tenth more or less, or all workers of a pool would leave at the same time */
    worker.request_limit += (worker.request_limit / 10) * (getpid() % 16) / 16;
    worker.application.families = generation->families[child->kind];
    application_open(&worker.application);
    int status = worker_run(&worker);
    application_close(&worker.application);
    return status;
}

static int run_single(struct child *child, int signals)
{
    struct application application = child->generation->application;

    application.families = route_families;
    application_open(&application);
    int status = role_of(child)->run(&application, signals);
    application_close(&application);
    return status;
}

static int run_egress(const struct child *child, int signals)
{
    const struct generation *generation = child->generation;

    return egress_run(generation->application.settings, generation->way.take, generation_workers(generation),
                      signals);
}

static int run_role(struct children *children, struct child *child, int signals, pid_t master)
{
    if (child->kind == EGRESS)
        return run_egress(child, signals);
    secret_leave_freed();
    child->generation->application.egress = child->generation->way.hand_over;
    return role_of(child)->run ? run_single(child, signals) : run_worker(children, child, signals, master);
}

/* What a child is, from fork to exit. Signals are blocked here as they were in the master. */
static NORETURN void run_child(struct children *children, struct child *child, pid_t master)
{
    const struct settings *settings = child->generation->application.settings;
    const struct egress_way *way = &child->generation->way;
    const struct kept_sockets kept = {
        .served = child->kind < MAX_POOLS ? &child->generation->ends[child->kind] : NULL,
        .way = child->kind == EGRESS ? way->take : way->hand_over,
    };

    close(children->signals);
    close(children->lock);
    int signals = signals_open();
    sockets_close_others(children->sockets, &kept);
    prctl(PR_SET_NAME, role_of(child)->process_name);
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != master)
        exit(EXIT_SUCCESS);
    if (!log_open(settings->log, settings->log_level))
        log_warn("log target %s can't be opened; the old one is kept", settings->log);
    exit(run_role(children, child, signals, master));
}

bool children_start(struct children *children, struct generation *generation, size_t kind)
{
    struct child *child = find_place(children);
    pid_t master = getpid();

    if (!child) {
        log_error("no room on the scoreboard for another process");
        return false;
    }
    *child = (struct child) { .kind = kind, .generation = generation, .started_ms = clock_mono_ms() };
    *slot_of(children, child) = (struct slot) {
        .state = SLOT_STARTING,
        .pool = (int32_t)kind,
        .generation = generation->number,
    };
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(children, child, master);
    if (pid < 0) {
        log_error("fork: %s", strerror(errno));
        return false;
    }
    child->pid = pid;
    slot_of(children, child)->pid = pid;
    generation->children++;
    return true;
}

static void log_death(struct children *children, const struct child *child, const struct slot *slot,
                      int status)
{
    bool signalled = WIFSIGNALED(status);

    log_error("doorward: %s died pid=%d %s=%s request=%s pool=%s served=%lld deaths=%ld", role_name(child),
              (int)child->pid, signalled ? "signal" : "status",
              signalled ? signal_name(WTERMSIG(status))
                        : arena_printf(children->messages, "%d", WEXITSTATUS(status)),
              slot->request[0] ? slot->request : "-", pool_name(child), (long long)slot->requests,
              ++children->deaths);
}

static struct child *find_child(struct children *children, pid_t pid)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++)
        if (children->list[i].pid == pid)
            return &children->list[i];
    return NULL;
}

bool children_reap(struct children *children, struct ending *ending_out)
{
    struct child *child = NULL;
    int status = 0;

    while (!child) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return false;
        child = find_child(children, pid); /* NULL: left to us by whoever executed this program */
    }
    struct slot *slot = slot_of(children, child);
    bool left = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    *ending_out = (struct ending) {
        .child = *child,
        .died = !left,
        .early = !left && slot->requests == 0 && clock_mono_ms() - child->started_ms < EARLY_MS,
    };
    if (left)
        log_info("%s left pid=%d pool=%s served=%lld", role_name(child), (int)child->pid, pool_name(child),
                 (long long)slot->requests);
    else
        log_death(children, child, slot, status);
    *slot = (struct slot) { .state = SLOT_FREE };
    child->generation->children--;
    *child = (struct child) { 0 };
    return true;
}

void children_signal(struct children *children, const struct generation *generation, int number)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++) {
        struct child *child = &children->list[i];
        if (!child->pid || (generation && child->generation != generation))
            continue;
        kill(child->pid, number);
        child->told_to_leave |= number == SIGTERM || number == SIGINT || number == SIGQUIT;
    }
}

static int32_t state_of(const struct children *children, const struct child *child)
{
    return __atomic_load_n(&slot_of(children, child)->state, __ATOMIC_ACQUIRE);
}

static bool is_of(const struct child *child, const struct generation *generation, size_t kind)
{
    return child->pid && child->generation == generation && child->kind == kind;
}

size_t children_count(const struct children *children, const struct generation *generation, size_t kind)
{
    size_t count = 0;

    for (size_t i = 0; i < SHARED_SLOTS; i++) {
        const struct child *child = &children->list[i];
        count += is_of(child, generation, kind) && !child->told_to_leave && !child->killed &&
                 state_of(children, child) != SLOT_LEAVING;
    }
    return count;
}

bool children_are_ready(const struct children *children, const struct generation *generation, size_t kind)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++) {
        const struct child *child = &children->list[i];
        if (is_of(child, generation, kind) && state_of(children, child) != SLOT_STARTING)
            return true;
    }
    return false;
}

static void kill_child(struct children *children, struct child *child, const struct slot *slot,
                       const char *why)
{
    log_error("doorward: %s killed pid=%d request=%s kills=%ld: %s", role_name(child), (int)child->pid,
              slot->request[0] ? slot->request : "-", ++children->kills, why);
    child->killed = true;
    kill(child->pid, SIGKILL);
}

/* Milliseconds that a child has left, at most as long as a request that begins now would have. */
static int64_t check_deadline(struct children *children, struct child *child, int64_t now_ms)
{
    const struct slot *slot = slot_of(children, child);
    int64_t deadline_ms = child->generation->application.settings->request_deadline_s * 1000;
    int64_t left = deadline_ms;

    if (slot->request[0] || state_of(children, child) == SLOT_BUSY) {
        left = __atomic_load_n(&slot->busy_since_ms, __ATOMIC_RELAXED) + deadline_ms - now_ms;
        if (left <= 0)
            kill_child(children, child, slot, "busy past request_deadline");
    }
    int64_t retired_at_ms = child->generation->retired_at_ms;
    if (retired_at_ms) {
        int64_t limit = retired_at_ms + deadline_ms + WORKER_LEAVE_LIMIT_MS + LEAVE_MARGIN_MS - now_ms;
        if (limit <= 0 && left > 0)
            kill_child(children, child, slot, "did not leave in time");
        left = limit < left ? limit : left;
    }
    return left > 0 ? left : 1;
}

int64_t children_check_deadlines(struct children *children)
{
    int64_t now_ms = clock_mono_ms(), next = INT32_MAX;

    for (size_t i = 0; i < SHARED_SLOTS; i++) {
        struct child *child = &children->list[i];
        if (!child->pid || child->killed)
            continue;
        int64_t left = check_deadline(children, child, now_ms);
        next = left < next ? left : next;
    }
    return next;
}
