/* rfc3339.c: see rfc3339.h. */
#include "core/rfc3339.h"

#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE };

/* The last second of the year 9999, behind which nothing can be written. */
#define LATEST INT64_C(253402300799)

/* count digits as a number within bounds; moves the cursor past them. */
static bool read_digits(const char **cursor, int count, int minimum, int maximum, int *number_out)
{
    int number = 0;
    for (int i = 0; i < count; i++, (*cursor)++) {
        if (**cursor < '0' || **cursor > '9')
            return false;
        number = number * 10 + (**cursor - '0');
    }
    *number_out = number;
    return number >= minimum && number <= maximum;
}

static bool skip(const char **cursor, const char *one_of)
{
    if (**cursor == '\0' || !strchr(one_of, **cursor))
        return false;
    (*cursor)++;
    return true;
}

static bool read_date(const char **cursor, struct tm *parts)
{
    bool fine = read_digits(cursor, 4, 1970, 9999, &parts->tm_year) && skip(cursor, "-") &&
                read_digits(cursor, 2, 1, 12, &parts->tm_mon) && skip(cursor, "-") &&
                read_digits(cursor, 2, 1, 31, &parts->tm_mday);
    parts->tm_year -= 1900;
    parts->tm_mon -= 1;
    return fine;
}

static bool read_clock(const char **cursor, struct tm *parts)
{
    return read_digits(cursor, 2, 0, 23, &parts->tm_hour) && skip(cursor, ":") &&
           read_digits(cursor, 2, 0, 59, &parts->tm_min) && skip(cursor, ":") &&
           read_digits(cursor, 2, 0, 59, &parts->tm_sec);
}

static bool skip_fraction(const char **cursor)
{
    int digit;
    if (!skip(cursor, "."))
        return true;
    if (!read_digits(cursor, 1, 0, 9, &digit))
        return false;
    while (**cursor >= '0' && **cursor <= '9')
        (*cursor)++;
    return true;
}

static bool read_offset(const char **cursor, int *seconds_out)
{
    int hours, minutes, sign = **cursor == '-' ? -1 : 1;
    *seconds_out = 0;
    if (skip(cursor, "Zz"))
        return true;
    if (!skip(cursor, "+-") || !read_digits(cursor, 2, 0, 23, &hours) || !skip(cursor, ":") ||
        !read_digits(cursor, 2, 0, 59, &minutes))
        return false;
    *seconds_out = sign * (hours * HOUR + minutes * MINUTE);
    return true;
}

bool rfc3339_read(const char *text, int64_t *seconds_out)
{
    struct tm parts = { 0 };
    int offset;
    if (!text || !read_date(&text, &parts) || !skip(&text, "Tt ") || !read_clock(&text, &parts) ||
        !skip_fraction(&text) || !read_offset(&text, &offset) || *text)
        return false;
    int day = parts.tm_mday;
    int64_t seconds = (int64_t)timegm(&parts) - offset;
    /* timegm() makes March of a thirtieth of February */
    if (parts.tm_mday != day || seconds < 0 || seconds > LATEST)
        return false;
    *seconds_out = seconds;
    return true;
}

void rfc3339_write(int64_t seconds, char text_out[RFC3339_SIZE])
{
    struct tm parts;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &parts) ||
        strftime(text_out, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) != RFC3339_SIZE - 1)
        bug("a time out of bounds: %lld", (long long)seconds);
}
