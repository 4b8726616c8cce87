/*
 * provider_pages.h: the way to a provider (provider_login_page.c) and back from it
 * (provider_callback_page.c), and the family "auth" of both, whose table is at the end of the second.
 */
#ifndef DOORWARD_PAGES_PROVIDER_PAGES_H
#define DOORWARD_PAGES_PROVIDER_PAGES_H

#include "app/route.h"
#include "domain/providers/journey.h"

enum outcome get_provider_login(struct call *call);

/* The way there by which who is signed in connects an account: belongs to this session. */
const char *provider_connect_path(struct call *call, const struct provider *provider);

/* Sends the browser to the provider, which is complete (provider_find()). */
enum outcome provider_set_out(struct call *call, const struct provider *provider,
                              const struct journey *journey, const struct provider_authorization *wishes);

/* The cookie that is the state's twin: sent, or (value "") taken back. */
void provider_cookie_write(struct call *call, const char *value);

extern const struct route_family auth_family;

#endif
