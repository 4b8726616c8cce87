/* webhook.c: see webhook.h. */
#include "domain/events/webhook.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/events/event.h"
#include "domain/events/record.h"
#include "domain/events/webhook_secret.h"
#include "domain/precondition.h"
#include "net/egress.h"
#include "store/services.h"

enum { MAX_PER_SERVICE = 20, URL_MAX_BYTES = 2000, DELIVERY_KEPT_S = 30 * 24 * 3600 };

static const char unknown_webhook[] = "no such webhook";
static const char unknown_delivery[] = "no such delivery of this webhook";
static const char states[] = "waiting sending sent dead";

static const char *const known_events[] = {
    EVENT_MEMBER_CREATED,         EVENT_MEMBER_UPDATED,       EVENT_MEMBER_DELETED,
    EVENT_SUBSCRIPTION_CREATED,   EVENT_SUBSCRIPTION_UPDATED, EVENT_SUBSCRIPTION_DELETED,
    EVENT_PERMISSION_REQUESTED,   EVENT_PERMISSION_CHANGED,   EVENT_PROVIDER_GRANT_CREATED,
    EVENT_PROVIDER_GRANT_DELETED,
};

/* --- what is wanted --- */

static bool is_known_event(const char *word, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_events); i++)
        if (strlen(known_events[i]) == length && memcmp(known_events[i], word, length) == 0)
            return true;
    return false;
}

static bool is_all(const char *word, size_t length)
{
    return length == 1 && *word == '*';
}

/* The names, each once; "*" when that is among them; NULL when there is none or one is unknown. */
static const char *read_events(struct arena *arena, const char *list)
{
    struct strbuf names = strbuf_start(arena);
    const char *word, *cursor = list;
    size_t length;

    while (text_next_word(&cursor, ',', &word, &length)) {
        if (!is_known_event(word, length) && !is_all(word, length))
            return NULL;
        if (text_has_word(names.data, ',', arena_strndup(arena, word, length)))
            continue;
        strbuf_add_format(&names, "%s%.*s", names.length ? "," : "", (int)length, word);
    }
    if (text_has_word(names.data, ',', "*"))
        return "*";
    return names.length ? names.data : NULL;
}

static enum outcome take_url(struct context *context, const char *url, struct webhook_row *row)
{
    struct uri uri;
    const char *wrong = egress_check_url(context->arena, context->settings, url, &uri);

    if (!wrong && strlen(url) > URL_MAX_BYTES)
        wrong = "it must have at most 2000 bytes";
    if (wrong)
        return refuse(context, OUTCOME_INVALID_REQUEST, arena_printf(context->arena, "url: %s", wrong));
    row->url = url;
    return OUTCOME_OK;
}

static enum outcome take_wanted(struct context *context, const struct webhook_wanted *wanted,
                                struct webhook_row *row)
{
    if (wanted->url && take_url(context, wanted->url, row) != OUTCOME_OK)
        return OUTCOME_INVALID_REQUEST;
    if (wanted->events)
        row->events = read_events(context->arena, wanted->events);
    if (!row->events)
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "events must be names such as member.created and subscription.updated, or * for all");
    if (wanted->status && !text_equal(wanted->status, "active") && !text_equal(wanted->status, "disabled"))
        return refuse(context, OUTCOME_INVALID_REQUEST, "status must be active or disabled");
    if (wanted->status)
        row->status = wanted->status;
    return OUTCOME_OK;
}

/* --- what history tells of a webhook --- */

/* Of the address, whose path and query are often secrets, the origin. */
static const char *origin_of(struct arena *arena, const char *url)
{
    struct uri uri;
    return uri_parse(arena, url, &uri) ? uri_origin(arena, &uri) : NULL;
}

