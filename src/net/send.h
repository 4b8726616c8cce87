/*
 * send.h: hands a composed mail over, by SMTP or to a sendmail command. The only door to libcurl's SMTP.
 * Blocks for at most the time limit; belongs into the courier (or `doorward mail test`), never into a
 * request. Knows nothing of the database.
 */
#ifndef DOORWARD_NET_SEND_H
#define DOORWARD_NET_SEND_H

#include "core/settings.h"

/* Seconds that one mail takes at most. */
enum { SEND_LIMIT_S = 60 };

enum send_result {
    SEND_OK,
    SEND_LATER, /* not reached, 4xx, TLS or login refused: worth trying again */
    SEND_NEVER  /* 5xx for this mail: no second try helps */
};

/* How much time there is. is_leaving is asked about once a second while it waits: true gives the mail up,
 * unless it is already on its way to being taken. NULL: nobody hurries. */
struct send_watch {
    int64_t limit_s; /* at most SEND_LIMIT_S */
    bool (*is_leaving)(void *context);
    void *context;
};

/* bytes is a message of message_compose(), from and to are its addresses. *error_out is what the server or
 * command said, printable and of one line, in the arena; where it helps, with what to look at. */
enum send_result send_mail(struct arena *arena, const struct settings *settings, const char *from,
                           const char *to, struct bytes bytes, const struct send_watch *watch,
                           const char **error_out);

/* Looks whether mail could be sent, without sending any: connects, with TLS and login, or looks for the
 * command. *error_out as above. */
bool send_probe(struct arena *arena, const struct settings *settings, int64_t limit_s,
                const char **error_out) MUST_CHECK;

#endif
