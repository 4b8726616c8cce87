/* admin_plans_page.c: a service's plans (listed, added, edited, removed) and who subscribes to which. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/members/member.h"
#include "domain/subscriptions/plan.h"
#include "domain/subscriptions/subscription.h"
#include "pages/admin_page.h"

enum { MAX_PRICE = 1000000000 };

/* --- plans --- */

/* A JSON array of texts as lines. */
static const char *feature_lines(struct arena *arena, const char *features)
{
    const char *error;
    struct strbuf lines = strbuf_start(arena);
    const struct json *list = json_parse(arena, features, strlen(features), &error);
    for (size_t i = 0; i < json_count(list); i++)
        strbuf_add_format(&lines, "%s%s", i > 0 ? "\n" : "", json_text(json_item(list, i)));
    return lines.data;
}

static const char *price_of(struct view *view, const struct plan_row *row)
{
    return arena_printf(view->call->arena, "%lld.%02lld %s", (long long)(row->price_cents / 100),
                        (long long)(row->price_cents % 100), row->currency);
}

static void put_plan_fields(struct admin_fields *fields, const struct plan_row *plan)
{
    struct arena *arena = fields->view->call->arena;
    admin_text(fields, "plan_name", plan == NULL ? NULL : plan->name);
    admin_number(fields, "price_cents",
                 plan == NULL ? "0" : arena_printf(arena, "%lld", (long long)plan->price_cents));
    admin_text(fields, "currency", plan == NULL ? "usd" : plan->currency);
    admin_area(fields, "plan_features", plan == NULL ? NULL : feature_lines(arena, plan->features));
}

static enum outcome fill_plans(struct view *view)
{
    struct service_row service;
    struct plan_row *rows;
    size_t count;
    int64_t total;
    struct call *call = view->call;
    enum outcome found = admin_service(view, &service);
    struct page page = admin_list_page(view);
    if (found == OUTCOME_OK)
        found = plan_list(&call->context, service.id, &page, &rows, &count, &total);
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "plans", "name price created");
    size_t shown = admin_list_ends(view, &page, count, false);
    for (size_t i = 0; i < shown; i++) {
        admin_row(view, table);
        admin_cell(view, table, rows[i].name,
                   admin_path(view, "plans", uuid_encode(call->arena, rows[i].id)));
        admin_cell(view, table, price_of(view, &rows[i]), NULL);
        admin_cell(view, table, admin_date(view, rows[i].created_at), NULL);
    }
    struct admin_fields fields = admin_form(view, "plan_add", false);
    put_plan_fields(&fields, NULL);
    return OUTCOME_OK;
}

/* One feature a line. */
static struct json *read_features(struct view *view)
{
    struct arena *arena = view->call->arena;
    struct json *list = json_new_array(arena);
    const char *text = call_parameter(view->call, "plan_features"), *line;
    size_t length;
    while (text != NULL && text_next_word(&text, '\n', &line, &length)) {
        const char *feature = text_trim(arena, arena_strndup(arena, line, length));
        if (!text_empty(feature))
            json_append_text(list, feature);
    }
    return list;
}

/* False with an error beside the field. */
static bool read_terms(struct view *view, struct plan_terms *terms_out)
{
    struct call *call = view->call;
    const char *price = call_parameter(call, "price_cents");
    *terms_out = (struct plan_terms) { .name = call_parameter(call, "plan_name"),
                                       .has_price = true,
                                       .currency = call_parameter(call, "currency"),
                                       .features = read_features(view) };
    if (terms_out->name == NULL)
        admin_wrong(view, "plan_name", "admin_problem_name");
    if (price != NULL && !text_to_int(price, 0, MAX_PRICE, &terms_out->price_cents))
        admin_wrong(view, "price_cents", "admin_problem_price");
    return json_count(view->errors) == 0;
}

static enum outcome act_add(struct view *view, struct admin_done *done)
{
    struct service_row service;
    struct plan_terms terms;
    struct plan_row row;
    enum outcome outcome = admin_service(view, &service);
    if (outcome != OUTCOME_OK || !read_terms(view, &terms))
        return outcome;
    outcome = plan_add(&view->call->context, service.id, &terms, &row);
    return admin_said(view, outcome, "plan_added", done);
}

const struct admin_page admin_plans_page = {
    .path = "/admin/services/{service}/plans",
    .name = "plans",
    .in_navigation = true,
    .fill = fill_plans,
    .forms = { { "plan_add", ADMIN_MAKES, act_add } },
};

/* --- one of them --- */

static enum outcome find_plan(struct view *view, struct service_row *service_out, struct plan_row *plan_out)
{
    enum outcome found = admin_service(view, service_out);
    if (found == OUTCOME_OK)
        found = plan_find(&view->call->context, service_out->id, view->call->values[1], plan_out);
    return found;
}

static enum outcome fill_plan(struct view *view)
{
    struct service_row service;
    struct plan_row plan;
    enum outcome found = find_plan(view, &service, &plan);
    if (found != OUTCOME_OK)
        return found;
    json_put_text(view->model, "heading", view_inert(view->call->arena, plan.name));
    admin_fact_code(view, "id", uuid_encode(view->call->arena, plan.id));
    admin_fact(view, "created", admin_date(view, plan.created_at));
    struct admin_fields fields =
        admin_change_form(view, "plan_change", false, plan_tag(view->call->arena, &plan));
    put_plan_fields(&fields, &plan);
    admin_form(view, "plan_remove", true);
    return OUTCOME_OK;
}

