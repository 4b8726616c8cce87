/*
 * serve.c: `doorward serve` and `doorward housekeep`. Descriptor 0 decides what serve is: a listening
 * socket there means that a web server or spawn-fcgi runs us, one process a time, and that we are one
 * worker without a master, unless DOORWARD_WORKERS asks for more.
 */
#include "cmd/cli/cli.h"

#include "cmd/courier.h"
#include "cmd/housekeeper.h"
#include "cmd/master.h"
#include "cmd/place.h"
#include "cmd/signals.h"
#include "cmd/worker.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/secret.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUSEKEEPING_BUDGET_MS = 30 * 1000, COURIER_BUDGET_MS = 60 * 1000, WORKERS_MAX = 200 };

/* DOORWARD_WORKERS: how many workers each pool gets, whatever the configuration says; 0 when unset. */
static bool read_workers(int64_t *workers_out)
{
    const char *text = getenv("DOORWARD_WORKERS");

    *workers_out = 0;
    return text_empty(text) || text_to_int(text, 0, WORKERS_MAX, workers_out);
}

static int run_alone(const struct application *shared_part)
{
    struct slot slot = { .state = SLOT_STARTING };
    struct worker worker = {
        .application = *shared_part,
        .request_limit = shared_part->settings->pools[0].requests_per_worker,
        .slot = &slot,
        .listener = STDIN_FILENO,
        .adopt = -1,
        .hand_over = -1,
        .signals = signals_open(),
    };

    worker.application.families = route_families;
    application_open(&worker.application);
    int status = worker_run(&worker);
    application_close(&worker.application);
    close(worker.signals);
    return status;
}

/* No master, no fork, no pid file: whoever started us counts our processes. */
static enum cli_status serve_alone(struct cli *cli)
{
    struct application application;
    const char *error;

    close_range(STDERR_FILENO + 1, UINT_MAX, 0); /* pipes of mod_fcgid's that were left open for us */
    if (!application_prepare(cli->arena, cli_config_path(cli), &application, &error))
        return cli_fail(cli, CLI_CONFIGURATION, "%s", error);
    const struct settings *settings = application.settings;
    if (!log_open(settings->log, settings->log_level))
        return cli_fail(cli, CLI_CONFIGURATION, "log target %s can't be opened", settings->log);
    if (!place_make(cli->arena, settings->run_directory, &error))
        return cli_fail(cli, CLI_CONFIGURATION, "%s", error);
    application.shared = shared_map(arena_printf(cli->arena, "%s/shared", settings->run_directory));
    int status = run_alone(&application);
    shared_unmap(application.shared);
    return status == EXIT_SUCCESS ? CLI_OK : CLI_REFUSED;
}

/* Whoever closed these has the next files opened there, and the log written into one of them. */
static void open_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            fatal("/dev/null can't be opened");
}

/* What a process has in memory are passwords and keys: none of it is to be left in a file. The hard limit
 * stays, for whoever looks for a fault (prlimit). */
static void leave_no_core(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = 0;
    if (setrlimit(RLIMIT_CORE, &limit) != 0)
        log_warn("core dumps can't be switched off");
}

/* What a password was hashed in goes back to the system at once, where the allocator would keep it for the
 * next one: in each worker that has ever checked a password. */
static void give_large_blocks_back(void)
{
#ifdef M_MMAP_THRESHOLD
    enum { LARGE = 1 << 20 };
    if (mallopt(M_MMAP_THRESHOLD, LARGE) == 0)
        log_warn("the allocator keeps large blocks");
#endif
}

static enum cli_status serve(struct cli *cli)
{
    const char *no_respawn = getenv("DOORWARD_NO_RESPAWN");
    const char *error = NULL;
    struct master_options options = {
        .config_path = cli_config_path(cli),
        .no_respawn = no_respawn && text_equal(no_respawn, "1"),
    };

    if (!read_workers(&options.workers))
        return cli_fail(cli, CLI_USAGE, "DOORWARD_WORKERS must be a number up to %d", WORKERS_MAX);
    open_standard_descriptors();
    leave_no_core();
    if (!secret_wipe_freed())
        log_warn("OpenSSL doesn't wipe what it gives back");
    give_large_blocks_back();
    umask(0007); /* the page area is shared with the command line of the group */
    listen_take_inherited(&options.inherited);
    bool handed_over = options.inherited.count == 1 && options.inherited.descriptors[0] == STDIN_FILENO;
    if (handed_over && options.workers <= 1)
        return serve_alone(cli);
    int status = master_run(cli->arena, &options, &error);
    return error ? cli_fail(cli, (enum cli_status)status, "%s", error) : (enum cli_status)status;
}

/* One round of what a housekeeper and a courier do, for cron where there's no master. */
static enum cli_status housekeep(struct cli *cli)
{
    const struct application application = application_of(&cli->context);
    struct housekeeper housekeeper;

    housekeeper_start(&housekeeper, &application);
    enum store_result result = housekeeper_step(&housekeeper, HOUSEKEEPING_BUDGET_MS);
    housekeeper_end(&housekeeper);
    if (*cli->settings->mail)
        courier_carry_due(&mail_cargo, &application, COURIER_BUDGET_MS);
    courier_carry_due(&webhook_cargo, &application, COURIER_BUDGET_MS);
    courier_carry_due(&revocation_cargo, &application, COURIER_BUDGET_MS);
    return result == STORE_OK ? CLI_OK : cli_fail(cli, CLI_UNAVAILABLE, "the database is away");
}

const struct cli_command serve_commands[] = {
    { .noun = "serve",
      .help = "Serve requests: a master with its workers, or one worker on a socket that was handed over.",
      .needs = CLI_NOTHING,
      .run = serve },
    { .noun = "housekeep",
      .help = "Delete and end what has expired, see to the signing keys and send what mails and webhooks are "
              "due, "
              "once; for cron.",
      .needs = CLI_CONTEXT,
      .run = housekeep },
    { 0 },
};
