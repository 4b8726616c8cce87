/* event.c: see event.h. */
#include "domain/events/event.h"

#include "core/text.h"
#include "crypto/random.h"
#include "store/webhook_deliveries.h"

enum { DAY = 24 * 3600, HISTORY_KEPT_S = 730 * DAY, DELIVERY_KEPT_S = 30 * DAY };

static const char *print_payload(struct context *context, const struct event_rows *rows)
{
    struct json_writer writer = json_writer_start(context->arena);

    json_open_object(&writer, NULL);
    json_write_text(&writer, "type", rows->type);
    json_write_time(&writer, "timestamp", context->now);
    json_write_raw(&writer, "data", rows->data);
    json_close_object(&writer);
    return writer.text.data;
}

void event_make(struct context *context, const struct event *event, struct event_rows *rows_out)
{
    *rows_out = (struct event_rows) {
        .type = event->type,
        .subject = event->subject ? event->subject : "",
        .actor = event->actor ? event->actor : "",
        .data = text_empty(event->data) ? "{}" : event->data,
        .at_ms = context->now_ms,
    };
    random_uuid_timed(context->now_ms, rows_out->id);
    memcpy(rows_out->service_id, event->service_id, sizeof(rows_out->service_id));
    rows_out->payload = print_payload(context, rows_out);
}

struct history_row event_history(const struct event_rows *rows)
{
    struct history_row past = {
        .kind = rows->type,
        .subject = rows->subject,
        .actor = rows->actor,
        .change = rows->data,
        .at_ms = rows->at_ms,
        .expires_at = rows->at_ms / 1000 + HISTORY_KEPT_S,
    };
    memcpy(past.id, rows->id, sizeof(past.id));
    memcpy(past.service_id, rows->service_id, sizeof(past.service_id));
    return past;
}

enum store_result event_store(struct db *db, const struct event_rows *rows)
{
    int64_t now = rows->at_ms / 1000;
    const struct history_row past = event_history(rows);
    const struct delivery_event news = {
        .id = rows->id,
        .service_id = rows->service_id,
        .type = rows->type,
        .payload = rows->payload,
        .now = now,
        .expires_at = now + DELIVERY_KEPT_S,
    };
    enum store_result result = history_add(db, &past);
    return result == STORE_OK ? deliveries_add(db, &news) : result;
}

void event_wake(struct context *context)
{
    shared_mail_raise(context->shared);
}

enum outcome history_of(struct context *context, const unsigned char service_id[16], const char *subject,
                        const struct page *page, struct history_entry **entries_out, size_t *count_out)
{
    struct history_row *rows = NULL;
    enum store_result result =
        history_list(context->db, context->arena, service_id, subject, page, &rows, count_out);

    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "history could not be read");
    *entries_out = arena_alloc(context->arena, (*count_out + 1) * sizeof(**entries_out));
    for (size_t i = 0; i < *count_out; i++)
        (*entries_out)[i] =
            (struct history_entry) { rows[i].kind, rows[i].actor, rows[i].change, rows[i].at_ms };
    return OUTCOME_OK;
}