static enum outcome act_change(struct view *view, struct admin_done *done)
{
    struct service_row service;
    struct plan_terms terms;
    struct plan_row plan;
    enum outcome outcome = find_plan(view, &service, &plan);
    if (outcome != OUTCOME_OK || !read_terms(view, &terms))
        return outcome;
    outcome =
        plan_change(&view->call->context, service.id, view->call->values[1], admin_seen(view), &terms, &plan);
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_remove(struct view *view, struct admin_done *done)
{
    struct service_row service;
    struct plan_row plan;
    enum outcome outcome = find_plan(view, &service, &plan);
    if (outcome == OUTCOME_OK)
        outcome = plan_remove(&view->call->context, service.id, view->call->values[1]);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    done->said = "plan_removed";
    done->path = admin_path(view, "plans", NULL);
    return OUTCOME_OK;
}

const struct admin_page admin_plan_page = {
    .path = "/admin/services/{service}/plans/{plan}",
    .name = "plan",
    .fill = fill_plan,
    .forms = { { "plan_change", ADMIN_RECENT, act_change }, { "plan_remove", ADMIN_RECENT, act_remove } },
};

/* --- who subscribes --- */

static const char *email_of(struct view *view, const struct service_row *service,
                            const struct subscription_row *row)
{
    struct member_row member;
    enum outcome found = member_find(&view->call->context, service->id, row->user_id, &member);
    return found == OUTCOME_OK ? member.email : uuid_encode(view->call->arena, row->user_id);
}

static enum outcome fill_subscriptions(struct view *view)
{
    struct service_row service;
    struct subscription_row *rows;
    size_t count;
    int64_t total;
    struct call *call = view->call;
    enum outcome found = admin_service(view, &service);
    struct page page = admin_list_page(view);
    const struct subscription_filter filter = { .service_id = service.id };
    if (found == OUTCOME_OK)
        found = subscription_list(&call->context, &filter, &page, &rows, &count, &total);
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "subscriptions", "email plan status until");
    size_t shown = admin_list_ends(view, &page, count, false);
    for (size_t i = 0; i < shown; i++) {
        admin_row(view, table);
        admin_cell(view, table, email_of(view, &service, &rows[i]),
                   admin_path(view, "subscriptions", uuid_encode(call->arena, rows[i].user_id)));
        admin_cell(view, table, rows[i].plan_name, NULL);
        admin_cell(view, table, admin_word(view, rows[i].status), NULL);
        admin_cell(view, table, admin_date(view, rows[i].current_period_end), NULL);
    }
    return OUTCOME_OK;
}

const struct admin_page admin_subscriptions_page = {
    .path = "/admin/services/{service}/subscriptions",
    .name = "subscriptions",
    .in_navigation = true,
    .fill = fill_subscriptions,
};

/* --- one member's --- */

static enum outcome put_history(struct view *view, const struct service_row *service)
{
    struct history_entry *entries;
    size_t count;
    const struct page page = { .limit = ADMIN_PAGE_ROWS };
    enum outcome found = subscription_history(&view->call->context, service->id, view->call->values[1], &page,
                                              &entries, &count);
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "history", "date what who");
    for (size_t i = 0; i < count; i++) {
        admin_row(view, table);
        admin_cell(view, table, admin_moment(view, entries[i].at_ms / 1000), NULL);
        admin_cell(view, table, admin_word(view, entries[i].type), NULL);
        admin_cell_code(view, table, entries[i].actor);
    }
    return OUTCOME_OK;
}

static enum outcome fill_subscription(struct view *view)
{
    struct service_row service;
    struct subscription_row row;
    struct call *call = view->call;
    enum outcome found = admin_service(view, &service);
    if (found == OUTCOME_OK)
        found = subscription_find(&call->context, service.id, call->values[1], &row);
    if (found != OUTCOME_OK)
        return found;
    json_put_text(view->model, "heading", view_inert(call->arena, email_of(view, &service, &row)));
    admin_fact(view, "plan", row.plan_name);
    admin_fact(view, "status", admin_word(view, row.status));
    admin_fact(view, "period_start", admin_moment(view, row.current_period_start));
    admin_fact(view, "period_end", admin_moment(view, row.current_period_end));
    admin_fact(view, "trial_end", admin_moment(view, row.trial_end));
    admin_fact(view, "cancels", admin_word(view, row.cancel_at_period_end ? "yes" : "no"));
    if (text_equal(row.status, "active") || text_equal(row.status, "trialing")) {
        admin_change_form(view, row.cancel_at_period_end ? "subscription_keep" : "subscription_cancel",
                          !row.cancel_at_period_end, subscription_tag(call->arena, &row));
    }
    return put_history(view, &service);
}

static enum outcome act_cancel(struct view *view, struct admin_done *done)
{
    bool cancel = admin_sent(view, "subscription_cancel");
    struct service_row service;
    struct subscription_row row;
    struct call *call = view->call;
    const struct subscription_change change = { .cancel_at_period_end = cancel,
                                                .if_match = admin_seen(view),
                                                .actor = admin_actor(view) };
    enum outcome outcome = admin_service(view, &service);
    if (outcome == OUTCOME_OK)
        outcome = subscription_change(&call->context, service.id, call->values[1], &change, &row);
    return admin_said(view, outcome, "changed", done);
}

const struct admin_page admin_subscription_page = {
    .path = "/admin/services/{service}/subscriptions/{user}",
    .name = "subscription",
    .fill = fill_subscription,
    .forms = { { "subscription_cancel", ADMIN_RECENT, act_cancel },
               { "subscription_keep", ADMIN_RECENT, act_cancel } },
};
