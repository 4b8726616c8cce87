/*
 * held_up.c: loaded into every process of a test (LD_PRELOAD, by tests/run --held-up), it holds system calls
 * up at random, as a machine does that has other work. What passes only because its machine is quick fails
 * then. HELD_UP=ONE_IN:MOST_MS says how many calls go on at once for each one that waits, and how long that
 * one waits at most; most wait briefly. A new process also waits before its first step.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FORK_MOST_MS = 700, FORKS_ONE_IN = 4 };

/* Those that only take longer with it: a browser's many processes, and tools. What has a great many calls
 * waits in fewer of them. */
static const struct program {
    const char *name;
    unsigned rarer; /* 0: never held up */
} programs[] = {
    { "chrom", 0 },  { "headless", 0 },        { "bash", 0 },    { "sh", 0 },   { "awk", 0 },
    { "sed", 0 },    { "timeout", 0 },         { "clang", 0 },   { "gcc", 0 },  { "make", 0 },
    { "mandoc", 0 }, { "mariadb-install", 0 }, { "mariadb", 4 }, { "node", 5 },
};

static unsigned one_in, most_ms;
static bool ready;
static __thread uint64_t state;

static unsigned rarer_here(void)
{
    char name[32] = "";
    int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/comm", O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_read, file, name, sizeof(name) - 1) <= 0)
        return 1;
    syscall(SYS_close, file);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strncmp(name, programs[i].name, strlen(programs[i].name)) == 0)
            return programs[i].rarer;
    }
    return 1;
}

static void get_ready(void)
{
    const char *told = getenv("HELD_UP");
    char *end = NULL;
    ready = true;
    if (!told)
        return;
    one_in = (unsigned)strtoul(told, &end, 10) * rarer_here();
    most_ms = *end == ':' ? (unsigned)strtoul(end + 1, NULL, 10) : 300;
}

/* Xorshift, of each thread's own: nothing here has to be hard to guess. */
static uint64_t some_number(void)
{
    if (!state) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        state = (uint64_t)now.tv_nsec * 2654435761U + (uint64_t)syscall(SYS_gettid) * 40503U + 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11;
}

static void sleep_us(uint64_t us)
{
    struct timespec time = { .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000 };
    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
}

static void hold_up(void)
{
    int error = errno;
    if (!ready)
        get_ready();
    if (one_in && some_number() % one_in == 0) {
        uint64_t part = some_number() % 1000; /* cubed: most are short */
        sleep_us(most_ms * part * part * part / 1000000);
    }
    errno = error;
}

/* RESULT NAME(PARAMETERS), which waits at times and then is what it was. */
#define HELD_UP(result, name, parameters, arguments)                                                         \
    result name parameters                                                                                   \
    {                                                                                                        \
        static __typeof__(&name) real;                                                                       \
        if (!real)                                                                                           \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                               \
        hold_up();                                                                                           \
        return real arguments;                                                                               \
    }

HELD_UP(ssize_t, read, (int fd, void *data, size_t length), (fd, data, length))
HELD_UP(ssize_t, write, (int fd, const void *data, size_t length), (fd, data, length))
HELD_UP(ssize_t, recv, (int fd, void *data, size_t length, int flags), (fd, data, length, flags))
HELD_UP(ssize_t, send, (int fd, const void *data, size_t length, int flags), (fd, data, length, flags))
HELD_UP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
HELD_UP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
HELD_UP(int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
HELD_UP(int, accept, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length))
HELD_UP(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags),
        (fd, address, length, flags))
HELD_UP(int, listen, (int fd, int waiting), (fd, waiting))
HELD_UP(int, close, (int fd), (fd))
HELD_UP(int, rename, (const char *from, const char *to), (from, to))
HELD_UP(int, unlink, (const char *path), (path))
HELD_UP(ssize_t, readlink, (const char *path, char *target, size_t length), (path, target, length))
HELD_UP(struct dirent *, readdir, (DIR * directory), (directory))
HELD_UP(int, kill, (pid_t process, int number), (process, number))
HELD_UP(pid_t, waitpid, (pid_t process, int *status, int options), (process, status, options))
HELD_UP(int, poll, (struct pollfd * files, nfds_t count, int timeout), (files, count, timeout))
HELD_UP(int, epoll_wait, (int fd, struct epoll_event *events, int count, int timeout),
        (fd, events, count, timeout))

/* The mode is there only at times, and harmless to hand on where it isn't. */
#define HELD_UP_OPEN(name)                                                                                   \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        static __typeof__(&name) real;                                                                       \
        va_list more;                                                                                        \
        va_start(more, flags);                                                                               \
        mode_t mode = va_arg(more, mode_t);                                                                  \
        va_end(more);                                                                                        \
        if (!real)                                                                                           \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                               \
        hold_up();                                                                                           \
        return real(path, flags, mode);                                                                      \
    }

HELD_UP_OPEN(open)
HELD_UP_OPEN(open64)

pid_t fork(void)
{
    static __typeof__(&fork) real;
    if (!real)
        real = (__typeof__(&fork))dlsym(RTLD_NEXT, "fork");
    hold_up();
    pid_t process = real();
    if (process == 0)
        state = 0; /* other numbers than its parent's */
    if (process >= 0 && one_in && some_number() % FORKS_ONE_IN == 0)
        sleep_us(some_number() % FORK_MOST_MS * 1000);
    return process;
}
