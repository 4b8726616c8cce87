/* dates.h: days and times in the reader's words. Everything is UTC: a page without a script doesn't know
 * where its reader is, so it speaks of days, of how long ago something was, or says that it is UTC. */
#ifndef DOORWARD_PAGES_DATES_H
#define DOORWARD_PAGES_DATES_H

#include "pages/view.h"

/* "22 November 2026", by the texts date_day and months; "" for a time before 1970. */
const char *date_day(struct view *view, int64_t time);

/* "22 November 2026, 14:05 UTC", by the text date_moment as well. */
const char *date_moment(struct view *view, int64_t time);

/* "A moment ago", "In the last hour", "In the last 24 hours", else the day. */
const char *date_ago(struct view *view, int64_t time, int64_t now);

#endif
