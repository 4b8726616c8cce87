/*
 * journey.h: a person sent to a provider and back. What must be known on the way back travels in the state:
 * sealed, bound to this browser, to the provider and to where it began; good for ten minutes and for one use.
 * Nothing is stored on the way out.
 *
 * The state is base64url of the JSON {"csrf","journey"}, csrf as in the cookie csrf-token, which is its twin.
 * A neighbour under the same domain could plant that cookie, but not the browser's own one (__Host-): a
 * browser that has it takes no answer of a journey that began in another.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_JOURNEY_H
#define DOORWARD_DOMAIN_PROVIDERS_JOURNEY_H

#include "domain/providers/exchange.h"

#define JOURNEY_COOKIE "csrf-token"
enum { JOURNEY_COOKIE_S = 24 * 60 * 60, JOURNEY_STATE_S = 10 * 60 };

/* What the journey is for. */
enum journey_purpose {
    JOURNEY_SIGN_IN,       /* of a person; in a flow, or to return_to */
    JOURNEY_ADMIN_SIGN_IN, /* of an administrator */
    JOURNEY_LINK,          /* who is signed in connects an account */
    JOURNEY_CONNECT,       /* a service's request for a provider's token */
    JOURNEY_PURPOSES
};

/* What the browser has shown. */
struct journey_browser {
    const char *csrf; /* its cookie csrf-token; NULL: none */
    const char *own;  /* its own cookie (login/browser.h), which it has by now; NULL on the way back: none */
};

struct journey {
    enum journey_purpose purpose;
    const char *provider;  /* name */
    const char *flow;      /* ticket's handle, or NULL */
    const char *return_to; /* checked, or NULL */
    const char *request;   /* of JOURNEY_CONNECT: the handle of the request; else NULL */
    const char *pending;   /* of JOURNEY_SIGN_IN: the connection that waits for it (linking.h), or NULL */
    const char *user_id;   /* UUID of who must be signed in when it ends (JOURNEY_LINK); else NULL */
    const char *scopes;    /* that are asked for; NULL: those by which the provider signs in */
    const char *prompt;    /* that the provider takes and was asked for, or NULL */
    const char *browser, *nonce, *code_verifier; /* made by journey_start() */
    int64_t began_at;
};

/*
 * The provider's address for the journey, and the cookie's value (a new one unless the browser's is good).
 * Of wishes only login_hint, prompt and offline are read; NULL: none.
 */
enum outcome journey_start(struct context *context, const struct provider *provider,
                           const struct journey *journey, const struct provider_authorization *wishes,
                           const struct journey_browser *browser, const char **url_out,
                           const char **cookie_out);

/* Whether the provider says of somebody who had to sign in there anew (prompt=login) that they did so before
 * the journey began. One that says nothing of it isn't doubted. */
bool journey_is_stale(const struct journey *journey, const struct provider_identity *identity);

/* Our callback of a provider: below the issuer. */
const char *journey_callback(struct context *context, const struct provider *provider);

/*
 * The journey that a state is of. MALFORMED: no state of anybody's; FOREIGN_FORM: not of this browser or
 * provider, forged or expired: *journey_out then says only what it was for and where it began, as far as it
 * was ours, for the page that tells so.
 */
enum outcome journey_read(struct context *context, const char *provider, const char *state,
                          const struct journey_browser *browser, struct journey *journey_out);

/* Takes a journey that was read, once on all machines: FLOW_ENDED for the second. */
enum outcome journey_use(struct context *context, const struct journey *journey);

#endif
