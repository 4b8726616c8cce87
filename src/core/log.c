/* log.c: see log.h. Also the ends of bug() and fatal(), which must be able to speak. */
#include "core/log.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

const char *const log_level_names[] = { "error", "warn", "info", "debug", NULL };

static struct {
    int descriptor; /* -1: syslog */
    enum log_level level;
    char request[40];
} sink = { STDERR_FILENO, LOG_INFO_, "" };

static bool set_level(const char *name)
{
    for (int i = 0; log_level_names[i]; i++) {
        if (text_equal(name, log_level_names[i])) {
            sink.level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_open(const char *target, const char *level)
{
    if (!set_level(level))
        return false;
    int descriptor = STDERR_FILENO;
    if (text_equal(target, "syslog")) {
        openlog("doorward", LOG_PID, LOG_AUTH);
        descriptor = -1;
    } else if (text_starts(target, "file:")) {
        descriptor = open(target + 5, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
        if (descriptor < 0)
            return false;
    } else if (!text_equal(target, "stderr")) {
        return false;
    }
    if (sink.descriptor > STDERR_FILENO)
        close(sink.descriptor);
    sink.descriptor = descriptor;
    return true;
}

void log_request(const char *id)
{
    size_t length = id ? strnlen(id, sizeof(sink.request) - 1) : 0;
    if (length)
        memcpy(sink.request, id, length);
    sink.request[length] = '\0';
}

/* A line break in a value would forge a line of its own; the controls U+0080 to U+009F, written as two
 * bytes, move the cursor of some terminals. */
static void tame(char *line)
{
    for (; *line; line++) {
        unsigned char byte = (unsigned char)*line, next = (unsigned char)line[1];
        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            line[0] = line[1] = '?';
        else if (byte < 0x20 || byte == 0x7f)
            *line = '?';
    }
}

static void write_line(enum log_level level, const char *message)
{
    static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
    char line[LINE_MAX_BYTES], stamp[32];
    if (sink.descriptor < 0) {
        syslog(priorities[level], "%s%s%s", message, *sink.request ? " request=" : "", sink.request);
        return;
    }
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
    int length = snprintf(line, sizeof(line), "%s.%03ldZ %s [%d] %s%s%s\n", stamp, now.tv_nsec / 1000000,
                          log_level_names[level], (int)getpid(), message, *sink.request ? " request=" : "",
                          sink.request);
    if (length >= (int)sizeof(line)) {
        length = (int)sizeof(line) - 1;
        line[length - 1] = '\n';
    }
    /* One write a line, so that lines of several processes don't mix; a full disk stops nobody. */
    while (write(sink.descriptor, line, (size_t)length) < 0 && errno == EINTR)
        continue;
}

static PRINTF_LIKE(2, 0) void log_at(enum log_level level, const char *format, va_list arguments)
{
    char message[LINE_MAX_BYTES - 200];
    if (level > sink.level)
        return;
    vsnprintf(message, sizeof(message), format, arguments);
    tame(message);
    write_line(level, message);
}

#define LOG_FUNCTION_BODY(level)                                                                             \
    va_list arguments;                                                                                       \
    va_start(arguments, format);                                                                             \
    log_at(level, format, arguments);                                                                        \
    va_end(arguments)

void log_error(const char *format, ...)
{
    LOG_FUNCTION_BODY(LOG_ERROR_);
}

void log_warn(const char *format, ...)
{
    LOG_FUNCTION_BODY(LOG_WARN_);
}

void log_info(const char *format, ...)
{
    LOG_FUNCTION_BODY(LOG_INFO_);
}

void log_debug(const char *format, ...)
{
    LOG_FUNCTION_BODY(LOG_DEBUG_);
}

void bug_at(const char *file, int line, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    log_error("bug at %s:%d: %s", file, line, message);
    abort();
}

void fatal(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_at(LOG_ERROR_, format, arguments);
    va_end(arguments);
    exit(EXIT_FAILURE);
}
