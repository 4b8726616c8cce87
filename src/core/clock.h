/* clock.h: the one source of time. Rules read it once per request, as context.now. */
#ifndef DOORWARD_CORE_CLOCK_H
#define DOORWARD_CORE_CLOCK_H

#include "core/base.h"

int64_t clock_now_s(void);   /* seconds since 1970-01-01 UTC */
int64_t clock_now_ms(void);  /* milliseconds since 1970-01-01 UTC */
int64_t clock_now_us(void);  /* microseconds since 1970-01-01 UTC */
int64_t clock_mono_ms(void); /* milliseconds that never jump: for deadlines and durations */

#endif
