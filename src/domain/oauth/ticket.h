/*
 * ticket.h: authorization requests that wait for a person, as rows named by an unguessable handle and
 * bound to the browser that brought them.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_TICKET_H
#define DOORWARD_DOMAIN_OAUTH_TICKET_H

#include "domain/oauth/authorize.h"

/* Stores a ticket, bound to the browser's cookie; fills ticket->text. */
enum outcome ticket_save(struct context *context, struct ticket *ticket, const char *browser);

/*
 * Finds a stored ticket and checks its client anew (T-73). FLOW_ENDED when the text is no ticket of
 * ours, it has expired or was finished, or it belongs to another browser; ticket_out->ended is then
 * set when it was this browser's and its client is known, so that a page can offer a way on.
 */
enum outcome ticket_find(struct context *context, const char *text, const char *browser,
                         struct ticket *ticket_out);

/* Notes in the stored ticket that this session is what its prompt, max_age and choice of account asked
 * for: they are satisfied by it from now on. */
enum outcome ticket_signed_in(struct context *context, struct ticket *ticket, const struct session *session);

#endif
