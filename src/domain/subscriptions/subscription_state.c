/* subscription_state.c: see subscription_state.h; and a subscription on the wire, as subscription.h has it.
 */
#include "domain/subscriptions/subscription_state.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/precondition.h"

bool subscription_runs(const struct subscription_row *row)
{
    return text_equal(row->status, "active") || text_equal(row->status, "trialing");
}

static int64_t end_of(const struct subscription_row *row)
{
    if (!subscription_runs(row))
        return 0;
    return text_equal(row->status, "trialing") && row->trial_end ? row->trial_end : row->current_period_end;
}

static const char *ended_status(const struct subscription_row *row)
{
    return row->cancel_at_period_end ? "cancelled" : "expired";
}

void subscription_settle(struct subscription_row *row, int64_t now)
{
    int64_t end = end_of(row);
    if (end && end <= now)
        row->status = ended_status(row);
    if (!text_equal(row->status, "cancelled"))
        row->cancelled_at = 0;
    else if (!row->cancelled_at)
        row->cancelled_at = now;
    if (row->current_period_start > row->current_period_end)
        row->current_period_start = row->current_period_end;
    row->ends_at = end_of(row);
    row->version++;
    row->updated_at = now;
}

bool subscription_catch_up(struct subscription_row *row, int64_t now)
{
    bool over = row->ends_at > 0 && row->ends_at <= now;
    if (!over)
        return false;
    row->status = ended_status(row);
    subscription_settle(row, row->ends_at);
    return true;
}

void subscription_event(struct context *context, const char *type, const struct subscription_row *row,
                        const char *actor, struct event_rows *event_out)
{
    struct json_writer writer = json_writer_start(context->arena);
    subscription_write(&writer, row);
    const struct event event = { .type = type,
                                 .service_id = row->service_id,
                                 .subject = uuid_encode(context->arena, row->user_id),
                                 .actor = actor,
                                 .data = writer.text.data };
    event_make(context, &event, event_out);
}

enum store_result subscription_store_end(struct context *context, const struct subscription_row *row)
{
    struct event_rows event;
    enum store_result result = subscriptions_change(context->db, row);
    if (result != STORE_OK)
        return result;
    subscription_event(context, EVENT_SUBSCRIPTION_UPDATED, row, "housekeeper", &event);
    return event_store(context->db, &event);
}

static void write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    if (seconds)
        json_write_time(writer, name, seconds);
    else
        json_write_null(writer, name);
}

/* The first six members are the contract's. */
void subscription_write(struct json_writer *writer, const struct subscription_row *row)
{
    struct arena *arena = writer->text.arena;
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(arena, row->id));
    json_write_text(writer, "user_id", uuid_encode(arena, row->user_id));
    json_write_text(writer, "plan_id", uuid_encode(arena, row->plan_id));
    json_write_text(writer, "plan_name", row->plan_name);
    json_write_text(writer, "status", row->status);
    json_write_time(writer, "current_period_end", row->current_period_end);
    json_write_raw(writer, "features", row->plan_features);
    json_write_time(writer, "current_period_start", row->current_period_start);
    write_time(writer, "trial_end", row->trial_end);
    json_write_boolean(writer, "cancel_at_period_end", row->cancel_at_period_end);
    write_time(writer, "cancelled_at", row->cancelled_at);
    json_write_time(writer, "created_at", row->created_at);
    json_write_time(writer, "updated_at", row->updated_at);
    json_close_object(writer);
}

/* The id too: one that takes another's place counts its changes anew. */
const char *subscription_tag(struct arena *arena, const struct subscription_row *row)
{
    const char *state = arena_printf(arena, "%s %lld", uuid_encode(arena, row->id), (long long)row->version);
    return precondition_tag_of_text(arena, state);
}
