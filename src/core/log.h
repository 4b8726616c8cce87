/*
 * log.h: one line an event, as words and name=value pairs (logfmt). Control characters never reach
 * the log, and secrets are never given to it.
 */
#ifndef DOORWARD_CORE_LOG_H
#define DOORWARD_CORE_LOG_H

#include "core/base.h"

enum log_level { LOG_ERROR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };

/* target is "stderr", "syslog" or "file:/path"; level is a name from log_level_names. False when the
 * target can't be opened. Until then lines go to stderr. Called again (SIGUSR1), it reopens. */
extern const char *const log_level_names[]; /* "error", "warn", "info", "debug", NULL */
bool log_open(const char *target, const char *level);

/* The id of the request in hand, which every line then carries; NULL for none. */
void log_request(const char *id);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
