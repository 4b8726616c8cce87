/*
 * subscriptions_api.c: plans and subscriptions of the service that the key is for (contract: service API
 * 1.3, which says nothing of trials, of ends that were asked for, and of history: ours, in its style).
 */
#include "api/api.h"
#include "api/plan_endpoints.h"
#include "api/service_errors.h"
#include "domain/subscriptions/subscription.h"

/* --- plans --- */

static enum outcome get_plans(struct call *call)
{
    return plan_endpoint_list(call, call->api_key->service_id);
}

static enum outcome post_plan(struct call *call)
{
    return plan_endpoint_add(call, call->api_key->service_id);
}

static enum outcome get_plan(struct call *call)
{
    return plan_endpoint_show(call, call->api_key->service_id, call->values[0]);
}

static enum outcome patch_plan(struct call *call)
{
    return plan_endpoint_change(call, call->api_key->service_id, call->values[0]);
}

static enum outcome delete_plan(struct call *call)
{
    return plan_endpoint_remove(call, call->api_key->service_id, call->values[0]);
}

/* --- subscriptions --- */

static enum outcome answer_subscription(struct call *call, const struct subscription_row *row)
{
    struct json_writer writer = json_writer_start(call->arena);
    subscription_write(&writer, row);
    return service_answer(call, 200, &writer, subscription_tag(call->arena, row));
}

/* What a POST and a PATCH have alike. A trial_end of null ends the thought of a trial. */
static enum outcome read_change(struct call *call, struct subscription_change *change_out)
{
    *change_out = (struct subscription_change) { .cancel_at_period_end = -1, .actor = service_actor(call) };
    enum outcome outcome = service_body_text(call, "status", &change_out->status);
    if (outcome == OUTCOME_OK)
        outcome = service_body_time(call, "current_period_end", &change_out->current_period_end);
    if (outcome == OUTCOME_OK)
        outcome = service_body_time(call, "trial_end", &change_out->trial_end);
    if (outcome == OUTCOME_OK)
        outcome = service_body_flag(call, "cancel_at_period_end", &change_out->cancel_at_period_end);
    if (json_has_member(call->json, "trial_end") && !json_member(call->json, "trial_end"))
        change_out->trial_end = SUBSCRIPTION_NO_TRIAL;
    return outcome;
}

static enum outcome post_subscription(struct call *call)
{
    const char *user_id;
    struct subscription_change change;
    struct subscription_row row;
    enum outcome outcome = read_change(call, &change);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "user_id", &user_id);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "plan_id", &change.plan_id);
    if (outcome == OUTCOME_OK && (!user_id || !change.plan_id))
        outcome = refuse(&call->context, OUTCOME_INVALID_REQUEST, "user_id and plan_id are required");
    if (outcome == OUTCOME_OK)
        outcome = subscription_add(&call->context, call->api_key->service_id, user_id, &change, &row);
    return outcome == OUTCOME_OK ? answer_subscription(call, &row) : outcome;
}

static enum outcome get_subscription(struct call *call)
{
    struct subscription_row row;
    enum outcome outcome =
        subscription_find(&call->context, call->api_key->service_id, call->values[0], &row);
    return outcome == OUTCOME_OK ? answer_subscription(call, &row) : outcome;
}

static enum outcome patch_subscription(struct call *call)
{
    struct subscription_change change;
    struct subscription_row row;
    enum outcome outcome = read_change(call, &change);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (json_has_member(call->json, "plan_id"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "plan_id can't be changed");
    change.if_match = service_if_match(call);
    outcome = subscription_change(&call->context, call->api_key->service_id, call->values[0], &change, &row);
    return outcome == OUTCOME_OK ? answer_subscription(call, &row) : outcome;
}

static enum outcome delete_subscription(struct call *call)
{
    enum outcome outcome =
        subscription_remove(&call->context, call->api_key->service_id, call->values[0], service_actor(call));
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* --- lists --- */

static enum outcome read_filter(struct call *call, unsigned char plan_id_out[16],
                                struct subscription_filter *filter_out)
{
    const char *plan_id = form_value(&call->request->query, "plan_id");
    *filter_out = (struct subscription_filter) { .service_id = call->api_key->service_id,
                                                 .status = form_value(&call->request->query, "status"),
                                                 .plan_id = plan_id ? plan_id_out : NULL };
    if (plan_id && !service_read_id(plan_id, plan_id_out))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "plan_id must be a UUID");
    return OUTCOME_OK;
}

static enum outcome get_subscriptions(struct call *call)
{
    unsigned char plan_id[16];
    struct page page;
    struct subscription_filter filter;
    struct subscription_row *rows;
    size_t count;
    int64_t total;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = read_filter(call, plan_id, &filter);
    if (outcome == OUTCOME_OK)
        outcome = subscription_list(&call->context, &filter, &page, &rows, &count, &total);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "subscriptions");
    for (size_t i = 0; i < count; i++)
        subscription_write(&writer, &rows[i]);
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome get_history(struct call *call)
{
    struct page page;
    struct history_entry *entries;
    size_t count;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = subscription_history(&call->context, call->api_key->service_id, call->values[0], &page,
                                       &entries, &count);
    return outcome == OUTCOME_OK ? service_answer_history(call, "subscription", entries, count) : outcome;
}

#define READS .who = BY_API_KEY, .permission = "read:subscriptions"
#define WRITES .who = BY_API_KEY, .permission = "write:subscriptions", .body = BODY_JSON_VALUES
#define DELETES .who = BY_API_KEY, .permission = "delete:subscriptions"

static const struct route routes[] = {
    { "GET", "/api/service/plans", READS, .handler = get_plans },
    { "POST", "/api/service/plans", WRITES, .body_max = PLAN_BODY_MAX, .handler = post_plan },
    { "GET", "/api/service/plans/{plan_id}", READS, .handler = get_plan },
    { "PATCH", "/api/service/plans/{plan_id}", WRITES, .body_max = PLAN_BODY_MAX, .handler = patch_plan },
    { "DELETE", "/api/service/plans/{plan_id}", DELETES, .handler = delete_plan },
    { "GET", "/api/service/subscriptions", READS, .handler = get_subscriptions },
    { "POST", "/api/service/subscriptions", WRITES, .handler = post_subscription },
    { "GET", "/api/service/subscriptions/{user_id}", READS, .handler = get_subscription },
    { "PATCH", "/api/service/subscriptions/{user_id}", WRITES, .handler = patch_subscription },
    { "DELETE", "/api/service/subscriptions/{user_id}", DELETES, .handler = delete_subscription },
    { "GET", "/api/service/subscriptions/{user_id}/history", READS, .handler = get_history },
};

const struct route_family subscriptions_family = SERVICE_FAMILY("subscriptions", routes);
