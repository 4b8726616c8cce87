/* notify.h: tells systemd how we are (sd_notify(3)), by hand: one datagram. Silent without systemd. */
#ifndef DOORWARD_CMD_NOTIFY_H
#define DOORWARD_CMD_NOTIFY_H

#include "core/base.h"

/* state is what sd_notify takes: "READY=1", lines separated by '\n'. */
void notify(const char *state);

/* "RELOADING=1" with the time that Type=notify-reload asks for. */
void notify_reloading(void);

#endif
