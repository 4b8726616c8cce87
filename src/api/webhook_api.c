/* webhook_api.c: where a service wants to be told of its events, for its API keys. */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/events/webhook.h"

/* --- shapes --- */

/* secret: only where it was just made. */
static void write_webhook(struct json_writer *writer, const struct webhook_row *row, const char *secret)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->id));
    json_write_text(writer, "url", row->url);
    json_write_words(writer, "events", row->events, ',');
    json_write_text(writer, "status", row->status);
    json_write_time(writer, "created_at", row->created_at);
    json_write_time(writer, "updated_at", row->updated_at);
    json_write_text(writer, "secret", secret);
    json_close_object(writer);
}

static void write_delivery(struct json_writer *writer, const struct delivery_row *row)
{
    bool waits = text_equal(row->state, "waiting");

    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->id));
    json_write_text(writer, "event", row->event);
    json_write_text(writer, "state", row->state);
    json_write_integer(writer, "attempts", row->attempts);
    if (row->response_status)
        json_write_integer(writer, "response_status", row->response_status);
    else
        json_write_null(writer, "response_status");
    if (text_empty(row->error))
        json_write_null(writer, "error");
    else
        json_write_text(writer, "error", row->error);
    json_write_time(writer, "created_at", row->created_at);
    service_write_time(writer, "next_at", waits ? row->next_at : 0);
    service_write_time(writer, "sent_at", row->sent_at);
    json_write_raw(writer, "payload", row->payload);
    json_close_object(writer);
}

static enum outcome answer_webhook(struct call *call, int status, const struct webhook_row *row,
                                   const char *secret)
{
    struct json_writer writer = json_writer_start(call->arena);

    write_webhook(&writer, row, secret);
    return service_answer(call, status, &writer, webhook_tag(&call->context, row));
}

/* Taken, and on its way: what becomes of it, the list of deliveries tells. */
static enum outcome answer_delivery(struct call *call, const struct delivery_row *row)
{
    struct json_writer writer = json_writer_start(call->arena);

    write_delivery(&writer, row);
    return service_answer(call, 202, &writer, NULL);
}

/* --- what is asked --- */

/* "events": ["member.created"] as the rule takes it; NULL when absent. */
static enum outcome read_events(struct call *call, const char **events_out)
{
    const struct json *list = json_member(call->json, "events");
    struct strbuf names = strbuf_start(call->arena);

    *events_out = NULL;
    if (!list)
        return OUTCOME_OK;
    for (size_t i = 0; i < json_count(list); i++) {
        const char *name = json_text(json_item(list, i));
        if (text_empty(name) || strchr(name, ','))
            return refuse(&call->context, OUTCOME_INVALID_REQUEST, "events must be an array of names");
        strbuf_add_format(&names, "%s%s", i ? "," : "", name);
    }
    if (json_kind(list) != JSON_ARRAY)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "events must be an array of names");
    *events_out = names.data;
    return OUTCOME_OK;
}

static enum outcome read_wanted(struct call *call, struct webhook_wanted *wanted_out)
{
    enum outcome outcome = service_body_text(call, "url", &wanted_out->url);

    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "status", &wanted_out->status);
    return outcome == OUTCOME_OK ? read_events(call, &wanted_out->events) : outcome;
}

static enum outcome find_webhook(struct call *call, struct webhook_row *row_out)
{
    return webhook_find(&call->context, call->api_key->service_id, call->values[0], row_out);
}

/* --- the endpoints --- */

static enum outcome post_webhook(struct call *call)
{
    struct webhook_wanted wanted;
    struct webhook_row row;
    const char *secret = NULL;
    enum outcome outcome = read_wanted(call, &wanted);

    if (outcome == OUTCOME_OK)
        outcome = webhook_add(&call->context, call->api_key->service_id, &wanted, &row, &secret);
    return outcome == OUTCOME_OK ? answer_webhook(call, 201, &row, secret) : outcome;
}

static enum outcome get_webhooks(struct call *call)
{
    const unsigned char *service_id = call->api_key->service_id;
    struct page page;
    struct webhook_row *rows;
    size_t count;
    int64_t total;
    enum outcome outcome = service_read_page(call, &page);

