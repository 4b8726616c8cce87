/* logout.h: OpenID Connect RP-Initiated Logout 1.0: what a logout request asks for, and what is safe. */
#ifndef DOORWARD_DOMAIN_OIDC_LOGOUT_H
#define DOORWARD_DOMAIN_OIDC_LOGOUT_H

#include "domain/directory.h"
#include "domain/login/session.h"

struct logout_parameters {
    const char *id_token_hint, *client_id, *post_logout_redirect_uri, *state;
    const char *repeated; /* name of a known parameter that came more than once, or NULL */
};

struct logout_decision {
    bool confirm;                /* ask the person first */
    const char *redirect_uri;    /* where to go afterwards, state added; NULL: our own page */
    const struct client *client; /* who asks, or NULL */
};

/*
 * OK with a decision. The hint must be ours, belong to client_id, and speak of this browser's session
 * (T-30), else the person is asked. INVALID_REQUEST for a hint that isn't ours or a redirect URI that
 * isn't registered: then nothing redirects. session may be NULL.
 */
enum outcome logout_request(struct context *context, const struct logout_parameters *parameters,
                            const struct session *session, struct logout_decision *decision_out);

#endif
