/* notice.c: see notice.h. */
#include "pages/notice.h"

void notice_tell(struct view *view, const char *name, bool with_button)
{
    struct arena *arena = view->call->arena;
    json_put_text(view->model, "heading", view_text(view, arena_printf(arena, "%s_heading", name)));
    json_put_text(view->model, "message", view_text(view, arena_printf(arena, "%s_message", name)));
    if (with_button)
        json_put_text(view->model, "button", view_text(view, arena_printf(arena, "%s_button", name)));
}
