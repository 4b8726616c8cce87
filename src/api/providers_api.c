/*
 * providers_api.c: the family "providers": the installation's identity providers, for administrators, by the
 * console's session. What changes something needs a fresh sign-in, as the console's pages do.
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/text.h"
#include "domain/manage/managed_provider.h"

static enum outcome answer_provider(struct call *call, int status, const struct managed_provider *provider)
{
    struct json_writer writer = json_writer_start(call->arena);
    managed_provider_write(&call->context, &writer, provider);
    return service_answer(call, status, &writer, provider->tag);
}

static enum outcome get_providers(struct call *call)
{
    struct managed_provider *providers;
    size_t count;
    enum outcome outcome = managed_provider_list(&call->context, &providers, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "providers");
    for (size_t i = 0; i < count; i++)
        managed_provider_write(&call->context, &writer, &providers[i]);
    json_close_array(&writer);
    json_write_integer(&writer, "total", (int64_t)count);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome post_provider(struct call *call)
{
    struct managed_provider provider;
    const struct provider_wish wish = { .metadata = call->json };
    enum outcome outcome = admin_session_needs_recent(&call->context, call->admin);
    if (outcome == OUTCOME_OK)
        outcome = managed_provider_add(&call->context, &wish, &provider);
    return outcome == OUTCOME_OK ? answer_provider(call, 201, &provider) : outcome;
}

static enum outcome get_provider(struct call *call)
{
    struct managed_provider provider;
    enum outcome outcome = managed_provider_find(&call->context, call->values[0], &provider);
    return outcome == OUTCOME_OK ? answer_provider(call, 200, &provider) : outcome;
}

static enum outcome patch_provider(struct call *call)
{
    struct managed_provider provider;
    const struct json *metadata = service_body_without_status(call);
    struct provider_wish wish = { .metadata = json_count(metadata) ? metadata : NULL,
                                  .if_match = service_if_match(call) };
    enum outcome outcome = admin_session_needs_recent(&call->context, call->admin);
    if (outcome == OUTCOME_OK)
        outcome = service_body_status(call, &wish.status);
    if (outcome == OUTCOME_OK)
        outcome = managed_provider_change(&call->context, call->values[0], &wish, &provider);
    return outcome == OUTCOME_OK ? answer_provider(call, 200, &provider) : outcome;
}

static enum outcome delete_provider(struct call *call)
{
    enum outcome outcome = admin_session_needs_recent(&call->context, call->admin);
    if (outcome == OUTCOME_OK)
        outcome = managed_provider_remove(&call->context, call->values[0], false);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* clang-format off */
#define PROVIDERS "/api/admin/providers"
#define CHANGES .who = BY_ADMIN, .origin = ORIGIN_REQUIRED

static const struct route routes[] = {
    { "GET", PROVIDERS, .who = BY_ADMIN, .handler = get_providers },
    { "POST", PROVIDERS, CHANGES, .body = BODY_JSON_VALUES, .handler = post_provider },
    { "GET", PROVIDERS "/{provider}", .who = BY_ADMIN, .handler = get_provider },
    { "PATCH", PROVIDERS "/{provider}", CHANGES, .body = BODY_JSON_VALUES, .handler = patch_provider },
    { "DELETE", PROVIDERS "/{provider}", CHANGES, .handler = delete_provider },
};
/* clang-format on */

const struct route_family providers_family = SERVICE_FAMILY("providers", routes);
