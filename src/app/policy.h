/* policy.h: decides who is asking, as a row's "who" demands. The only place that does. */
#ifndef DOORWARD_APP_POLICY_H
#define DOORWARD_APP_POLICY_H

#include "app/call.h"

/* OK with the caller noted in call, or the refusal. Of several ways that a row lists, the first one
 * that the request tries counts. */
enum outcome policy_check(struct call *call);

#endif
