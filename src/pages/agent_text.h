/* agent_text.h: a browser and its system in the reader's words: "Firefox on Windows", "Firefox unter
 * Windows". */
#ifndef DOORWARD_PAGES_AGENT_TEXT_H
#define DOORWARD_PAGES_AGENT_TEXT_H

#include "core/json.h"
#include "domain/login/agent.h"

/* By the text agent_on of texts when both are known, else the one that is; NULL when neither is. */
const char *agent_text(struct arena *arena, const struct json *texts, const struct agent *agent);

#endif
