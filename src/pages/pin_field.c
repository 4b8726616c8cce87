/* pin_field.c: see pin_field.h. */
#include "pages/pin_field.h"

#include "core/text.h"

const char *pin_field(struct call *call)
{
    struct strbuf plain = strbuf_start(call->arena);
    const char *typed = call_parameter(call, "pin");
    for (size_t skipped; typed != NULL && *typed != '\0'; typed += skipped) {
        static const char no_break_space[] = "\xc2\xa0";
        skipped = text_starts(typed, no_break_space) ? sizeof no_break_space - 1 : strspn(typed, " -\t");
        if (skipped > 0)
            continue;
        strbuf_add_char(&plain, *typed);
        skipped = 1;
    }
    return plain.length == 0 ? NULL : plain.data;
}

enum outcome pin_field_ask(struct view *view)
{
    view_error(view, "pin", "problem_pin_missing");
    view_finish(view, 400);
    return refuse(&view->call->context, OUTCOME_INVALID_REQUEST, "no code was filled in");
}

bool pin_field_is_worth_another_try(enum outcome outcome)
{
    return outcome == OUTCOME_WRONG_PIN || outcome == OUTCOME_TOO_MANY_REQUESTS;
}
