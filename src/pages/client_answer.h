/* client_answer.h: an authorization answer on its way to the client, by redirect or by form
 * (OAuth 2.0 Form Post Response Mode). */
#ifndef DOORWARD_PAGES_CLIENT_ANSWER_H
#define DOORWARD_PAGES_CLIENT_ANSWER_H

#include "app/call.h"
#include "domain/oauth/authorize.h"

enum outcome client_answer(struct call *call, const struct client *client,
                           const struct authorize_answer *answer);

/* The redirect's target: the URI with the answer in its query. */
const char *client_answer_location(struct arena *arena, const struct authorize_answer *answer);

#endif
