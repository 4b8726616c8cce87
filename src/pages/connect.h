/*
 * connect.h: the way of a person whom a service asks for a provider's token (contract: service API 1.5), and
 * of one whom an application asks to connect an account: connect_page.c, whose table is the family "connect".
 * Their way back comes through the one callback of all providers.
 */
#ifndef DOORWARD_PAGES_CONNECT_H
#define DOORWARD_PAGES_CONNECT_H

#include "app/route.h"
#include "domain/providers/journey.h"

/* The person is back from the provider with tokens: ends the request, and sends them to the service. */
enum outcome connect_arrive(struct call *call, const struct journey *journey, const struct provider *provider,
                            const struct provider_tokens *tokens, const struct provider_identity *identity);

/* The same without: error is the provider's word, or one of ours. The request waits on. */
enum outcome connect_refused(struct call *call, const struct journey *journey, const char *error);

extern const struct route_family connect_family;

#endif
