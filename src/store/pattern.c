/* pattern.c: see pattern.h. */
#include "store/pattern.h"

#include "core/strbuf.h"
#include "core/text.h"

const char *pattern_containing(struct arena *arena, const char *text)
{
    if (text_empty(text))
        return "%";
    struct strbuf pattern = strbuf_start(arena);
    strbuf_add_char(&pattern, '%');
    for (; *text; text++) {
        if (strchr("%_\\", *text))
            strbuf_add_char(&pattern, '\\');
        strbuf_add_char(&pattern, *text);
    }
    strbuf_add_char(&pattern, '%');
    return pattern.data;
}
