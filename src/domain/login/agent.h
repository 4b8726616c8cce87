/* agent.h: a User-Agent header in two words that a person recognises. Knows only the usual ones. */
#ifndef DOORWARD_DOMAIN_LOGIN_AGENT_H
#define DOORWARD_DOMAIN_LOGIN_AGENT_H

#include "core/arena.h"

/* Constants: browser "Firefox", system "Windows"; either may be NULL. */
struct agent {
    const char *browser, *system;
};
struct agent agent_read(const char *user_agent);

/* "Firefox on Windows", "Firefox", "Windows", or "" for one that isn't known. */
const char *agent_describe(struct arena *arena, const char *user_agent);

#endif
