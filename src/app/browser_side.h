/*
 * browser_side.h: what a page keeps in the browser, and how a form is known to come from it: the
 * browser cookie, the session cookie and form tokens.
 */
#ifndef DOORWARD_APP_BROWSER_SIDE_H
#define DOORWARD_APP_BROWSER_SIDE_H

#include "app/call.h"
#include "domain/login/sign_in.h"

/* The browser's cookie, made and sent when there is none yet: call->browser. */
const char *browser_side_ensure(struct call *call);

/* FOREIGN_FORM unless the form was shown by us, in this browser, for this flow ("" for none). */
enum outcome browser_side_check(struct call *call, const char *form, const char *flow);
/* The same with the token as the caller has read it; NULL: none came. */
enum outcome browser_side_check_token(struct call *call, const char *form, const char *flow,
                                      const char *token);

/* A new session for a user who has just proven who they are; from now on call->session. The browser is
 * remembered as one that the account was used in. */
enum outcome browser_side_sign_in(struct call *call, const struct signed_in *signed_in);

/* Logs a refused sign-in in fixed words, with the address: what counts failures (fail2ban) reads them.
 * Outcomes that are no guesses are left out. */
void browser_side_log_failure(const struct call *call, enum outcome outcome);

/* The browser of this call as the sign-in rules see it, without a flow. The cookie is made and sent when
 * there is none yet. */
struct sign_in_place browser_side_place(struct call *call);

/* Ends call->session (may be NULL) and takes its cookie back. */
enum outcome browser_side_sign_out(struct call *call);

#endif
