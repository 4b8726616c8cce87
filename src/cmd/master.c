/*
 * master.c: see master.h. Read master_run() at the bottom first: one loop, in which every turn looks at
 * the whole state and does what is missing, whatever woke it. So no order of signals and deaths can
 * leave it half-way.
 *
 * A reload makes a generation beside the serving one. It takes over when each of its pools has a worker
 * that is ready ("bind before drain"); if one of its processes dies before that, it is given up and the
 * old generation goes on.
 */
#include "cmd/master.h"

#include "cmd/children.h"
#include "cmd/notify.h"
#include "cmd/place.h"
#include "cmd/signals.h"
#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    MESSAGES_LIMIT = 1024 * 1024,
    SETTINGS_LIMIT = 16 * 1024 * 1024,
    BACK_OFF_MS = 50, /* doubled with each early death, up to BACK_OFF_DOUBLINGS times */
    BACK_OFF_DOUBLINGS = 7
};

struct back_off {
    int failures;
    int64_t until_ms;
};

struct master {
    const struct master_options *options;
    struct arena *messages; /* reset at each turn of the loop */
    const char *run_directory;
    int signals;
    struct sockets sockets;
    struct children children;
    struct generation *serving, *incoming; /* NULL: none */
    struct generation *retired;            /* list of those whose processes are still leaving */
    struct back_off back_off[CHILD_KINDS];
    int generations;
    bool reload_wanted, stopping;
    int status;
};

static const struct settings *settings_of(const struct generation *generation)
{
    return generation->application.settings;
}

static struct generation *newest(const struct master *master)
{
    return master->incoming ? master->incoming : master->serving;
}

/* --- generations --- */

static void retire(struct master *master, struct generation *generation, int number)
{
    generation->retired_at_ms = clock_mono_ms();
    generation->next = master->retired;
    master->retired = generation;
    children_signal(&master->children, generation, number);
}

static void free_retired(struct master *master)
{
    for (struct generation **place = &master->retired; *place;) {
        struct generation *generation = *place;
        if (generation->children > 0) {
            place = &generation->next;
            continue;
        }
        *place = generation->next;
        generation_free(generation);
    }
}

/* Makes a generation with its sockets the incoming one; false with a message. */
static bool admit(struct master *master, const char **error_out)
{
    struct generation *generation = generation_make(master->options->config_path, master->generations + 1,
                                                    master->options->workers, master->messages, error_out);

    if (!generation)
        return false;
    if (!sockets_provide(&master->sockets, generation, master->serving, error_out)) {
        *error_out = arena_strdup(master->messages, *error_out);
        generation_free(generation);
        return false;
    }
    generation->application.shared = master->children.shared;
    master->incoming = generation;
    master->generations++;
    return true;
}

static void reload(struct master *master)
{
    const char *error;

    master->reload_wanted = false;
    notify_reloading();
    if (admit(master, &error))
        return;
    log_error("reload refused, the old configuration stays in force: %s", error);
    notify("READY=1");
}

static bool is_ready(const struct master *master, const struct generation *generation)
{
    for (size_t i = 0; i < settings_of(generation)->pool_count; i++)
        if (!children_are_ready(&master->children, generation, i))
            return false;
    return true;
}

static void promote(struct master *master)
{
    const struct settings *settings = settings_of(master->incoming);

    if (master->serving)
        retire(master, master->serving, SIGTERM);
    master->serving = master->incoming;
    master->incoming = NULL;
    sockets_keep_only(&master->sockets, master->serving);
    if (!log_open(settings->log, settings->log_level))
        log_warn("log target %s can't be opened; the old one is kept", settings->log);
    log_info("ready generation=%d", master->serving->number);
    notify("READY=1");
}

static void abandon(struct master *master)
{
    log_error("reload refused, the old configuration stays in force: its processes die at their start");
    retire(master, master->incoming, SIGTERM);
    master->incoming = NULL;
    sockets_keep_only(&master->sockets, master->serving);
    notify("READY=1");
}

