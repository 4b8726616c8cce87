/*
 * zone.c: see zone.h. The C library knows one zone at a time, that of the environment: it's set for the
 * length of one call and then put back. No process of ours has threads. A name is only given to the library
 * when a file of the database has it, since the library takes any other for UTC.
 */
#include "core/zone.h"

#include "core/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DATABASE "/usr/share/zoneinfo/"

enum { LONGEST_NAME = 64, HOUR = 3600, QUARTER = 900, LONGEST_SHIFT = 24 * HOUR };

/* "+hh:mm", in the notation of the environment's TZ, whose sign is the other way round. */
static bool read_offset(const char *zone, char tz_out[LONGEST_NAME + 2])
{
    if ((zone[0] != '+' && zone[0] != '-') || strlen(zone) != 6 || strspn(zone + 1, "0123456789") != 2 ||
        zone[3] != ':' || strspn(zone + 4, "0123456789") != 2)
        return false;
    if (strncmp(zone + 1, "14:00", 5) > 0 || zone[4] > '5')
        return false;
    snprintf(tz_out, LONGEST_NAME + 2, "<own>%c%s", zone[0] == '+' ? '-' : '+', zone + 1);
    return true;
}

static bool in_database(const char *zone)
{
    char path[sizeof(DATABASE) + LONGEST_NAME], begin[4];
    struct stat status;
    snprintf(path, sizeof(path), DATABASE "%s", zone);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    bool is_zone = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                   read(descriptor, begin, sizeof(begin)) == (ssize_t)sizeof(begin) &&
                   memcmp(begin, "TZif", sizeof(begin)) == 0;
    close(descriptor);
    return is_zone;
}

/* The zone as the environment's TZ; false when there is none. A name can't lead out of the database: no dot
 * is in it. */
static bool find_zone(const char *zone, char tz_out[LONGEST_NAME + 2])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t length = strlen(zone);
    if (text_equal(zone, "UTC") || text_equal(zone, "Z")) {
        memcpy(tz_out, "UTC0", 5);
        return true;
    }
    if (read_offset(zone, tz_out))
        return true;
    if (length == 0 || length > LONGEST_NAME || zone[0] == '/' || strspn(zone, letters) != length ||
        !in_database(zone))
        return false;
    snprintf(tz_out, LONGEST_NAME + 2, ":%s", zone);
    return true;
}

bool zone_is_known(const char *zone)
{
    char tz[LONGEST_NAME + 2];
    return find_zone(zone, tz);
}

static int day_of(int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm parts;
    return localtime_r(&seconds, &parts) ? parts.tm_mday : 0;
}

/* The first moment of a day (parts' year, month and day, which may be beyond their ends). */
static int64_t begin_day(struct tm parts)
{
    struct tm noon = parts;
    noon.tm_hour = 12;
    noon.tm_min = noon.tm_sec = parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    noon.tm_isdst = parts.tm_isdst = -1;
    int day = day_of((int64_t)mktime(&noon));
    int64_t start = (int64_t)mktime(&parts);
    /* Midnight may not be there, or twice: the library gives any moment near it then. */
    for (int64_t shift = 0; shift < LONGEST_SHIFT && day_of(start) != day; shift += QUARTER)
        start += QUARTER;
    return day_of(start - HOUR) == day ? start - HOUR : start;
}

static int64_t begin_unit(enum zone_unit unit, int64_t time, int next)
{
    time_t seconds = (time_t)time;
    struct tm parts;
    if (!localtime_r(&seconds, &parts))
        return time;
    if (unit == ZONE_MONTH) {
        parts.tm_mday = 1;
        parts.tm_mon += next;
    } else if (unit == ZONE_WEEK) {
        parts.tm_mday += 7 * next - (parts.tm_wday + 6) % 7;
    } else {
        parts.tm_mday += next;
    }
    return begin_day(parts);
}

static size_t divide(enum zone_unit unit, int64_t from, int64_t to, int64_t *starts_out, size_t most)
{
    int64_t start = begin_unit(unit, from, 0);
    for (size_t count = 0; count < most; count++) {
        starts_out[count] = start;
        if (start >= to)
            return count + 1;
        int64_t next = begin_unit(unit, start, 1);
        start = next > start ? next : start + 24 * HOUR;
    }
    return 0;
}

size_t zone_divide(const char *zone, enum zone_unit unit, int64_t from, int64_t to, int64_t *starts_out,
                   size_t most)
{
    char tz[LONGEST_NAME + 2], before[256] = "";
    const char *set = getenv("TZ");
    if (!find_zone(zone, tz) || (set && strlen(set) >= sizeof(before)))
        return 0;
    if (set)
        memcpy(before, set, strlen(set) + 1);
    setenv("TZ", tz, 1);
    tzset();
    size_t count = divide(unit, from, to, starts_out, most);
    if (set)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    return count;
}
