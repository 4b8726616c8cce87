/*
 * link_ticket.h: an application asks a person to connect an account: the address that it sends them to. It is
 * ours, and goes on to the provider only in a browser where that person is signed in, so that nobody gets
 * another's account connected to theirs.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_LINK_TICKET_H
#define DOORWARD_DOMAIN_PROVIDERS_LINK_TICKET_H

#include "domain/context.h"

struct link_ticket {
    const char *user_id;   /* UUID */
    const char *provider;  /* name */
    const char *scopes;    /* that the application's service may ask for; "" */
    const char *return_to; /* checked; NULL: the page of connections */
};

/* The ticket's text, good for ten minutes. */
const char *link_ticket_print(struct context *context, const struct link_ticket *ticket);

/* NOT_FOUND for what isn't ours or is too old. */
enum outcome link_ticket_read(struct context *context, const char *text, struct link_ticket *ticket_out);

#endif
