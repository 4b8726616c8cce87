/* plan_endpoints.c: see plan_endpoints.h. */
#include "api/plan_endpoints.h"

#include "api/service_errors.h"
#include "domain/subscriptions/plan.h"

static enum outcome answer_plan(struct call *call, int status, const struct plan_row *plan)
{
    struct json_writer writer = json_writer_start(call->arena);
    plan_write(&writer, plan);
    return service_answer(call, status, &writer, plan_tag(call->arena, plan));
}

/* Members that are absent or null leave what is. */
static enum outcome read_terms(struct call *call, struct plan_terms *terms_out)
{
    const struct json *price = json_member(call->json, "price_cents");
    *terms_out =
        (struct plan_terms) { .has_price = price != NULL, .features = json_member(call->json, "features") };
    if (price && !json_integer(price, &terms_out->price_cents))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "price_cents must be a whole number");
    enum outcome outcome = service_body_text(call, "name", &terms_out->name);
    return outcome == OUTCOME_OK ? service_body_text(call, "currency", &terms_out->currency) : outcome;
}

enum outcome plan_endpoint_list(struct call *call, const unsigned char service_id[16])
{
    struct page page;
    struct plan_row *plans;
    size_t count;
    int64_t total;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = plan_list(&call->context, service_id, &page, &plans, &count, &total);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "plans");
    for (size_t i = 0; i < count; i++)
        plan_write(&writer, &plans[i]);
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

enum outcome plan_endpoint_add(struct call *call, const unsigned char service_id[16])
{
    struct plan_terms terms;
    struct plan_row plan;
    enum outcome outcome = read_terms(call, &terms);
    if (outcome == OUTCOME_OK)
        outcome = plan_add(&call->context, service_id, &terms, &plan);
    return outcome == OUTCOME_OK ? answer_plan(call, 201, &plan) : outcome;
}

enum outcome plan_endpoint_show(struct call *call, const unsigned char service_id[16], const char *id)
{
    struct plan_row plan;
    enum outcome outcome = plan_find(&call->context, service_id, id, &plan);
    return outcome == OUTCOME_OK ? answer_plan(call, 200, &plan) : outcome;
}

enum outcome plan_endpoint_change(struct call *call, const unsigned char service_id[16], const char *id)
{
    struct plan_terms terms;
    struct plan_row plan;
    enum outcome outcome = read_terms(call, &terms);
    if (outcome == OUTCOME_OK)
        outcome = plan_change(&call->context, service_id, id, service_if_match(call), &terms, &plan);
    return outcome == OUTCOME_OK ? answer_plan(call, 200, &plan) : outcome;
}

enum outcome plan_endpoint_remove(struct call *call, const unsigned char service_id[16], const char *id)
{
    enum outcome outcome = plan_remove(&call->context, service_id, id);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}