/* changed: the members that are other than before, space separated; NULL: that isn't told. */
static struct record record_of(struct context *context, const char *type, const struct webhook_row *row,
                               const char *changed)
{
    const char *id = uuid_encode(context->arena, row->id);
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "id", id);
    json_write_text(&data, "origin", origin_of(context->arena, row->url));
    json_write_words(&data, "events", row->events, ',');
    json_write_text(&data, "status", row->status);
    if (changed)
        json_write_words(&data, "changed", changed, ' ');
    json_close_object(&data);
    return (struct record) {
        .type = type, .service_id = row->service_id, .subject = id, .data = data.text.data, .untold = true
    };
}

static struct record record_of_delivery(struct context *context, const char *type,
                                        const struct delivery_row *delivery)
{
    const char *id = uuid_encode(context->arena, delivery->webhook.id);
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "id", id);
    json_write_text(&data, "delivery_id", uuid_encode(context->arena, delivery->id));
    json_write_text(&data, "event", delivery->event);
    json_close_object(&data);
    return (struct record) { .type = type,
                             .service_id = delivery->webhook.service_id,
                             .subject = id,
                             .data = data.text.data,
                             .untold = true };
}

/* --- the webhooks of a service --- */

struct addition {
    struct arena *arena;
    const struct webhook_row *row;
    bool full; /* out: the service has as many as may be */
};

/* The service is locked, so that of two at once one sees the other. */
static enum store_result add_in_transaction(struct db *db, void *argument)
{
    struct addition *addition = argument;
    struct service_row service;
    int64_t count = 0;
    enum store_result result = services_lock(db, addition->arena, addition->row->service_id, &service);

    if (result == STORE_OK)
        result = webhooks_count(db, addition->arena, addition->row->service_id, &count);
    addition->full = count >= MAX_PER_SERVICE;
    if (result == STORE_OK && addition->full)
        return STORE_CONFLICT;
    return result == STORE_OK ? webhooks_add(db, addition->row) : result;
}

