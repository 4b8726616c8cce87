/* admin_side.h: what the console keeps in an administrator's browser: the session's cookie, and between
 * password and code the sealed step. */
#ifndef DOORWARD_APP_ADMIN_SIDE_H
#define DOORWARD_APP_ADMIN_SIDE_H

#include "app/call.h"
#include "domain/login/admin_sign_in.h"

/* The administrator of this browser, in call->admin, or the refusal of admin_session_find(). */
enum outcome admin_side_find(struct call *call);

/* The administrator of this browser, for rows that let strangers in too: call->admin, NULL when none is
 * signed in. Only a database that is away is a refusal. */
enum outcome admin_side_look(struct call *call);

/* Keeps the step in the browser; reads it (outcomes of admin_step_open()); takes it back. */
void admin_side_keep_step(struct call *call, const struct admin_step *step);
enum outcome admin_side_step(struct call *call, struct admin_step *step_out);

/* A new session, in place of the one that the browser has (none, or the one before it). The step is over. */
enum outcome admin_side_sign_in(struct call *call, const struct admin_step *step, const char *method);

/* Ends call->admin's session and takes the cookie back. */
enum outcome admin_side_sign_out(struct call *call);

/* What the forms of a session belong to: those of an earlier session don't count. */
const char *admin_side_form(struct call *call);

/*
 * The token of a form of the page that was asked for, another one each time that it is shown, so that what is
 * sent twice is known (idempotency_begin_form()). Forms belong to the session and to the page's own address:
 * what is sent about another client or member than the one that was shown doesn't count: FOREIGN_FORM.
 */
const char *admin_side_token(struct call *call, const char *form);
enum outcome admin_side_check(struct call *call, const char *form);

#endif
