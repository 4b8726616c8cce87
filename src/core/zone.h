/*
 * zone.h: days, weeks and months of a time zone. A zone is a name of the system's time zone database
 * ("Europe/Berlin"), "UTC", or an offset ("+02:00").
 */
#ifndef DOORWARD_CORE_ZONE_H
#define DOORWARD_CORE_ZONE_H

#include "core/base.h"

enum zone_unit { ZONE_DAY, ZONE_WEEK, ZONE_MONTH }; /* weeks begin on Monday */

/* Whether there is such a zone. */
bool zone_is_known(const char *zone);

/*
 * The beginnings of the days, weeks or months of a zone, from the one that holds from to the first that is
 * at or after to: at most most of them. The number of beginnings; 0 when there are more than most, or no
 * such zone. from must be less than to. Times are seconds since 1970. Where a day begins later because
 * clocks are put forward at midnight, that is its beginning.
 */
size_t zone_divide(const char *zone, enum zone_unit unit, int64_t from, int64_t to, int64_t *starts_out,
                   size_t most);

#endif
