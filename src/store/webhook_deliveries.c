/* webhook_deliveries.c: see webhook_deliveries.h. */
#include "store/webhook_deliveries.h"

#include "store/claim.h"

enum { ADD_FOR_EVENT, ADD, DUE, NEXT_AT, CLAIM, END, HOLD, LIST, COUNT, FIND, REPLAY };

enum { ERROR_BYTES = 300 };

#define ROW(member) offsetof(struct delivery_row, member)

static const struct column delivery_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_TEXT, ROW(event) },
    { COLUMN_TEXT, ROW(payload) },
    { COLUMN_TEXT, ROW(state) },
    { COLUMN_INTEGER, ROW(attempts) },
    { COLUMN_INTEGER, ROW(next_at) },
    { COLUMN_INTEGER, ROW(response_status) },
    { COLUMN_TEXT, ROW(error) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(sent_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
    { COLUMN_ID, ROW(webhook.id) },
    { COLUMN_ID, ROW(webhook.service_id) },
    { COLUMN_TEXT, ROW(webhook.url) },
    { COLUMN_TEXT, ROW(webhook.events) },
    { COLUMN_BYTES, ROW(webhook.sealed) },
    { COLUMN_TEXT, ROW(webhook.status) },
    { COLUMN_INTEGER, ROW(webhook.created_at) },
    { COLUMN_INTEGER, ROW(webhook.updated_at) },
};

static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

/* The id begins as the event's does, with its time, and goes on with a hash of event and webhook: in order,
 * different for each webhook, and the same when the transaction is run again. */
#define ID_OF_EVENT_AND_WEBHOOK "CONCAT(LEFT(?, 8), LEFT(UNHEX(SHA2(CONCAT(?, w.id), 256)), 8))"

#define OF_WEBHOOK " FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id"
#define SELECT_DELIVERIES                                                                                    \
    "SELECT d.id, d.event, d.payload, d.state, d.attempts, d.next_at, d.response_status, d.error,"           \
    " d.created_at, d.sent_at, d.expires_at, w.id, w.service_id, w.url, w.events, w.secret_sealed, "         \
    "w.status,"                                                                                              \
    " w.created_at, w.updated_at" OF_WEBHOOK
#define THOSE " WHERE d.webhook_id = ? AND w.service_id = ? AND (? IS NULL OR d.state = ?)"

static const struct statement statements[] = {
    [ADD_FOR_EVENT] = { .name = "webhook_deliveries.add_for_event",
                        .sql = "INSERT INTO webhook_deliveries (id, webhook_id, event, payload, state,"
                               " next_at, created_at, expires_at) SELECT " ID_OF_EVENT_AND_WEBHOOK ", w.id,"
                               " ?, ?, 'waiting', ?, ?, ? FROM webhooks w WHERE w.service_id = ?"
                               " AND w.status = 'active'"
                               " AND (w.events = '*' OR FIND_IN_SET(?, w.events) > 0)",
                        .parameters = "bbttiiibt" },
    [ADD] = { .name = "webhook_deliveries.add",
              .sql = "INSERT INTO webhook_deliveries (id, webhook_id, event, payload, state, next_at,"
                     " created_at, expires_at) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)",
              .parameters = "bbttiii" },
    [DUE] = { .name = "webhook_deliveries.due",
              .sql = SELECT_DELIVERIES " WHERE d.state IN ('waiting', 'sending') AND d.next_at <= ?"
                                       " ORDER BY d.next_at, d.id LIMIT 1",
              .parameters = "i",
              COLUMNS(delivery_columns),
              .retry = true },
    [NEXT_AT] = NEXT_AT_STATEMENT("webhook_deliveries", number_column),
    [CLAIM] = CLAIM_STATEMENT("webhook_deliveries"),
    [END] = { .name = "webhook_deliveries.end",
              .sql = "UPDATE webhook_deliveries SET state = ?, error = ?, response_status = ?, next_at = ?,"
                     " sent_at = ?" WHERE_CLAIMED,
              .parameters = "ttiiibii",
              .retry = true },
    [HOLD] = { .name = "webhook_deliveries.hold",
               .sql = "UPDATE webhook_deliveries SET next_at = ? WHERE webhook_id = ? AND state = 'waiting'"
                      " AND next_at < ?",
               .parameters = "ibi",
               .retry = true },
    [LIST] = { .name = "webhook_deliveries.list",
               .sql = SELECT_DELIVERIES THOSE " ORDER BY d.created_at DESC, d.id DESC LIMIT ? OFFSET ?",
               .parameters = "bbttii",
               COLUMNS(delivery_columns),
               .retry = true },
    [COUNT] = { .name = "webhook_deliveries.count",
                .sql = "SELECT COUNT(*)" OF_WEBHOOK THOSE,
                .parameters = "bbtt",
                COLUMNS(number_column),
                .retry = true },
    [FIND] = { .name = "webhook_deliveries.find",
               .sql = SELECT_DELIVERIES " WHERE d.id = ? AND d.webhook_id = ? AND w.service_id = ?",
               .parameters = "bbb",
               COLUMNS(delivery_columns),
               .retry = true },
    [REPLAY] = { .name = "webhook_deliveries.replay",
                 .sql = "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, next_at = ?,"
                        " expires_at = ? WHERE id = ? AND state <> 'sending' AND webhook_id ="
                        " (SELECT id FROM webhooks WHERE id = ? AND service_id = ?)",
                 .parameters = "iibbb",
                 .retry = true },
};

const struct statement_table webhook_deliveries_statements = STATEMENT_TABLE(statements);

enum store_result deliveries_add(struct db *db, const struct delivery_event *event)
{
    return db_run(db, &statements[ADD_FOR_EVENT],
                  VALUES(sql_id(event->id), sql_id(event->id), sql_text(event->type),
                         sql_text(event->payload), sql_integer(event->now), sql_integer(event->now),
                         sql_integer(event->expires_at), sql_id(event->service_id), sql_text(event->type)),
                  NULL);
}

enum store_result delivery_add(struct db *db, const struct delivery_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->webhook.id), sql_text(row->event),
                         sql_text(row->payload), sql_integer(row->created_at), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result delivery_due(struct db *db, struct arena *arena, int64_t now, struct delivery_row *row_out)
{
    return db_find(db, arena, &statements[DUE], VALUES(sql_integer(now)), row_out);
}

enum store_result delivery_next_at(struct db *db, struct arena *arena, int64_t *next_at_out)
{
    return db_find(db, arena, &statements[NEXT_AT], NO_VALUES, next_at_out);
}

enum store_result delivery_claim(struct db *db, struct delivery_row *row, int64_t now, int64_t until)
{
    row->claimed_until = until;
    return claim_take(db, &statements[CLAIM], row->id, &row->attempts, now, until);
}

enum store_result delivery_end(struct db *db, const struct delivery_row *row)
{
    return db_run_one(db, &statements[END],
                      VALUES(sql_text(row->state), sql_text_cut(row->error, ERROR_BYTES),
                             sql_integer(row->response_status), sql_integer(row->next_at),
                             sql_integer(row->sent_at), CLAIM_VALUES(row)));
}

enum store_result delivery_hold(struct db *db, const unsigned char webhook_id[16], int64_t until)
{
    return db_run(db, &statements[HOLD], VALUES(sql_integer(until), sql_id(webhook_id), sql_integer(until)),
                  NULL);
}

enum store_result delivery_list(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                const char *state, const struct page *page, struct delivery_row **rows_out,
                                size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST],
                VALUES(sql_id(webhook->id), sql_id(webhook->service_id), sql_text(state), sql_text(state),
                       sql_integer(page->limit), sql_integer(page->offset)),
                sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result delivery_count(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                 const char *state, int64_t *count_out)
{
    return db_find(db, arena, &statements[COUNT],
                   VALUES(sql_id(webhook->id), sql_id(webhook->service_id), sql_text(state), sql_text(state)),
                   count_out);
}

enum store_result delivery_find(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                const unsigned char id[16], struct delivery_row *row_out)
{
    return db_find(db, arena, &statements[FIND],
                   VALUES(sql_id(id), sql_id(webhook->id), sql_id(webhook->service_id)), row_out);
}

enum store_result delivery_replay(struct db *db, const struct webhook_row *webhook,
                                  const unsigned char id[16], int64_t now, int64_t expires_at)
{
    return db_run_one(db, &statements[REPLAY],
                      VALUES(sql_integer(now), sql_integer(expires_at), sql_id(id), sql_id(webhook->id),
                             sql_id(webhook->service_id)));
}
