/*
 * webhook_deliveries.h: what webhooks are to be told, on its way: a row an event and webhook, added in the
 * transaction of what it tells; claimed by one conditional UPDATE, as mails of the outbox are.
 */
#ifndef DOORWARD_STORE_WEBHOOK_DELIVERIES_H
#define DOORWARD_STORE_WEBHOOK_DELIVERIES_H

#include "store/db.h"

extern const struct statement_table webhook_deliveries_statements;

/* What all rows of one event have in common. */
struct delivery_event {
    const unsigned char *id; /* of the event, which a row's id is made of */
    const unsigned char *service_id;
    const char *type, *payload;
    int64_t now, expires_at;
};

/* One row for each active webhook of the service that asked for the event. */
enum store_result deliveries_add(struct db *db, const struct delivery_event *event) MUST_CHECK;

#endif
