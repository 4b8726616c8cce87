/*
 * sendmail.c: see sendmail.h. The command is never given to a shell, and what it is told on its command line
 * stands behind "--", so that an address is never an option. It is a process group of its own: what it
 * starts ends with it when time is over.
 */
#include "net/sendmail.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { SAID_BYTES = 400, LOOK_MS = 200, CANNOT_RUN = 127, DESCRIPTORS = 1024 };

struct command {
    pid_t pid;
    int input, output; /* -1 when closed */
    const struct send_watch *watch;
    int64_t end_ms;
    char said[SAID_BYTES + 1];
    size_t said_length;
};

/* The child, up to the command. Only calls that are safe between fork and exec. */
static NORETURN void become(const char *path, const char *const *arguments, int input, int output)
{
    sigset_t none;
    setpgid(0, 0);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (int descriptor = STDERR_FILENO + 1; descriptor < DESCRIPTORS; descriptor++)
        close(descriptor);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execv(path, (char *const *)arguments);
    static const char excuse[] = "the command can't be run: is its path right, and may this user run it?";
    if (write(STDERR_FILENO, excuse, sizeof(excuse) - 1) < 0)
        _exit(CANNOT_RUN);
    _exit(CANNOT_RUN);
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static bool start(struct command *command, const char *path, const char *from, const char *to)
{
    const char *const arguments[] = { path, "-i", "-f", from, "--", to, NULL };
    int input[2], output[2];
    if (pipe2(input, O_CLOEXEC) != 0)
        return false;
    if (pipe2(output, O_CLOEXEC) != 0) {
        close(input[0]);
        close(input[1]);
        return false;
    }
    command->pid = fork();
    if (command->pid == 0)
        become(path, arguments, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    command->input = input[1];
    command->output = output[0];
    if (command->pid < 0) {
        close_end(&command->input);
        close_end(&command->output);
        return false;
    }
    /* as the child does too: whoever is first, it can be killed from now on */
    setpgid(command->pid, command->pid);
    fcntl(command->input, F_SETFL, O_NONBLOCK);
    fcntl(command->output, F_SETFL, O_NONBLOCK);
    return true;
}

/* Writes what the command takes; closes its input at the end, or when it doesn't want any more. */
static void feed(struct command *command, struct bytes *left)
{
    ssize_t written = write(command->input, left->data, left->length);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        left->length = 0;
    if (written > 0) {
        left->data += written;
        left->length -= (size_t)written;
    }
    if (left->length == 0)
        close_end(&command->input);
}

/* Reads what it says, keeps the beginning, and closes at the end. */
static void listen_to(struct command *command)
{
    char buffer[512];
    ssize_t length = read(command->output, buffer, sizeof(buffer));
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        close_end(&command->output);
    for (ssize_t i = 0; i < length && command->said_length < SAID_BYTES; i++)
        command->said[command->said_length++] = buffer[i];
}

static bool is_over(const struct command *command)
{
    const struct send_watch *watch = command->watch;
    return clock_mono_ms() >= command->end_ms || (watch->is_leaving && watch->is_leaving(watch->context));
}

/* Until the command has ended or time has; false for the latter, and then it is killed. */
static bool attend(struct command *command, struct bytes left, int *status_out)
{
    bool in_time = true;
    while (waitpid(command->pid, status_out, WNOHANG) == 0) {
        struct pollfd ends[] = { { .fd = command->input, .events = POLLOUT },
                                 { .fd = command->output, .events = POLLIN } };
        if (in_time && is_over(command)) {
            in_time = false;
            kill(-command->pid, SIGKILL);
        }
        poll(ends, ARRAY_SIZE(ends), command->output < 0 ? LOOK_MS / 10 : LOOK_MS);
        if (ends[0].revents)
            feed(command, &left);
        if (ends[1].revents)
            listen_to(command);
    }
    if (command->output >= 0)
        listen_to(command);
    return in_time;
}

/* What the statuses of sysexits.h mean for the mail: wrong in itself, or the machine's trouble. */
static enum send_result result_of(int status)
{
    static const int hopeless[] = { EX_DATAERR, EX_NOUSER, EX_NOHOST };
    if (!WIFEXITED(status))
        return SEND_LATER;
    for (size_t i = 0; i < ARRAY_SIZE(hopeless); i++)
        if (WEXITSTATUS(status) == hopeless[i])
            return SEND_NEVER;
    return WEXITSTATUS(status) == 0 ? SEND_OK : SEND_LATER;
}

static struct bytes with_plain_line_ends(struct arena *arena, struct bytes bytes)
{
    unsigned char *plain = arena_alloc(arena, bytes.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < bytes.length; i++)
        if (bytes.data[i] != '\r')
            plain[length++] = bytes.data[i];
    return (struct bytes) { plain, length };
}

enum send_result sendmail_run(struct arena *arena, const char *path, const char *from, const char *to,
                              struct bytes bytes, const struct send_watch *watch, const char **error_out)
{
    int status = 0;
    struct command command = { .watch = watch, .end_ms = clock_mono_ms() + watch->limit_s * 1000 };
    *error_out = "no process can be started for it";
    if (!start(&command, path, from, to))
        return SEND_LATER;
    bool in_time = attend(&command, with_plain_line_ends(arena, bytes), &status);
    close_end(&command.input);
    close_end(&command.output);
    enum send_result result = in_time ? result_of(status) : SEND_LATER;
    const char *how = WIFEXITED(status) ? arena_printf(arena, "status %d", WEXITSTATUS(status))
                                        : arena_printf(arena, "signal %d", WTERMSIG(status));
    *error_out = arena_printf(arena, "%s: %s%s%s", path, in_time ? how : "it took too long",
                              command.said_length ? ": " : "", command.said);
    return result;
}
