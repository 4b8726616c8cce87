/* provider_buttons.h: the providers by which one may sign in, on the pages that ask who somebody is: from
 * what is configured, in the order of their names. */
#ifndef DOORWARD_PAGES_PROVIDER_BUTTONS_H
#define DOORWARD_PAGES_PROVIDER_BUTTONS_H

#include "pages/passage.h"

/* Sets "providers" and "has_providers": those that the passage's service lets in (without one: all that offer
 * sign-in), each with the way there. One whose connection waits for this sign-in proves nothing: it's left
 * out. */
void provider_buttons_put(struct view *view, const struct passage *passage);

/* The same on a page without a passage: query is what each way there ends with ("state=admin_login"). */
void provider_buttons_put_all(struct view *view, const char *query);

/* Whether people may sign in by a provider: to this service, or (NULL) at all. */
bool provider_is_offered(const struct service *service, const struct provider *provider);

/* The active provider of that name, in any case that it may be spelled in; NULL when there is none. Nobody is
 * asked: its endpoints may be missing. */
const struct provider *provider_listed(struct context *context, const char *name);

#endif
