/* readiness.c: see readiness.h. */
#include "domain/readiness.h"

#include "store/migrations.h"

enum { RETRY_S = 5 };

enum outcome readiness_check(struct context *context)
{
    const char *unknown = NULL;
    enum store_result result = schema_is_known(context->db, context->arena, &unknown);
    enum outcome outcome = store_outcome(context, result, OUTCOME_UNAVAILABLE, "the database has no schema");
    if (outcome != OUTCOME_OK || !unknown)
        return outcome;
    context->retry_after_s = RETRY_S;
    return refuse(context, OUTCOME_UNAVAILABLE, unknown);
}
