/*
 * idempotency.h: a POST that names an Idempotency-Key is done once. The same request again, by the same
 * caller, gets the same answer for a day; another request under the key is refused, and so is one while
 * the first is still under way. An answer that says "not now" isn't kept: the next try is a new one. A
 * call whose worker died blocks its key for a minute.
 */
#ifndef DOORWARD_APP_IDEMPOTENCY_H
#define DOORWARD_APP_IDEMPOTENCY_H

#include "app/call.h"

/* Behind policy_check(), before the handler. OK: go on, or call->response holds the answer of before.
 * INVALID_REQUEST for a key that can't be, KEY_REUSED, KEY_IN_USE, UNAVAILABLE. */
enum outcome idempotency_begin(struct call *call);

/* Keeps the answer in call->response, when the call began with a key. */
void idempotency_end(struct call *call);

#endif
