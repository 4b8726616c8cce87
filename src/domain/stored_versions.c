/* stored_versions.c: see stored_versions.h. */
#include "domain/stored_versions.h"

#include "core/clock.h"

enum { CHECK_PERIOD_MS = 1000 };

enum outcome stored_versions_check(struct context *context)
{
    if (!shared_version_check_due(context->shared, clock_mono_ms(), CHECK_PERIOD_MS))
        return OUTCOME_OK;
    struct versions versions;
    enum store_result result = versions_find(context->db, context->arena, &versions);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the versions are missing");
    stored_versions_publish(context, &versions);
    return OUTCOME_OK;
}

void stored_versions_publish(struct context *context, const struct versions *versions)
{
    shared_version_raise(context->shared, VERSION_DIRECTORY, (uint64_t)versions->directory);
    shared_version_raise(context->shared, VERSION_KEYS, (uint64_t)versions->keys);
}