    if (outcome == OUTCOME_OK)
        outcome = webhook_list(&call->context, service_id, &page, &rows, &count, &total);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "webhooks");
    for (size_t i = 0; i < count; i++)
        write_webhook(&writer, &rows[i], NULL);
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome get_webhook(struct call *call)
{
    struct webhook_row row;
    enum outcome outcome = find_webhook(call, &row);

    return outcome == OUTCOME_OK ? answer_webhook(call, 200, &row, NULL) : outcome;
}

static enum outcome patch_webhook(struct call *call)
{
    struct webhook_wanted wanted;
    struct webhook_row row;
    enum outcome outcome = read_wanted(call, &wanted);

    if (outcome == OUTCOME_OK)
        outcome = webhook_change(&call->context, call->api_key->service_id, call->values[0], &wanted,
                                 service_if_match(call), &row);
    return outcome == OUTCOME_OK ? answer_webhook(call, 200, &row, NULL) : outcome;
}

static enum outcome delete_webhook(struct call *call)
{
    enum outcome outcome = webhook_remove(&call->context, call->api_key->service_id, call->values[0]);

    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

static enum outcome post_rotate(struct call *call)
{
    struct webhook_row row;
    const char *secret;
    enum outcome outcome =
        webhook_rotate(&call->context, call->api_key->service_id, call->values[0], &row, &secret);

    return outcome == OUTCOME_OK ? answer_webhook(call, 200, &row, secret) : outcome;
}

static enum outcome post_test(struct call *call)
{
    struct webhook_row webhook;
    struct delivery_row row;
    enum outcome outcome = find_webhook(call, &webhook);

    if (outcome == OUTCOME_OK)
        outcome = webhook_test(&call->context, &webhook, &row);
    return outcome == OUTCOME_OK ? answer_delivery(call, &row) : outcome;
}

static enum outcome get_deliveries(struct call *call)
{
    struct page page;
    struct webhook_row webhook;
    struct delivery_row *rows;
    size_t count;
    int64_t total;
    enum outcome outcome = service_read_page(call, &page);

    if (outcome == OUTCOME_OK)
        outcome = find_webhook(call, &webhook);
    if (outcome == OUTCOME_OK)
        outcome = webhook_deliveries(&call->context, &webhook, call_parameter(call, "state"), &page, &rows,
                                     &count, &total);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "deliveries");
    for (size_t i = 0; i < count; i++)
        write_delivery(&writer, &rows[i]);
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome post_replay(struct call *call)
{
    struct webhook_row webhook;
    struct delivery_row row;
    enum outcome outcome = find_webhook(call, &webhook);

    if (outcome == OUTCOME_OK)
        outcome = webhook_replay(&call->context, &webhook, call->values[1], &row);
    return outcome == OUTCOME_OK ? answer_delivery(call, &row) : outcome;
}

#define READ .who = BY_API_KEY, .permission = "read:service"
#define WRITE .who = BY_API_KEY, .permission = "write:service"

static const struct route routes[] = {
    { "GET", "/api/service/webhooks", READ, .handler = get_webhooks },
    { "POST", "/api/service/webhooks", WRITE, .body = BODY_JSON_VALUES, .handler = post_webhook },
    { "GET", "/api/service/webhooks/{webhook}", READ, .handler = get_webhook },
    { "PATCH", "/api/service/webhooks/{webhook}", WRITE, .body = BODY_JSON_VALUES, .handler = patch_webhook },
    { "DELETE", "/api/service/webhooks/{webhook}", WRITE, .handler = delete_webhook },
    { "POST", "/api/service/webhooks/{webhook}/rotate-secret", WRITE, .body = BODY_JSON_VALUES,
      .handler = post_rotate },
    { "POST", "/api/service/webhooks/{webhook}/test", WRITE, .body = BODY_JSON_VALUES, .handler = post_test },
    { "GET", "/api/service/webhooks/{webhook}/deliveries", READ, .handler = get_deliveries },
    { "POST", "/api/service/webhooks/{webhook}/deliveries/{delivery}/replay", WRITE, .body = BODY_JSON_VALUES,
      .handler = post_replay },
};

const struct route_family webhooks_family = SERVICE_FAMILY("webhooks", routes);
