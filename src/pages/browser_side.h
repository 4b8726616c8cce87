/*
 * browser_side.h: what a page keeps in the browser, and how a form is known to come from it: the
 * browser cookie, the session cookie and form tokens.
 */
#ifndef DOORWARD_PAGES_BROWSER_SIDE_H
#define DOORWARD_PAGES_BROWSER_SIDE_H

#include "app/call.h"

/* The browser's cookie, made and sent when there is none yet: call->browser. */
const char *browser_side_ensure(struct call *call);

/* FOREIGN_FORM unless the form was shown by us, in this browser, for this flow ("" for none). */
enum outcome browser_side_check(struct call *call, const char *form, const char *flow);

/* A new session for a user who has just proven who they are; from now on call->session. */
enum outcome browser_side_sign_in(struct call *call, const unsigned char user_id[16], const char *method);

/* Ends call->session (may be NULL) and takes its cookie back. */
enum outcome browser_side_sign_out(struct call *call);

#endif
