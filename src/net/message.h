/*
 * message.h: a mail as bytes (RFC 5322, RFC 2045 to 2047): text and HTML as multipart/alternative in
 * quoted-printable, CRLF at every line's end. Nothing that comes from outside can begin a header of its
 * own: control characters in a header's value are refused, not escaped.
 */
#ifndef DOORWARD_NET_MESSAGE_H
#define DOORWARD_NET_MESSAGE_H

#include "core/strbuf.h"

struct message {
    const char *from, *from_name; /* address; name in UTF-8, "" for none */
    const char *to;               /* address, with its host as A-labels */
    const char *subject;          /* UTF-8 */
    const char *text, *html;      /* UTF-8, '\n' at line ends */
    const char *language;         /* of the texts: "de" */
    const char *kind;             /* X-Doorward-Mail: the name of its template */
    const char *id;               /* of the row: begins the Message-ID, the same for each attempt */
    const char *id_host;          /* ends it */
    int64_t now;
};

/* Appends the message; false, with the reason, for an address or subject that can't be a header. */
bool message_compose(struct arena *arena, const struct message *message, struct strbuf *out,
                     const char **error_out) MUST_CHECK;

/* Whether an address can be written in headers and commands as it is: dots and the characters of RFC 5322
 * §3.2.3, or beyond ASCII (RFC 6531), before the '@', and a plain host behind it. */
bool message_address_is_plain(const char *address);

#endif
