/*
 * flow.h: a sign-in in progress on its way from page to page: found by its handle, moved on to what is
 * to be done next, and ended by an answer to the client.
 */
#ifndef DOORWARD_PAGES_FLOW_H
#define DOORWARD_PAGES_FLOW_H

#include "app/call.h"
#include "domain/oauth/authorize.h"
#include "domain/oauth/ticket.h"

/* The ticket of a handle in this browser. FLOW_ENDED when it can't go on: the page that says so, with
 * a way on, has then been answered. */
enum outcome flow_find(struct call *call, const char *text, struct ticket *ticket_out);

/* The flow of the parameter "request", when this step is what it waits for: then *waiting_out is true.
 * Otherwise it goes on with what it does wait for, and *ticket_out isn't to be used: then the answer has
 * been given. */
enum outcome flow_find_waiting(struct call *call, enum next_step step, struct ticket *ticket_out,
                               bool *waiting_out);

/* What a form belongs to that asks who is signed in: this flow and this session. Another person's form
 * doesn't count. */
const char *flow_form(struct call *call, const struct ticket *ticket);

/* What is to be done next for call->session. */
enum outcome flow_next(struct call *call, struct ticket *ticket, enum next_step *next_out,
                       enum outcome *failure_out);

/* Takes that step: answers the client, or sends the browser to the page that asks. A ticket that has
 * to wait for a person is stored first. */
enum outcome flow_take(struct call *call, struct ticket *ticket, enum next_step next, enum outcome failure);

/* The sign-in by another page than ours ("/api/auth/google/login"). */
enum outcome flow_take_sign_in(struct call *call, struct ticket *ticket, const char *path);

/* Both of them. */
enum outcome flow_go_on(struct call *call, struct ticket *ticket);

/* Ends the flow with a refusal that the client is told. */
enum outcome flow_refuse(struct call *call, const struct ticket *ticket, enum outcome outcome,
                         const char *description);

/* Path of a page for a flow ("/login", "oauth_request"), with the flow's handle when there is one. */
const char *flow_path(struct call *call, const char *path, const char *parameter, const char *flow);

/*
 * A POST from the client's site brings none of our cookies, since they are SameSite=Lax; the GET of path
 * that it is turned into brings them: true when that has been answered. One whose parameters don't fit
 * into an address goes on without.
 */
bool flow_asks_again_by_get(struct call *call, const char *path);

/* Sends the browser on: 303 behind a POST, so that its body isn't sent again (RFC 9700 §4.12). */
void flow_redirect(struct call *call, const char *location);

#endif
