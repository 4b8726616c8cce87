/* call.c: see call.h. */
#include "app/call.h"

#include "core/text.h"

/* RFC 6749 §3.1 and §3.2: a POST's parameters come from its body alone. */
static const struct form *parameters_of(const struct call *call)
{
    return text_equal(call->request->method, "POST") ? &call->form : &call->request->query;
}

const char *call_parameter(const struct call *call, const char *name)
{
    return form_value(parameters_of(call), name);
}

const char *call_repeated(const struct call *call, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (form_times(parameters_of(call), names[i]) > 1)
            return names[i];
    }
    return NULL;
}

bool call_token_has_expired(const struct call *call, enum outcome outcome)
{
    return outcome == OUTCOME_INVALID_TOKEN && call->access.expires_at &&
           call->access.expires_at <= call->context.now;
}
