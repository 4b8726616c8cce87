/* manager.c: see manager.h. */
#include "domain/members/manager.h"

#include "core/text.h"
#include "domain/manage/services.h"
#include "domain/oauth/scope.h"
#include "store/members.h"

static const char unknown[] = "no such service";

static bool is_service(const struct access *access, const struct service_row *row)
{
    return memcmp(access->client->service->id, row->id, sizeof(row->id)) == 0;
}

static enum outcome check_role(struct context *context, const struct access *access,
                               const struct service_row *row)
{
    const char *role;
    enum outcome outcome = store_outcome(
        context, members_find_role(context->db, context->arena, row->id, access->user_id, &role),
        OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK && !text_equal(role, "owner") && !text_equal(role, "admin"))
        return refuse(context, OUTCOME_FORBIDDEN, "only owners and admins of the service may do this");
    return outcome;
}

enum outcome manager_find_service(struct context *context, const struct access *access,
                                  const char *organization, const char *service, struct service_row *row_out)
{
    struct service_row owner = { .name = NULL };
    if (!access->has_user)
        return refuse(context, OUTCOME_FORBIDDEN, "the access token is of no user");
    if (!scope_has(access->scope, "manage_service"))
        return refuse(context, OUTCOME_INSUFFICIENT_SCOPE, "the scope manage_service is required");
    enum outcome outcome = service_find_by_slug(context, service, row_out);
    if (outcome == OUTCOME_OK)
        outcome = service_find_by_slug(context, organization, &owner);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (memcmp(owner.id, row_out->id, sizeof(owner.id)) != 0 || !is_service(access, row_out))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return check_role(context, access, row_out);
}

enum outcome manager_set_role(struct context *context, const unsigned char service_id[16],
                              const unsigned char user_id[16], const char *role)
{
    static const char *const roles[] = { "user", "admin", "owner" };
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (text_equal(role, roles[i]))
            return store_outcome(context, members_set_role(context->db, service_id, user_id, role),
                                 OUTCOME_NOT_FOUND, "the user is no member of the service");
    }
    return refuse(context, OUTCOME_INVALID_REQUEST, "the role must be user, admin or owner");
}
