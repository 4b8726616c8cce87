/* sendmail.h: a mail handed to a sendmail command: send.h calls it for `mail = sendmail:/path`. */
#ifndef DOORWARD_NET_SENDMAIL_H
#define DOORWARD_NET_SENDMAIL_H

#include "net/send.h"

/* Runs "PATH -i -f FROM -- TO" with the mail on its standard input, line ends as LF, and kills it when time
 * is over. *error_out is what it wrote or how it ended, not yet made printable. */
enum send_result sendmail_run(struct arena *arena, const char *path, const char *from, const char *to,
                              struct bytes bytes, const struct send_watch *watch, const char **error_out);

#endif
