/* agent_text.c: see agent_text.h. */
#include "pages/agent_text.h"

#include "core/text.h"
#include "pages/templates.h"

const char *agent_text(struct arena *arena, const struct json *texts, const struct agent *agent)
{
    const char *pattern = json_member_text(texts, "agent_on");
    if (text_empty(agent->browser) || text_empty(agent->system))
        return !text_empty(agent->browser)  ? agent->browser
               : !text_empty(agent->system) ? agent->system
                                            : NULL;
    struct json *values = json_new_object(arena);
    json_put_text(values, "browser", agent->browser);
    json_put_text(values, "system", agent->system);
    return templates_fill(arena, pattern == NULL ? "{browser} {system}" : pattern, values);
}
