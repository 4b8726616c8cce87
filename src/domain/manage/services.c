/* services.c: see services.h. */
#include "domain/manage/services.h"

#include "core/encode.h"
#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "domain/manage/change.h"

enum { MAX_NAME_CHARACTERS = 200 };

static const char unknown[] = "no such service";

enum outcome service_add(struct context *context, const char *name, struct service_row *row_out)
{
    if (!person_name_is_plain(name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    *row_out = (struct service_row) {
        .name = name, .status = "active", .created_at = context->now, .updated_at = context->now
    };
    random_uuid_timed(context->now_ms, row_out->id);
    enum store_result result = services_add(context->db, row_out);
    if (result == STORE_UNCERTAIN)
        result = services_find(context->db, context->arena, row_out->id, row_out);
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the service was not written");
}

enum outcome service_find(struct context *context, const char *id, struct service_row *row_out)
{
    unsigned char bytes[16];
    if (!uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, services_find(context->db, context->arena, bytes, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

struct status_change {
    unsigned char id[16];
    const char *status;
    int64_t now;
};

static enum store_result set_status(struct db *db, void *argument)
{
    const struct status_change *change = argument;
    return services_set_status(db, change->id, change->status, change->now);
}

enum outcome service_set_active(struct context *context, const char *id, bool active)
{
    struct status_change change = { .status = active ? "active" : "disabled", .now = context->now };
    if (!uuid_decode(id, change.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, change_directory(context, set_status, &change), OUTCOME_NOT_FOUND, unknown);
}
