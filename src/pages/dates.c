/* dates.c: see dates.h. */
#include "pages/dates.h"

#include "core/text.h"

#include <time.h>

/* The text months has twelve words. */
static const char *month_name(struct view *view, int month)
{
    const char *names = view_text(view, "months"), *word = "";
    size_t length = 0;
    for (int i = 0; i <= month; i++) {
        if (!text_next_word(&names, ' ', &word, &length))
            return "";
    }
    return arena_strndup(view->call->arena, word, length);
}

const char *date_day(struct view *view, int64_t time)
{
    struct arena *arena = view->call->arena;
    time_t seconds = (time_t)time;
    struct tm parts;
    if (time < 0 || gmtime_r(&seconds, &parts) == NULL)
        return "";
    view_value(view, "day", arena_printf(arena, "%d", parts.tm_mday));
    view_value(view, "month", month_name(view, parts.tm_mon));
    view_value(view, "year", arena_printf(arena, "%d", parts.tm_year + 1900));
    return view_text(view, "date_day");
}

const char *date_moment(struct view *view, int64_t time)
{
    if (text_empty(date_day(view, time))) /* which leaves its words for ours */
        return "";
    int64_t minutes = time / 60;
    view_value(view, "time",
               arena_printf(view->call->arena, "%02d:%02d", (int)(minutes / 60 % 24), (int)(minutes % 60)));
    return view_text(view, "date_moment");
}

const char *date_ago(struct view *view, int64_t time, int64_t now)
{
    static const struct {
        int64_t within_s;
        const char *text;
    } words[] = { { 300, "ago_moment" }, { 3600, "ago_hour" }, { 24 * 3600, "ago_day" } };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (now - time < words[i].within_s)
            return view_text(view, words[i].text);
    }
    return date_day(view, time);
}
