/* egress.c: see egress.h. */
#include "cmd/egress.h"

#include "cmd/generation.h"
#include "cmd/signals.h"
#include "core/log.h"
#include "net/porter.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024 };

static bool is_told_to_leave(const struct settings *settings, int signals)
{
    bool told = false;

    for (int number = signals_next(signals); number; number = signals_next(signals)) {
        told |= number == SIGTERM || number == SIGINT || number == SIGQUIT;
        if (number == SIGUSR1)
            log_open(settings->log, settings->log_level);
    }
    return told;
}

/* What this process has of the master's memory, and may know: settings without passwords, and no key. It is
 * the one that reads what strangers answer, and needs none of them. */
static const struct settings *forget_secrets(struct arena *arena, const struct settings *settings)
{
    const struct settings *kept = settings_without_secrets(arena, settings);

    generations_forget();
    return kept;
}

int egress_run(const struct settings *inherited, int way, int64_t workers, int signals)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    const struct settings *settings = forget_secrets(arena, inherited);
    struct porter *porter = porter_make(settings, way, workers);
    bool leaving = false;

    while (!leaving || !porter_is_deserted(porter)) {
        porter_step(porter, signals);
        leaving |= is_told_to_leave(settings, signals);
    }
    porter_free(porter);
    arena_destroy(arena);
    return EXIT_SUCCESS;
}
