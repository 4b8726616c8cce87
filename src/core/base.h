/*
 * base.h: included first by every file. What the whole house takes for granted: the fixed-width
 * types, ARRAY_SIZE, bug(), and the libc functions that must not be used.
 *
 * Knows nothing above libc.
 */
#ifndef DOORWARD_CORE_BASE_H
#define DOORWARD_CORE_BASE_H

#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NORETURN __attribute__((noreturn))
#define MUST_CHECK __attribute__((warn_unused_result))

/* A run of bytes that somebody else owns; data may hold NULs and is never NULL when length > 0. */
struct bytes {
    const unsigned char *data;
    size_t length;
};

/*
 * A fault of ours, never of the input: writes file, line and text to the log and aborts the
 * process. A worker that dies so is replaced by the master.
 */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4) NORETURN;

/* Ends the process with the message on the log: for a set-up that can't work, never for input. */
void fatal(const char *format, ...) PRINTF_LIKE(1, 2) NORETURN;

/* Banned: no bounds, silent truncation, or silent failure. The name of the cure is in the error. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef gmtime
#undef localtime
#undef rand
#define strcpy(a, b) banned_strcpy_use_arena_strdup(a, b)
#define strcat(a, b) banned_strcat_use_strbuf(a, b)
#define strncpy(a, b, c) banned_strncpy_use_arena_strndup(a, b, c)
#define strncat(a, b, c) banned_strncat_use_strbuf(a, b, c)
#define sprintf(...) banned_sprintf_use_arena_printf(__VA_ARGS__)
#define vsprintf(...) banned_vsprintf_use_strbuf(__VA_ARGS__)
#define strtok(a, b) banned_strtok_use_text_next_word(a, b)
#define atoi(a) banned_atoi_use_text_to_int(a)
#define atol(a) banned_atol_use_text_to_int(a)
#define gmtime(a) banned_gmtime_use_gmtime_r(a)
#define localtime(a) banned_localtime_use_gmtime_r(a)
#define rand() banned_rand_use_random_bytes()

#endif
