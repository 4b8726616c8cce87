/*
 * send.h: hands a composed mail over, by SMTP or to a sendmail command. The only door to libcurl's SMTP.
 * Blocks for at most the time limit; belongs into the courier (or `doorward mail test`), never into a
 * request. Knows nothing of the database.
 */
#ifndef DOORWARD_NET_SEND_H
#define DOORWARD_NET_SEND_H

#include "core/settings.h"

enum send_result {
    SEND_OK,
    SEND_LATER, /* not reached, 4xx, TLS or login refused: worth trying again */
    SEND_NEVER  /* 5xx for this mail: no second try helps */
};

/* bytes is a message of message_compose(). *error_out is what the server or command said, printable and of
 * one line, in the arena. */
enum send_result send_mail(struct arena *arena, const struct settings *settings, const char *from,
                           const char *to, struct bytes bytes, const char **error_out);

#endif
