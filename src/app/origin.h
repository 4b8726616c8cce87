/*
 * origin.h: which sites may cause a request (the row's origin rule), and whose scripts may read its
 * answer (its cors). Both know our own origin and those of cors_origins.
 */
#ifndef DOORWARD_APP_ORIGIN_H
#define DOORWARD_APP_ORIGIN_H

#include "app/call.h"

/* OK, or FOREIGN_FORM for a request that the row's rule refuses. */
enum outcome origin_check(struct call *call);

/* The CORS headers of an answer, refusals included; nothing for a call without a row. */
void origin_cors_headers(struct call *call);

/* Answers OPTIONS at a path whose row knows CORS; call->allow holds the path's methods. */
void origin_answer_preflight(struct call *call);

#endif
