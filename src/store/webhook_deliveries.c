/* webhook_deliveries.c: see webhook_deliveries.h. */
#include "store/webhook_deliveries.h"

enum { ADD };

/* The id begins as the event's does, with its time, and goes on with a hash of event and webhook: in order,
 * different for each webhook, and the same when the transaction is run again. */
#define ID_OF_EVENT_AND_WEBHOOK "CONCAT(LEFT(?, 8), LEFT(UNHEX(SHA2(CONCAT(?, w.id), 256)), 8))"

static const struct statement statements[] = {
    [ADD] = { .name = "webhook_deliveries.add",
              .sql = "INSERT INTO webhook_deliveries (id, webhook_id, event, payload, state, next_at,"
                     " created_at, expires_at) SELECT " ID_OF_EVENT_AND_WEBHOOK ", w.id, ?, ?, 'waiting', ?,"
                     " ?, ? FROM webhooks w WHERE w.service_id = ? AND w.status = 'active'"
                     " AND (w.events = '*' OR FIND_IN_SET(?, w.events) > 0)",
              .parameters = "bbttiiibt" },
};

const struct statement_table webhook_deliveries_statements = STATEMENT_TABLE(statements);

enum store_result deliveries_add(struct db *db, const struct delivery_event *event)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(event->id), sql_id(event->id), sql_text(event->type),
                         sql_text(event->payload), sql_integer(event->now), sql_integer(event->now),
                         sql_integer(event->expires_at), sql_id(event->service_id), sql_text(event->type)),
                  NULL);
}