/* --- processes --- */

static void begin_stop(struct master *master, int number)
{
    if (!master->stopping)
        notify("STOPPING=1");
    master->stopping = true;
    /* first the files, so that nobody new comes; what is in the backlog is still served */
    sockets_keep_only(&master->sockets, NULL);
    if (master->incoming)
        retire(master, master->incoming, number);
    if (master->serving)
        retire(master, master->serving, number);
    master->incoming = master->serving = NULL;
    children_signal(&master->children, NULL, number);
}

static void note_early_death(struct back_off *back_off)
{
    int doublings = back_off->failures < BACK_OFF_DOUBLINGS ? back_off->failures : BACK_OFF_DOUBLINGS;

    back_off->failures++;
    back_off->until_ms = clock_mono_ms() + ((int64_t)BACK_OFF_MS << doublings);
}

static void bury(struct master *master, const struct ending *ending)
{
    struct back_off *back_off = &master->back_off[ending->child.kind];

    if (ending->early)
        note_early_death(back_off);
    else
        *back_off = (struct back_off) { 0 };
    if (!ending->died || ending->child.told_to_leave)
        return;
    if (master->options->no_respawn) {
        master->status = MASTER_CHILD_DIED;
        begin_stop(master, SIGINT);
    } else if (ending->early && master->serving && ending->child.generation == master->incoming) {
        abandon(master);
    }
}

static void reap(struct master *master)
{
    struct ending ending;

    while (children_reap(&master->children, &ending))
        bury(master, &ending);
    free_retired(master);
}

static void start_missing_of(struct master *master, struct generation *generation, size_t kind,
                             int64_t wanted)
{
    struct back_off *back_off = &master->back_off[kind];
    int64_t missing = wanted - (int64_t)children_count(&master->children, generation, kind);

    for (; missing > 0 && clock_mono_ms() >= back_off->until_ms; missing--)
        if (!children_start(&master->children, generation, kind))
            note_early_death(back_off);
}

static void start_missing(struct master *master, struct generation *generation)
{
    for (size_t i = 0; i < settings_of(generation)->pool_count; i++)
        start_missing_of(master, generation, i, generation->workers[i]);
    /* its workers may need it at once */
    start_missing_of(master, generation, EGRESS, 1);
    /* one housekeeper and one courier of each kind are enough: that of a new generation comes when the old
     * one's has been told to go */
    if (generation != master->serving)
        return;
    start_missing_of(master, generation, HOUSEKEEPER, 1);
    start_missing_of(master, generation, COURIER, *settings_of(generation)->mail ? 1 : 0);
    start_missing_of(master, generation, WEBHOOK_COURIER, 1);
    start_missing_of(master, generation, REVOCATION_COURIER, 1);
}

/* --- the loop --- */

static void take_signal(struct master *master, int number)
{
    switch (number) {
    case SIGTERM:
    case SIGINT:
        begin_stop(master, SIGINT);
        break;
    case SIGQUIT:
        begin_stop(master, SIGQUIT);
        break;
    case SIGHUP:
        master->reload_wanted = true;
        break;
    case SIGUSR1:
        log_open(settings_of(newest(master))->log, settings_of(newest(master))->log_level);
        children_signal(&master->children, NULL, SIGUSR1);
        break;
    default: /* SIGCHLD, SIGUSR2: there is something to look at */
        break;
    }
}

static void take_signals(struct master *master)
{
    for (int number = signals_next(master->signals); number; number = signals_next(master->signals))
        if (!master->stopping || number == SIGTERM || number == SIGINT || number == SIGQUIT)
            take_signal(master, number);
}

static bool is_any_alive(const struct master *master)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++)
        if (master->children.list[i].pid)
            return true;
    return false;
}

