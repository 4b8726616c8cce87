/* context.c: see context.h. */
#include "domain/context.h"

enum { DATABASE_RETRY_S = 5 };

enum outcome refuse(struct context *context, enum outcome outcome, const char *reason)
{
    context->reason = reason;
    return outcome;
}

enum outcome store_outcome(struct context *context, enum store_result result, enum outcome not_found,
                           const char *reason)
{
    switch (result) {
    case STORE_OK:
        return OUTCOME_OK;
    case STORE_NOT_FOUND:
        return refuse(context, not_found, reason);
    case STORE_CONFLICT:
        return refuse(context, OUTCOME_ALREADY_EXISTS, reason);
    case STORE_FAILED:
    case STORE_UNCERTAIN:
        break;
    }
    context->retry_after_s = DATABASE_RETRY_S;
    return refuse(context, OUTCOME_UNAVAILABLE, "the database is not available");
}