enum outcome webhook_add(struct context *context, const unsigned char service_id[16],
                         const struct webhook_wanted *wanted, struct webhook_row *row_out,
                         const char **secret_out)
{
    *row_out = (struct webhook_row) {
        .events = "*", .status = "active", .created_at = context->now, .updated_at = context->now
    };
    if (!wanted->url)
        return refuse(context, OUTCOME_INVALID_REQUEST, "url is missing");
    enum outcome outcome = take_wanted(context, wanted, row_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    random_uuid_timed(context->now_ms, row_out->id);
    memcpy(row_out->service_id, service_id, sizeof(row_out->service_id));
    *secret_out = webhook_secret_make(context, row_out);
    struct addition addition = { .arena = context->arena, .row = row_out };
    const struct record record = record_of(context, "webhook.created", row_out, NULL);
    enum store_result result = record_change(context, &record, add_in_transaction, &addition);
    if (result == STORE_CONFLICT && addition.full)
        return refuse(context, OUTCOME_INVALID_REQUEST, "a service can have 20 webhooks");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such service");
}

enum outcome webhook_list(struct context *context, const unsigned char service_id[16],
                          const struct page *page, struct webhook_row **rows_out, size_t *count_out,
                          int64_t *total_out)
{
    enum store_result result =
        webhooks_list(context->db, context->arena, service_id, page, rows_out, count_out);

    if (result == STORE_OK)
        result = webhooks_count(context->db, context->arena, service_id, total_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
}

enum outcome webhook_find(struct context *context, const unsigned char service_id[16], const char *id,
                          struct webhook_row *row_out)
{
    unsigned char bytes[16];

    if (!id || !uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown_webhook);
    return store_outcome(context, webhooks_find(context->db, context->arena, service_id, bytes, row_out),
                         OUTCOME_NOT_FOUND, unknown_webhook);
}

const char *webhook_tag(struct context *context, const struct webhook_row *row)
{
    return precondition_tag_of_text(context->arena,
                                    arena_printf(context->arena, "%s %s %s %s", row->url, row->events,
                                                 row->status, webhook_secret_state(context, row)));
}

/* A change of one row, which is locked meanwhile. */
struct change {
    struct context *context;
    const unsigned char *service_id;
    unsigned char id[16];
    const struct webhook_wanted *wanted; /* NULL: a new secret */
    const char *if_match;
    struct webhook_row *row;
    const char *secret;
    struct record record; /* out */
    enum outcome outcome; /* why not, when the database isn't the reason */
};

/* The members in which the two differ. */
static const char *differences(struct arena *arena, const struct webhook_row *before,
                               const struct webhook_row *after)
{
    return arena_printf(arena, "%s%s%s", text_equal(before->url, after->url) ? "" : "url ",
                        text_equal(before->events, after->events) ? "" : "events ",
                        text_equal(before->status, after->status) ? "" : "status");
}

/* Nothing is written where nothing is different. */
static struct record record_of_change(const struct change *change, const struct webhook_row *before)
{
    struct context *context = change->context;
    const char *changed = differences(context->arena, before, change->row);

    if (change->secret)
        return record_of(context, "webhook.secret_rotated", change->row, NULL);
    return record_of(context, *changed ? "webhook.updated" : NULL, change->row, changed);
}

static enum outcome change_row(struct change *change)
{
    struct context *context = change->context;

    if (!precondition_holds(change->if_match, webhook_tag(context, change->row)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the webhook has been changed since");
    if (change->wanted)
        return take_wanted(context, change->wanted, change->row);
    change->secret = webhook_secret_rotate(context, change->row);
    return change->secret ? OUTCOME_OK
                          : refuse(context, OUTCOME_SERVER_ERROR,
                                   "the secret can't be opened: its key is gone from the key file");
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct change *change = argument;
    enum store_result result =
        webhooks_lock(db, change->context->arena, change->service_id, change->id, change->row);

    if (result != STORE_OK)
        return result;
    const struct webhook_row before = *change->row;
    change->outcome = change_row(change);
    if (change->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    change->record = record_of_change(change, &before);
    if (record_is_empty(&change->record))
        return STORE_OK;
    change->row->updated_at = change->context->now;
    return webhooks_change(db, change->row);
}

static enum outcome run_change(struct change *change, const char *id)
{
    struct context *context = change->context;

    if (!id || !uuid_decode(id, change->id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown_webhook);
    enum store_result result = record_change(context, &change->record, change_in_transaction, change);
    if (result == STORE_NOT_FOUND && change->outcome != OUTCOME_OK)
        return change->outcome;
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
}

enum outcome webhook_change(struct context *context, const unsigned char service_id[16], const char *id,
                            const struct webhook_wanted *wanted, const char *if_match,
                            struct webhook_row *row_out)
{
    struct change change = {
        .context = context, .service_id = service_id, .wanted = wanted, .if_match = if_match, .row = row_out
    };

    return run_change(&change, id);
}

enum outcome webhook_rotate(struct context *context, const unsigned char service_id[16], const char *id,
                            struct webhook_row *row_out, const char **secret_out)
{
    struct change change = { .context = context, .service_id = service_id, .row = row_out };
    enum outcome outcome = run_change(&change, id);

    *secret_out = change.secret;
    return outcome;
}

static enum store_result remove_row(struct db *db, void *argument)
{
    const struct webhook_row *row = argument;

    return webhooks_remove(db, row->service_id, row->id);
}

enum outcome webhook_remove(struct context *context, const unsigned char service_id[16], const char *id)
{
    struct webhook_row row;
    enum outcome found = webhook_find(context, service_id, id, &row);

    if (found != OUTCOME_OK)
        return found;
    const struct record record = record_of(context, "webhook.deleted", &row, NULL);
    return store_outcome(context, record_change(context, &record, remove_row, &row), OUTCOME_NOT_FOUND,
                         unknown_webhook);
}

static enum store_result disable_row(struct db *db, void *argument)
{
    struct change *change = argument;
    struct webhook_row *row = change->row;
    enum store_result result = webhooks_lock(db, change->context->arena, change->service_id, change->id, row);

    change->record.type = NULL; /* of a first try */
    if (result != STORE_OK || text_equal(row->status, "disabled"))
        return result;
    row->status = "disabled";
    row->updated_at = change->context->now;
    change->record = record_of(change->context, "webhook.updated", row, "status");
    return webhooks_change(db, row);
}

enum store_result webhook_disable_gone(struct context *context, const struct webhook_row *webhook)
{
    struct webhook_row row;
    struct change change = { .context = context, .service_id = webhook->service_id, .row = &row };

    memcpy(change.id, webhook->id, sizeof(change.id));
    return record_change(context, &change.record, disable_row, &change);
}

/* --- deliveries --- */

static const char *test_payload(struct context *context, const struct webhook_row *webhook)
{
    struct json_writer writer = json_writer_start(context->arena);

    json_open_object(&writer, NULL);
    json_write_text(&writer, "type", EVENT_WEBHOOK_TEST);
    json_write_time(&writer, "timestamp", context->now);
    json_open_object(&writer, "data");
    json_write_text(&writer, "webhook_id", uuid_encode(context->arena, webhook->id));
    json_close_object(&writer);
    json_close_object(&writer);
    return writer.text.data;
}

static enum store_result add_delivery(struct db *db, void *argument)
{
    return delivery_add(db, argument);
}

enum outcome webhook_test(struct context *context, const struct webhook_row *webhook,
                          struct delivery_row *row_out)
{
    *row_out = (struct delivery_row) {
        .event = EVENT_WEBHOOK_TEST,
        .payload = test_payload(context, webhook),
        .state = "waiting",
        .next_at = context->now,
        .error = "",
        .created_at = context->now,
        .expires_at = context->now + DELIVERY_KEPT_S,
        .webhook = *webhook,
    };
    if (!text_equal(webhook->status, "active"))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the webhook is disabled");
    random_uuid_timed(context->now_ms, row_out->id);
    const struct record record = record_of_delivery(context, "webhook.tested", row_out);
    enum store_result result = record_change(context, &record, add_delivery, row_out);
    event_wake(context);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
}

static enum store_result replay(struct db *db, void *argument)
{
    const struct delivery_row *row = argument;

    return delivery_replay(db, &row->webhook, row->id, row->next_at, row->expires_at);
}

enum outcome webhook_replay(struct context *context, const struct webhook_row *webhook, const char *id,
                            struct delivery_row *row_out)
{
    unsigned char bytes[16];

    if (!id || !uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown_delivery);
    if (!text_equal(webhook->status, "active"))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the webhook is disabled");
    enum outcome outcome =
        store_outcome(context, delivery_find(context->db, context->arena, webhook, bytes, row_out),
                      OUTCOME_NOT_FOUND, unknown_delivery);
    if (outcome != OUTCOME_OK)
        return outcome;
    row_out->state = "waiting";
    row_out->attempts = 0;
    row_out->next_at = context->now;
    row_out->expires_at = context->now + DELIVERY_KEPT_S;
    row_out->webhook = *webhook;
    const struct record record = record_of_delivery(context, "webhook.replayed", row_out);
    outcome = store_outcome(context, record_change(context, &record, replay, row_out),
                            OUTCOME_INVALID_REQUEST, "the delivery is just being sent");
    event_wake(context);
    return outcome;
}

enum outcome webhook_deliveries(struct context *context, const struct webhook_row *webhook, const char *state,
                                const struct page *page, struct delivery_row **rows_out, size_t *count_out,
                                int64_t *total_out)
{
    if (state && (!*state || !text_has_word(states, ' ', state)))
        return refuse(context, OUTCOME_INVALID_REQUEST, "state must be one of waiting, sending, sent, dead");
    enum store_result result =
        delivery_list(context->db, context->arena, webhook, state, page, rows_out, count_out);
    if (result == STORE_OK)
        result = delivery_count(context->db, context->arena, webhook, state, total_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
}
