/*
 * admin_sign_in.h: how an administrator proves who they are: password or provider, then a second step (a code
 * of an authenticator app, or one of ten recovery codes). At the first sign-in the second step is set up.
 * What stands between the two is sealed for the browser, so that nothing is stored for whoever gives up.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_ADMIN_SIGN_IN_H
#define DOORWARD_DOMAIN_LOGIN_ADMIN_SIGN_IN_H

#include "domain/context.h"
#include "store/admins.h"

enum { ADMIN_STEP_LIFETIME_S = 10 * 60, ADMIN_RECOVERY_CODES = 10 };

/* Behind the password, before the code. */
struct admin_step {
    struct admin_row admin;
    struct bytes secret;   /* only of one that sets the second step up: what will be its secret */
    const char *return_to; /* path of the console, or NULL */
    const char *method;    /* of the first step: "pwd", or a provider's name */
};

/* Counts the guess, then checks it. WRONG_PASSWORD for every mismatch (unknown, disabled),
 * TOO_MANY_REQUESTS with retry_after_s, UNAVAILABLE. return_to is kept when it's a path of the console. */
enum outcome admin_step_begin(struct context *context, const char *email, const char *password,
                              const char *return_to, struct admin_step *step_out);

/* The same behind a provider that vouches for the address. FORBIDDEN when no active administrator has it. */
enum outcome admin_step_by_provider(struct context *context, const char *email, const char *provider,
                                    const char *return_to, struct admin_step *step_out);

/* Whether the admin has no second step yet. */
bool admin_step_enrols(const struct admin_step *step);

/* As text for the browser whose cookie this is, and back. FLOW_ENDED when it isn't this browser's, too old,
 * or the admin, the password or the second step has changed since. */
const char *admin_step_seal(struct context *context, const struct admin_step *step, const char *browser);
enum outcome admin_step_open(struct context *context, const char *text, const char *browser,
                             struct admin_step *step_out);

/* A code of the app or a recovery code; the try is counted first. *method_out: as sessions have it
 * (RFC 8176). WRONG_PIN, TOO_MANY_REQUESTS. Each code works once, on whichever machine (security 134). */
enum outcome admin_step_finish(struct context *context, const struct admin_step *step, const char *code,
                               const char **method_out);

/* Sets the second step up behind a code that shows that the app has the secret. codes_out: the recovery
 * codes, to be shown once (security 136). WRONG_PIN, TOO_MANY_REQUESTS, FLOW_ENDED when it has been set up
 * in the meantime. */
enum outcome admin_step_enrol(struct context *context, const struct admin_step *step, const char *code,
                              const char *codes_out[ADMIN_RECOVERY_CODES], const char **method_out);

#endif
