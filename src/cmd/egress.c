/* egress.c: see egress.h. */
#include "cmd/egress.h"

#include "cmd/signals.h"
#include "core/log.h"
#include "net/porter.h"

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

int egress_run(const struct settings *settings, int way, int64_t workers, int signals)
{
    struct porter *porter = porter_make(settings, way, workers);
    bool leaving = false;

    while (!leaving || !porter_is_deserted(porter)) {
        porter_step(porter, signals);
        leaving |= is_told_to_leave(settings, signals);
    }
    porter_free(porter);
    return EXIT_SUCCESS;
}
