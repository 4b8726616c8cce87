/*
 * answer.h: outcomes as answers. The one table of status, wire name and log level for each outcome,
 * and the JSON error writers. Nothing else writes error bodies; pages have theirs in
 * src/pages/error_page.c, which reads the same table.
 */
#ifndef DOORWARD_APP_ANSWER_H
#define DOORWARD_APP_ANSWER_H

#include "app/call.h"

struct answer {
    const char *name; /* wire name of the error: "invalid_grant" */
    int status;
    bool by_redirect; /* may travel to a client's redirect_uri */
    bool show_reason; /* context.reason may be shown as error_description */
    int log_level;    /* enum log_level */
};

const struct answer *answer_for(enum outcome outcome);

/* {"error", "error_description"} (RFC 6749 §5.2), with WWW-Authenticate where it belongs. */
void answer_oauth_error(struct call *call, enum outcome outcome);

/* Headers that every refusal needs whatever its format: Allow, Retry-After, WWW-Authenticate. */
void answer_error_headers(struct call *call, enum outcome outcome);

#endif
