/*
 * return_to.h: where a person may be sent when a sign-in without a flow is done: a path of ours, or a
 * page of an application that is registered here. Everything else is nowhere (T-65, security 4).
 */
#ifndef DOORWARD_DOMAIN_LOGIN_RETURN_TO_H
#define DOORWARD_DOMAIN_LOGIN_RETURN_TO_H

#include "domain/context.h"

/*
 * The address as it may be used, or NULL in *safe_out: a local path in a plain spelling, or an http(s) URI
 * whose origin is that of a registered redirect_uri, post_logout_redirect_uri or client_uri of an active
 * client, or one of cors_origins. UNAVAILABLE when that can't be looked up; text may be NULL.
 */
enum outcome return_to_check(struct context *context, const char *text, const char **safe_out);

#endif
