/*
 * administer.h: people who administer permissions with their ordinary session: those who hold the role
 * admin at the client that the option admin_dashboard_client names.
 */
#ifndef DOORWARD_DOMAIN_PERMISSIONS_ADMINISTER_H
#define DOORWARD_DOMAIN_PERMISSIONS_ADMINISTER_H

#include "domain/context.h"
#include "domain/login/session.h"

/* A browser that asks, with what it sent. */
struct administering {
    const struct session *session;
    const char *browser, *devices; /* cookies; NULL: none */
};

/*
 * OK, or FORBIDDEN for somebody who administers nothing, or REAUTHENTICATION_REQUIRED when the session is
 * not of this device or, for a change, its sign-in not recent (recent_sign_in).
 */
enum outcome administer_check(struct context *context, const struct administering *asking, bool change);

#endif
