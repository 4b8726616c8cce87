/* participants.c: see participants.h. A call that changes nothing writes nothing. */
#include "domain/workspace/participants.h"

#include "core/text.h"
#include "crypto/random.h"
#include "domain/oauth/scope.h"

static enum outcome find(struct context *context, const struct service *service, const struct access *access,
                         struct participant_row *row_out)
{
    enum store_result found =
        participants_find(context->db, context->arena, service->id, access->user_id, row_out);
    return store_outcome(context, found, OUTCOME_NOT_FOUND, "there is no such participant");
}

/* What the token tells takes the place of what is known. True when that changed something. */
static bool take_claims(const struct access *access, struct participant_row *row)
{
    struct participant_row before = *row;
    if (scope_has(access->scope, "profile"))
        row->display_name = access->user_name ? access->user_name : "";
    if (scope_has(access->scope, "email"))
        row->email = access->user_email;
    return !text_equal(row->display_name, before.display_name) || !text_equal(row->email, before.email);
}

struct addition {
    struct arena *arena;
    const struct participant_row *row;
    int64_t max;
    bool is_full;
};

static enum store_result add(struct db *db, void *argument)
{
    struct addition *addition = argument;
    int64_t count = 0;
    addition->is_full = false;
    if (addition->max) {
        enum store_result counted =
            participants_count(db, addition->arena, addition->row->service_id, &count);
        if (counted != STORE_OK)
            return counted;
    }
    enum store_result added = participants_add(db, addition->row);
    addition->is_full = added == STORE_OK && addition->max && count >= addition->max;
    return addition->is_full ? STORE_CONFLICT : added;
}

static enum outcome add_first(struct context *context, const struct service *service,
                              const struct access *access, struct participant_row *row)
{
    struct addition addition = { context->arena, row, service->workspace->participants_max, false };
    *row = (struct participant_row) {
        .display_name = "", .email = "", .created_at = context->now, .updated_at = context->now
    };
    context->reason = NULL;
    memcpy(row->service_id, service->id, sizeof(row->service_id));
    memcpy(row->user_id, access->user_id, sizeof(row->user_id));
    random_uuid_timed(context->now_ms, row->id);
    random_uuid(row->personal_workspace_id);
    (void)take_claims(access, row);
    enum store_result added = db_transact(context->db, add, &addition);
    if (addition.is_full)
        return refuse(context, OUTCOME_LIMIT_REACHED, "the workspace has as many participants as it may");
    if (added == STORE_CONFLICT || added == STORE_UNCERTAIN)
        return find(context, service, access, row); /* another first call was faster, or perhaps this one */
    return store_outcome(context, added, OUTCOME_FORBIDDEN, "the person is no member of the service");
}

enum outcome participant_register(struct context *context, const struct access *access,
                                  const struct service *service, struct participant_row *row_out)
{
    if (!access->has_user)
        return refuse(context, OUTCOME_INSUFFICIENT_SCOPE, "the token speaks for no person");
    enum outcome outcome = find(context, service, access, row_out);
    if (outcome == OUTCOME_NOT_FOUND)
        outcome = add_first(context, service, access, row_out);
    if (outcome != OUTCOME_OK || !take_claims(access, row_out))
        return outcome;
    row_out->updated_at = context->now;
    enum store_result updated = participants_update(context->db, row_out);
    return store_outcome(context, updated, OUTCOME_FORBIDDEN, "the person is no member of the service");
}
