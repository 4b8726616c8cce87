/*
 * idempotency.h: a POST that names an Idempotency-Key is done once. The same request again, by the same
 * caller, gets the same answer for a day; another request under the key is refused, and so is one while
 * the first is still under way. An answer that says "not now" isn't kept: the next try is a new one. A
 * call whose worker died blocks its key for a minute.
 *
 * A form of a page that makes something is done once in the same way, since people click twice: what was
 * sent, with the token of the one time that the form was shown, is its key. What has been made is answered
 * for ten minutes; of a refusal nothing is kept. The second click waits for the first.
 */
#ifndef DOORWARD_APP_IDEMPOTENCY_H
#define DOORWARD_APP_IDEMPOTENCY_H

#include "app/call.h"

/* Behind policy_check(), before the handler. OK: go on, or call->response holds the answer of before.
 * INVALID_REQUEST for a key that can't be, KEY_REUSED, KEY_IN_USE, UNAVAILABLE. */
enum outcome idempotency_begin(struct call *call);

/* The same for a form whose token is good and is given to one rendering only, by whoever is signed in: called
 * by the handler. OK: go on, or call->response holds the answer of before. KEY_IN_USE when the first hasn't
 * ended within five seconds, UNAVAILABLE. */
enum outcome idempotency_begin_form(struct call *call);

/* Keeps the answer in call->response, when the call began with a key or a form. */
void idempotency_end(struct call *call);

#endif
