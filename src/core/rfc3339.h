/* rfc3339.h: times as text (RFC 3339), read strictly, and written. */
#ifndef DOORWARD_CORE_RFC3339_H
#define DOORWARD_CORE_RFC3339_H

#include "core/base.h"

/* "2026-11-22T06:00:00Z", also with a fraction, which is dropped, or an offset ("+02:00"). Seconds since
 * 1970; the years 1970 to 9999. False for anything else, a day that no calendar has included. */
bool rfc3339_read(const char *text, int64_t *seconds_out) MUST_CHECK;

enum { RFC3339_SIZE = 21 };

/* "2026-11-22T06:00:00Z" and a NUL. bug() for a year that hasn't four digits. */
void rfc3339_write(int64_t seconds, char text_out[RFC3339_SIZE]);

#endif
