/*
 * porter.h: what the egress process does: it takes what the other processes of a master want from others,
 * sends all of it at once, and tells each what came. A slow destination keeps nobody waiting but those who
 * asked for it, and not too many of them: more are refused at once.
 */
#ifndef DOORWARD_NET_PORTER_H
#define DOORWARD_NET_PORTER_H

#include "core/settings.h"

enum {
    PORTER_IN_FLIGHT = 128,     /* requests on their way, in all */
    PORTER_HOST_IN_FLIGHT = 32, /* and to one host */
    PORTER_SLOW_MS = 1000,     /* what has taken longer is slow: half of the workers may wait so for a host */
    PORTER_PATIENCE_MS = 3000, /* more of them, who came at once, for so long */
    PORTER_MEMORY_MS = 15 * 1000 /* a host that failed by slowness gets no more than half at all meanwhile */
};

struct porter;

/* way: where connections are handed over by parcel_send(), each the end of a unix stream socket; workers:
 * how many there are. Both and the settings stay the caller's. */
struct porter *porter_make(const struct settings *settings, int way, int64_t workers);
void porter_free(struct porter *porter);

/* Waits until there is something to do, also for wake to become readable, and does it. */
void porter_step(struct porter *porter, int wake);

/* Whether nobody is there and nobody can come any more. */
bool porter_is_deserted(const struct porter *porter);

#endif
