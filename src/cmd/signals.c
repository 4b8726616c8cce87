/* signals.c: see signals.h. */
#include "cmd/signals.h"

#include "core/log.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int handled[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD };

int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
        sigaddset(&set, handled[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        fatal("sigprocmask: %s", strerror(errno));
    /* an ignored SIGCHLD, as some parents leave it, would reap our children for us */
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN); /* who has gone is seen when it is written to */
    int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor < 0)
        fatal("signalfd: %s", strerror(errno));
    return descriptor;
}

int signals_next(int descriptor)
{
    struct signalfd_siginfo info;

    return read(descriptor, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

const char *signal_name(int number)
{
    const char *abbreviation = sigabbrev_np(number);

    return abbreviation ? abbreviation : "?";
}