/* Brings everything up to what it should be now. */
static void look_after(struct master *master)
{
    reap(master);
    if (master->stopping)
        return;
    if (master->reload_wanted && !master->incoming)
        reload(master);
    if (master->serving)
        start_missing(master, master->serving);
    if (!master->incoming)
        return;
    start_missing(master, master->incoming);
    if (is_ready(master, master->incoming)) {
        promote(master);
        start_missing(master, master->serving);
    }
}

static int64_t back_off_left_ms(const struct master *master)
{
    int64_t next = INT32_MAX, now_ms = clock_mono_ms();

    for (size_t i = 0; i < CHILD_KINDS && !master->stopping; i++) {
        int64_t left = master->back_off[i].until_ms - now_ms;
        if (left > 0 && left < next)
            next = left;
    }
    return next;
}

static void wait_for_news(struct master *master)
{
    struct pollfd news = { .fd = master->signals, .events = POLLIN };
    int64_t deadline = children_check_deadlines(&master->children);
    int64_t back_off = back_off_left_ms(master);

    if (poll(&news, 1, (int)(deadline < back_off ? deadline : back_off)) < 0 && errno != EINTR)
        fatal("poll: %s", strerror(errno));
}

static void loop(struct master *master)
{
    do {
        look_after(master);
        if (master->stopping && !is_any_alive(master))
            return;
        wait_for_news(master);
        take_signals(master);
        arena_reset(master->messages);
    } while (true);
}

/* --- start and end --- */

static void clear_scoreboard(struct shared *shared)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++)
        *shared_slot(shared, i) = (struct slot) { .state = SLOT_FREE };
}

/* The run directory of the first configuration; a reload doesn't move it. NULL with a message. Of the secrets
 * that are read with it, nothing stays. */
static const char *find_run_directory(struct arena *arena, const char *config_path, const char **error_out)
{
    struct arena *passing = arena_make(SETTINGS_LIMIT);
    const struct settings *settings = settings_load(passing, config_path, error_out);
    const char *directory = settings ? arena_strdup(arena, settings->run_directory) : NULL;

    if (!settings)
        *error_out = arena_strdup(arena, *error_out);
    arena_destroy(passing);
    return directory;
}

static bool take_place(struct master *master, struct arena *arena, const char **error_out)
{
    const char *directory = find_run_directory(arena, master->options->config_path, error_out);

    if (!directory) {
        master->status = MASTER_CONFIGURATION;
        return false;
    }
    master->status = MASTER_TAKEN;
    master->run_directory = directory;
    if (!place_make(arena, directory, error_out))
        return false;
    master->children.lock = place_lock(arena, directory, error_out);
    if (master->children.lock < 0)
        return false;
    master->children.shared = shared_map(arena_printf(arena, "%s/shared", directory));
    clear_scoreboard(master->children.shared);
    return place_write_pid(arena, directory, error_out);
}

static bool start(struct master *master, struct arena *arena, const char **error_out)
{
    master->signals = signals_open();
    master->children.messages = master->messages;
    master->children.signals = master->signals;
    master->children.lock = -1;
    master->children.sockets = &master->sockets;
    master->sockets.inherited = master->options->inherited;
    if (!take_place(master, arena, error_out))
        return false;
    if (admit(master, error_out)) {
        master->status = MASTER_OK;
        return true;
    }
    *error_out = arena_strdup(arena, *error_out);
    master->status = MASTER_CONFIGURATION;
    place_remove_pid(arena, master->run_directory);
    return false;
}

static void end(struct master *master, struct arena *arena)
{
    free_retired(master);
    place_remove_pid(arena, master->run_directory);
    close(master->children.lock);
    shared_unmap(master->children.shared);
    log_info("stopped");
}

int master_run(struct arena *arena, const struct master_options *options, const char **error_out)
{
    struct master *master = arena_alloc(arena, sizeof(*master));

    master->options = options;
    master->messages = arena_make(MESSAGES_LIMIT);
    if (start(master, arena, error_out)) {
        loop(master);
        end(master, arena);
    }
    int status = master->status;
    arena_destroy(master->messages);
    return status;
}
