/* refusal.c: see refusal.h. */
#include "pages/refusal.h"

#include "core/log.h"

static const struct refusal {
    enum outcome outcome;
    const char *field, *problem;
    int status;
    bool is_guess;
} refusals[] = {
    { OUTCOME_WRONG_PASSWORD, "email", "problem_wrong_password", 400, true },
    { OUTCOME_PASSWORD_NOT_SET, "email", "problem_password_not_set", 400, true },
    { OUTCOME_WRONG_PIN, "pin", "problem_wrong_pin", 400, true },
    { OUTCOME_PIN_SPENT, NULL, "problem_pin_spent", 400, true },
    { OUTCOME_PIN_NOT_FOUND, NULL, "problem_pin_not_found", 400, false },
    { OUTCOME_TOO_MANY_REQUESTS, NULL, "problem_too_many_tries", 429, true },
};

static const struct refusal *find(enum outcome outcome)
{
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        if (refusals[i].outcome == outcome)
            return &refusals[i];
    }
    return NULL;
}

bool refusal_belongs_on_form(struct call *call, enum outcome outcome)
{
    const struct refusal *refusal = find(outcome);
    if (refusal != NULL && refusal->is_guess)
        log_warn("sign-in failed from %s", call->context.address); /* fixed words: fail2ban reads them */
    return refusal != NULL;
}

/* How long to wait, in minutes for the person and in seconds for programs. */
static const char *tell_to_wait(struct view *view)
{
    struct call *call = view->call;
    int64_t seconds = call->context.retry_after_s;
    view_value(view, "minutes", arena_printf(call->arena, "%lld", (long long)(seconds + 59) / 60));
    response_header(&call->response, "Retry-After", arena_printf(call->arena, "%lld", (long long)seconds));
    return seconds <= 60 ? "problem_too_many_tries_minute" : "problem_too_many_tries";
}

void refusal_show(struct view *view, enum outcome outcome)
{
    const struct refusal *refusal = find(outcome);
    if (refusal == NULL)
        bug("outcome %d isn't shown on a form", (int)outcome);
    const char *problem = refusal->status == 429 ? tell_to_wait(view) : refusal->problem;
    view_error(view, refusal->field, problem);
    view_finish(view, refusal->status);
}

const char *refusal_of_password(enum password_problem problem)
{
    static const char *const texts[] = {
        [PASSWORD_FINE] = "problem_new_password_missing",
        [PASSWORD_TOO_SHORT] = "problem_password_too_short",
        [PASSWORD_TOO_LONG] = "problem_password_too_long",
        [PASSWORD_NOT_TEXT] = "problem_password_not_text",
        [PASSWORD_COMMON] = "problem_password_common",
        [PASSWORD_PERSONAL] = "problem_password_personal",
    };
    return texts[problem];
}
