/* generation.c: see generation.h. To add a check that a reload must pass: a row in checks[]. */
#include "cmd/generation.h"

#include "core/log.h"
#include "pages/template_check.h"
#include "store/migrations.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024, CHECK_ARENA_LIMIT = 1024 * 1024 * 1024 };

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

/* A database that is away stops nobody: workers answer what they can without it. */
static bool check_schema(struct generation *generation, const char **error_out)
{
    struct db *db = db_make(generation->application.settings);
    const char *reason = NULL;

    if (!db_connect(db))
        log_warn("the database is away; starting without it");
    else if (schema_is_known(db, generation->arena, &reason) != STORE_OK)
        reason = NULL;
    db_destroy(db);
    if (reason)
        *error_out = reason;
    return !reason;
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
    if (fill(generation, config_path, workers_override, error_out))
        return generation;
    *error_out = arena_strdup(error_arena, *error_out);
    arena_destroy(arena);
    return NULL;
}

void generation_free(struct generation *generation)
{
    arena_destroy(generation->arena);
}
