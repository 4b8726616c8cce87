/* subscription.c: see subscription.h. */
#include "domain/subscriptions/subscription_state.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/precondition.h"
#include "store/members.h"
#include "store/plans.h"

enum { DEFAULT_PERIOD_S = 30 * 24 * 3600 };

static const char unknown[] = "no such member, or the member has no subscription";
static const char *const statuses[] = { "active", "trialing", "cancelled", "expired" };

static enum outcome check_status(struct context *context, const char *status)
{
    if (!status)
        return OUTCOME_OK;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
        if (text_equal(status, statuses[i]))
            return OUTCOME_OK;
    return refuse(context, OUTCOME_INVALID_REQUEST, "status must be active, trialing, cancelled or expired");
}

/* --- what a change makes of a row --- */

/* The plan that the change names; the row's own, when it names none. */
static enum outcome find_plan(struct context *context, const unsigned char service_id[16], const char *id,
                              struct plan_row *plan_out)
{
    static const char no_plan[] = "no such plan";
    unsigned char bytes[16];
    if (!uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, no_plan);
    enum outcome outcome = store_outcome(context, plans_find(context->db, context->arena, bytes, plan_out),
                                         OUTCOME_NOT_FOUND, no_plan);
    if (outcome == OUTCOME_OK && memcmp(plan_out->service_id, service_id, sizeof(plan_out->service_id)) != 0)
        return refuse(context, OUTCOME_FORBIDDEN, "the plan is another service's");
    return outcome;
}

static void take_plan(struct subscription_row *row, const struct plan_row *plan)
{
    memcpy(row->plan_id, plan->id, sizeof(row->plan_id));
    row->plan_name = plan->name;
    row->plan_features = plan->features;
}

/* A period that is over is followed by one that begins now; one that lasts becomes longer or shorter. */
static void take_period(struct subscription_row *row, const struct subscription_change *change, int64_t now)
{
    bool over = row->current_period_end <= now;
    int64_t end = change->current_period_end;
    if (!end && change->status && over && subscription_runs(row))
        end = now + DEFAULT_PERIOD_S;
    if (!end)
        return;
    if (over && end > now)
        row->current_period_start = now;
    row->current_period_end = end;
}

static void take_change(struct subscription_row *row, const struct subscription_change *change,
                        const struct plan_row *plan, int64_t now)
{
    if (plan)
        take_plan(row, plan);
    if (change->status)
        row->status = change->status;
    if (change->trial_end)
        row->trial_end = change->trial_end == SUBSCRIPTION_NO_TRIAL ? 0 : change->trial_end;
    if (change->cancel_at_period_end >= 0)
        row->cancel_at_period_end = change->cancel_at_period_end > 0;
    take_period(row, change, now);
}

static bool is_same(const struct subscription_row *a, const struct subscription_row *b)
{
    return memcmp(a->plan_id, b->plan_id, sizeof(a->plan_id)) == 0 && text_equal(a->status, b->status) &&
           a->trial_end == b->trial_end && a->current_period_start == b->current_period_start &&
           a->current_period_end == b->current_period_end &&
           a->cancel_at_period_end == b->cancel_at_period_end;
}

/* --- adding --- */

struct add_work {
    const struct subscription_row *row;
    struct event_rows event;
};

static enum store_result add_in_transaction(struct db *db, void *argument)
{
    const struct add_work *work = argument;
    enum store_result result = subscriptions_add(db, work->row);
    return result == STORE_OK ? event_store(db, &work->event) : result;
}

/* After a commit of which nobody knows: whether it happened. */
static enum store_result look_up(struct context *context, const struct subscription_row *row)
{
    struct subscription_row there;
    enum store_result result =
        subscriptions_find(context->db, context->arena, row->service_id, row->user_id, &there);
    if (result != STORE_OK)
        return STORE_FAILED;
    bool happened = memcmp(there.id, row->id, sizeof(there.id)) == 0 && there.version >= row->version;
    return happened ? STORE_OK : STORE_FAILED;
}

