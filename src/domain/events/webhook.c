/* webhook.c: see webhook.h. */
#include "domain/events/webhook.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/events/event.h"
#include "domain/events/webhook_secret.h"
#include "domain/precondition.h"
#include "net/egress.h"

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

/* The names, each once; "*" when that is among them; NULL when there is none or one is unknown. */
static const char *read_events(struct arena *arena, const char *list)
{
    struct strbuf names = strbuf_start(arena);
    const char *word, *cursor = list;
    size_t length;

    if (text_has_word(list, ',', "*"))
        return "*";
    while (text_next_word(&cursor, ',', &word, &length)) {
        if (!is_known_event(word, length))
            return NULL;
        if (text_has_word(names.data, ',', arena_strndup(arena, word, length)))
            continue;
        strbuf_add_format(&names, "%s%.*s", names.length ? "," : "", (int)length, word);
    }
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

/* --- the webhooks of a service --- */

static enum outcome check_count(struct context *context, const unsigned char service_id[16])
{
    int64_t count = 0;
    enum store_result result = webhooks_count(context->db, context->arena, service_id, &count);

    if (result == STORE_OK && count >= MAX_PER_SERVICE)
        return refuse(context, OUTCOME_INVALID_REQUEST, "a service can have 20 webhooks");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
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
    if (outcome == OUTCOME_OK)
        outcome = check_count(context, service_id);
    if (outcome != OUTCOME_OK)
        return outcome;
    random_uuid_timed(context->now_ms, row_out->id);
    memcpy(row_out->service_id, service_id, sizeof(row_out->service_id));
    *secret_out = webhook_secret_make(context, row_out);
    return store_outcome(context, webhooks_add(context->db, row_out), OUTCOME_NOT_FOUND, "no such service");
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

const char *webhook_tag(struct arena *arena, const struct webhook_row *row)
{
    return precondition_tag_of_text(arena,
                                    arena_printf(arena, "%s %s %s %s", row->url, row->events, row->status,
                                                 hex_encode(arena, row->sealed.data, row->sealed.length)));
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
    enum outcome outcome; /* why not, when the database isn't the reason */
};

static enum outcome change_row(struct change *change)
{
    struct context *context = change->context;

    if (!precondition_holds(change->if_match, webhook_tag(context->arena, change->row)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the webhook has been changed since");
    change->row->updated_at = context->now;
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
    change->outcome = change_row(change);
    return change->outcome == OUTCOME_OK ? webhooks_change(db, change->row) : STORE_NOT_FOUND;
}

static enum outcome run_change(struct change *change, const char *id)
{
    struct context *context = change->context;

    if (!id || !uuid_decode(id, change->id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown_webhook);
    enum store_result result = db_transact(context->db, change_in_transaction, change);
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

enum outcome webhook_remove(struct context *context, const unsigned char service_id[16], const char *id)
{
    unsigned char bytes[16];

    if (!id || !uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown_webhook);
    return store_outcome(context, webhooks_remove(context->db, service_id, bytes), OUTCOME_NOT_FOUND,
                         unknown_webhook);
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
    enum store_result result = delivery_add(context->db, row_out);
    event_wake(context);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown_webhook);
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
    outcome = store_outcome(context,
                            delivery_replay(context->db, webhook, bytes, context->now, row_out->expires_at),
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
