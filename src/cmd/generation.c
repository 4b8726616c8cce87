/* generation.c: see generation.h. To add a check that a reload must pass: a row in checks[]. */
#include "cmd/generation.h"

#include "core/log.h"
#include "pages/template_check.h"
#include "store/migrations.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARENA_LIMIT = 16 * 1024 * 1024,
    CHECK_ARENA_LIMIT = 1024 * 1024 * 1024,
    MESSAGE_SIZE = 4096,
    STACK_USED = 256 * 1024 /* more than reading a configuration takes */
};

/* All that live, newest first. */
static struct generation *all;

int64_t generation_workers(const struct generation *generation)
{
    int64_t total = 0;

    for (size_t i = 0; i < generation->application.settings->pool_count; i++)
        total += generation->workers[i];
    return total;
}

static bool check_worker_count(struct generation *generation, const char **error_out)
{
    int64_t total = generation_workers(generation);

    if (total <= GENERATION_MAX_WORKERS)
        return true;
    *error_out = arena_printf(generation->arena, "%lld workers in all pools; at most %d are possible",
                              (long long)total, GENERATION_MAX_WORKERS);
    return false;
}

static bool check_families(struct generation *generation, const char **error_out)
{
    const struct settings *settings = generation->application.settings;

    for (size_t i = 0; i < settings->pool_count; i++) {
        generation->families[i] = application_families(generation->arena, &settings->pools[i], error_out);
        if (!generation->families[i])
            return false;
    }
    return true;
}

/* Why the schema can't be worked with; NULL when it can. A database that is away stops nobody: workers
 * answer what they can without it. */
static const char *look_at_schema(const struct generation *generation)
{
    struct db *db = db_make(generation->application.settings);
    const char *reason = NULL;

    if (!db_connect(db))
        log_warn("the database is away; starting without it");
    else if (schema_is_known(db, generation->arena, &reason) != STORE_OK)
        reason = NULL;
    db_destroy(db);
    return reason;
}

static NORETURN void tell_of_schema(const struct generation *generation, int to, pid_t master)
{
    /* it has the master's lock in its hand */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *reason = getppid() == master ? look_at_schema(generation) : NULL;
    size_t length = reason ? strnlen(reason, MESSAGE_SIZE - 1) : 0;
    _exit(write(to, reason ? reason : "", length) == (ssize_t)length ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* What the process tells until its end: nothing when all is well. */
static const char *hear(struct arena *arena, int from, pid_t pid)
{
    char *message = arena_alloc(arena, MESSAGE_SIZE);
    size_t length = 0;
    ssize_t got;
    int status = 0;

    while ((got = read(from, message + length, MESSAGE_SIZE - 1 - length)) > 0 || (got < 0 && errno == EINTR))
        length += got > 0 ? (size_t)got : 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool is_whole = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return is_whole ? message : "the process that looked at the database died";
}

/*
 * By a process of its own: the database's client library leaves copies of the password in memory that it has
 * given back, and the master's memory is what that of all others begins with.
 */
static bool check_schema(struct generation *generation, const char **error_out)
{
    static const char no_start[] = "a process that looks at the database can't be started";
    int ends[2];
    pid_t master = getpid();

    if (pipe2(ends, O_CLOEXEC) != 0) {
        *error_out = no_start;
        return false;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        tell_of_schema(generation, ends[1], master);
    close(ends[1]);
    const char *message = pid > 0 ? hear(generation->arena, ends[0], pid) : no_start;
    close(ends[0]);
    if (*message)
        *error_out = message;
    return !*message;
}

struct first_finding {
    struct arena *arena;
    const char *message;
};

static void note_first(const struct template_finding *finding, void *context)
{
    struct first_finding *first = context;

    if (finding->serious && !first->message)
        first->message =
            arena_printf(first->arena, "%s:%zu: %s", finding->file, finding->line, finding->message);
}

static bool check_templates(struct generation *generation, const char **error_out)
{
    struct first_finding first = { .arena = generation->arena };
    struct arena *arena = arena_make(CHECK_ARENA_LIMIT); /* all files at once, and gone when checked */
    size_t serious = template_check(arena, generation->application.settings, note_first, &first);

    arena_destroy(arena);
    *error_out = first.message;
    return serious == 0;
}

static bool (*const checks[])(struct generation *generation, const char **error_out) = {
    check_worker_count,
    check_families,
    check_templates,
    check_schema,
};

static bool fill(struct generation *generation, const char *config_path, int64_t workers_override,
                 const char **error_out)
{
    if (!application_prepare(generation->arena, config_path, &generation->application, error_out))
        return false;
    const struct settings *settings = generation->application.settings;
    for (size_t i = 0; i < settings->pool_count; i++)
        generation->workers[i] = workers_override ? workers_override : settings->pools[i].workers;
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        if (!checks[i](generation, error_out))
            return false;
    return true;
}

struct generation *generation_make(const char *config_path, int number, int64_t workers_override,
                                   struct arena *error_arena, const char **error_out)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    struct generation *generation = arena_alloc(arena, sizeof(*generation));

    generation->arena = arena;
    generation->number = number;
    generation->older = all;
    all = generation;
    if (fill(generation, config_path, workers_override, error_out))
        return generation;
    *error_out = arena_strdup(error_arena, *error_out);
    generation_free(generation);
    return NULL;
}

void generation_free(struct generation *generation)
{
    struct generation **place = &all;

    while (*place != generation)
        place = &(*place)->older;
    *place = generation->older;
    arena_destroy(generation->arena);
}

static __attribute__((noinline)) void wipe_used_stack(void)
{
    unsigned char used[STACK_USED];

    explicit_bzero(used, sizeof(used));
}

void generations_forget(void)
{
    while (all)
        generation_free(all);
    wipe_used_stack();
}