static enum outcome store_new(struct context *context, const struct subscription_row *row, const char *actor)
{
    struct add_work work = { .row = row };
    subscription_event(context, EVENT_SUBSCRIPTION_CREATED, row, actor, &work.event);
    enum store_result result = db_transact(context->db, add_in_transaction, &work);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "the member has a subscription");
    if (result == STORE_UNCERTAIN)
        result = look_up(context, row);
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, "no such member");
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

enum outcome subscription_add(struct context *context, const unsigned char service_id[16],
                              const char *user_id, const struct subscription_change *change,
                              struct subscription_row *row_out)
{
    struct plan_row plan;
    enum outcome outcome = check_status(context, change->status);
    if (outcome == OUTCOME_OK)
        outcome = find_plan(context, service_id, change->plan_id, &plan);
    if (outcome != OUTCOME_OK)
        return outcome;
    *row_out = (struct subscription_row) { .status = change->trial_end > 0 ? "trialing" : "active",
                                           .current_period_start = context->now,
                                           .current_period_end = context->now + DEFAULT_PERIOD_S,
                                           .created_at = context->now };
    if (!uuid_decode(user_id, row_out->user_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such member");
    memcpy(row_out->service_id, service_id, sizeof(row_out->service_id));
    random_uuid_timed(context->now_ms, row_out->id);
    take_change(row_out, change, &plan, context->now);
    subscription_settle(row_out, context->now);
    return store_new(context, row_out, change->actor);
}

/* --- changing --- */

struct change_work {
    struct context *context;
    const struct subscription_change *change;
    const struct plan_row *plan; /* NULL: it stays */
    const unsigned char *service_id;
    unsigned char user_id[16];
    struct subscription_row row;
    bool is_other, is_changed; /* not what If-Match was for; something is different */
};

static enum store_result store_changed(struct db *db, struct change_work *work)
{
    struct event_rows event;
    subscription_settle(&work->row, work->context->now);
    enum store_result result = subscriptions_change(db, &work->row);
    if (result != STORE_OK)
        return result;
    subscription_event(work->context, EVENT_SUBSCRIPTION_UPDATED, &work->row, work->change->actor, &event);
    return event_store(db, &event);
}

/* The row as it is now, locked. An end that nobody has written down yet comes before what is done now, in
 * history too. */
static enum store_result lock_current(struct context *context, const unsigned char service_id[16],
                                      const unsigned char user_id[16], struct subscription_row *row_out)
{
    struct context before = *context;
    enum store_result result = subscriptions_lock(context->db, context->arena, service_id, user_id, row_out);
    before.now_ms--;
    if (result == STORE_OK && subscription_catch_up(row_out, context->now))
        result = subscription_store_end(&before, row_out);
    return result;
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct change_work *work = argument;
    struct arena *arena = work->context->arena;
    enum store_result result = lock_current(work->context, work->service_id, work->user_id, &work->row);
    if (result != STORE_OK)
        return result;
    const struct subscription_row before = work->row;
    work->is_other = !precondition_holds(work->change->if_match, subscription_tag(arena, &before));
    if (work->is_other)
        return STORE_CONFLICT;
    take_change(&work->row, work->change, work->plan, work->context->now);
    work->is_changed = !is_same(&work->row, &before);
    return work->is_changed ? store_changed(db, work) : STORE_OK;
}

static enum outcome store_change(struct context *context, struct change_work *work)
{
    enum store_result result = db_transact(context->db, change_in_transaction, work);
    if (work->is_other)
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the subscription has been changed meanwhile");
    if (result == STORE_UNCERTAIN)
        result = look_up(context, &work->row);
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

enum outcome subscription_change(struct context *context, const unsigned char service_id[16],
                                 const char *user_id, const struct subscription_change *change,
                                 struct subscription_row *row_out)
{
    struct plan_row plan;
    struct change_work work = { .context = context, .change = change, .service_id = service_id };
    if (!uuid_decode(user_id, work.user_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome = check_status(context, change->status);
    if (outcome == OUTCOME_OK && change->plan_id) {
        work.plan = &plan;
        outcome = find_plan(context, service_id, change->plan_id, &plan);
    }
    if (outcome == OUTCOME_OK)
        outcome = store_change(context, &work);
    *row_out = work.row;
    return outcome;
}

/* --- removing --- */

enum store_result subscription_remove_within(struct context *context, const unsigned char service_id[16],
                                             const unsigned char user_id[16], const char *actor)
{
    struct subscription_row row;
    struct event_rows event;
    enum store_result result = lock_current(context, service_id, user_id, &row);
    if (result == STORE_OK)
        result = subscriptions_remove(context->db, service_id, user_id);
    if (result != STORE_OK)
        return result;
    subscription_event(context, EVENT_SUBSCRIPTION_DELETED, &row, actor, &event);
    return event_store(context->db, &event);
}

struct remove_work {
    struct context *context;
    const unsigned char *service_id;
    unsigned char user_id[16];
    const char *actor;
};

static enum store_result remove_in_transaction(struct db *db, void *argument)
{
    const struct remove_work *work = argument;
    (void)db;
    return subscription_remove_within(work->context, work->service_id, work->user_id, work->actor);
}

enum outcome subscription_remove(struct context *context, const unsigned char service_id[16],
                                 const char *user_id, const char *actor)
{
    struct remove_work work = { .context = context, .service_id = service_id, .actor = actor };
    struct subscription_row there;
    if (!uuid_decode(user_id, work.user_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = db_transact(context->db, remove_in_transaction, &work);
    if (result == STORE_UNCERTAIN) {
        result = subscriptions_find(context->db, context->arena, service_id, work.user_id, &there);
        result = result == STORE_NOT_FOUND ? STORE_OK : STORE_FAILED;
    }
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

/* --- reading --- */

enum outcome subscription_find(struct context *context, const unsigned char service_id[16],
                               const char *user_id, struct subscription_row *row_out)
{
    unsigned char bytes[16];
    if (!uuid_decode(user_id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = subscriptions_find(context->db, context->arena, service_id, bytes, row_out);
    if (result == STORE_OK)
        subscription_catch_up(row_out, context->now);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome subscription_list(struct context *context, const struct subscription_filter *filter,
                               const struct page *page, struct subscription_row **rows_out, size_t *count_out,
                               int64_t *total_out)
{
    struct subscription_filter meant = *filter;
    enum outcome outcome = check_status(context, filter->status);
    if (outcome != OUTCOME_OK)
        return outcome;
    meant.now = context->now;
    enum store_result result =
        subscriptions_list(context->db, context->arena, &meant, page, rows_out, count_out);
    for (size_t i = 0; result == STORE_OK && i < *count_out; i++)
        subscription_catch_up(&(*rows_out)[i], context->now);
    if (result == STORE_OK)
        result = subscriptions_count(context->db, context->arena, &meant, total_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome subscription_history(struct context *context, const unsigned char service_id[16],
                                  const char *user_id, const struct page *page,
                                  struct history_entry **entries_out, size_t *count_out)
{
    static const char no_member[] = "no such member";
    struct member_row member;
    struct page of_subscriptions = *page;
    unsigned char bytes[16];
    if (!uuid_decode(user_id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, no_member);
    enum outcome outcome =
        store_outcome(context, members_find(context->db, context->arena, service_id, bytes, &member),
                      OUTCOME_NOT_FOUND, no_member);
    if (outcome != OUTCOME_OK)
        return outcome;
    of_subscriptions.search = "subscription.";
    return history_of(context, service_id, user_id, &of_subscriptions, entries_out, count_out);
}
