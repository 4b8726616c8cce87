/*
 * agent.c: see agent.h. Every browser says that it is Mozilla, and most that they are Safari: what stands
 * first in a table is what is looked for first.
 */
#include "domain/login/agent.h"

#include "core/text.h"

struct sign {
    const char *part, *name;
};

static const struct sign browsers[] = {
    { "Edg/", "Edge" },
    { "EdgA/", "Edge" },
    { "EdgiOS/", "Edge" },
    { "OPR/", "Opera" },
    { "OPiOS/", "Opera" },
    { "Vivaldi/", "Vivaldi" },
    { "YaBrowser/", "Yandex" },
    { "SamsungBrowser/", "Samsung Internet" },
    { "DuckDuckGo/", "DuckDuckGo" },
    { "Ddg/", "DuckDuckGo" },
    { "FxiOS/", "Firefox" },
    { "Firefox/", "Firefox" },
    { "CriOS/", "Chrome" },
    { "HeadlessChrome/", "Chrome" },
    { "Chromium/", "Chromium" },
    { "Chrome/", "Chrome" },
    { "Version/", "Safari" },
    { "curl/", "curl" },
};

static const struct sign systems[] = {
    { "iPhone", "iPhone" },   { "iPad", "iPad" },       { "Android", "Android" },
    { "CrOS", "ChromeOS" },   { "Windows", "Windows" }, { "Macintosh", "macOS" },
    { "FreeBSD", "FreeBSD" }, { "OpenBSD", "OpenBSD" }, { "Linux", "Linux" },
};

static const char *look_up(const struct sign *signs, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, signs[i].part) != NULL)
            return signs[i].name;
    return NULL;
}

struct agent agent_read(const char *user_agent)
{
    struct agent agent = { NULL, NULL };
    if (text_empty(user_agent))
        return agent;
    agent.browser = look_up(browsers, ARRAY_SIZE(browsers), user_agent);
    agent.system = look_up(systems, ARRAY_SIZE(systems), user_agent);
    if (text_equal(agent.browser, "Safari") && strstr(user_agent, "Safari/") == NULL)
        agent.browser = NULL;
    return agent;
}

const char *agent_describe(struct arena *arena, const char *user_agent)
{
    struct agent agent = agent_read(user_agent);
    if (agent.browser != NULL && agent.system != NULL)
        return arena_printf(arena, "%s on %s", agent.browser, agent.system);
    return agent.browser != NULL ? agent.browser : agent.system != NULL ? agent.system : "";
}
