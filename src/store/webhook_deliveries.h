/*
 * webhook_deliveries.h: what webhooks are to be told, on its way: a row an event and webhook, added in the
 * transaction of what it tells; claimed as claim.h has it.
 */
#ifndef DOORWARD_STORE_WEBHOOK_DELIVERIES_H
#define DOORWARD_STORE_WEBHOOK_DELIVERIES_H

#include "store/webhooks.h"

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

struct delivery_row {
    unsigned char id[16];
    const char *event, *payload;
    const char *state; /* waiting, sending, sent or dead */
    int64_t attempts, next_at;
    int64_t claimed_until;   /* of a row that was claimed */
    int64_t response_status; /* of the last attempt; 0: there was no answer */
    const char *error;       /* of the last attempt; "" */
    int64_t created_at, sent_at, expires_at;
    struct webhook_row webhook;
};

/* One for one webhook: id, event, payload, created_at, expires_at and webhook.id; it is due at once. */
enum store_result delivery_add(struct db *db, const struct delivery_row *row) MUST_CHECK;

/* The next one that is due, oldest first; NOT_FOUND when none is. */
enum store_result delivery_due(struct db *db, struct arena *arena, int64_t now,
                               struct delivery_row *row_out) MUST_CHECK;

/* When something will next be due; 0: nothing waits. */
enum store_result delivery_next_at(struct db *db, struct arena *arena, int64_t *next_at_out) MUST_CHECK;

/* Takes a due row until then and counts the attempt, in row too: NOT_FOUND when another was faster. */
enum store_result delivery_claim(struct db *db, struct delivery_row *row, int64_t now,
                                 int64_t until) MUST_CHECK;

/* How a claimed row ended: the state, error, response_status, next_at and sent_at of the row are written.
 * NOT_FOUND when the claim was over and another has it. error is cut to what the column holds. */
enum store_result delivery_end(struct db *db, const struct delivery_row *row) MUST_CHECK;

/* Lets all that waits for a webhook wait until then at least. */
enum store_result delivery_hold(struct db *db, const unsigned char webhook_id[16], int64_t until) MUST_CHECK;

/* Those of a service's webhook, newest first; state NULL: all. search isn't looked at. */
enum store_result delivery_list(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                const char *state, const struct page *page, struct delivery_row **rows_out,
                                size_t *count_out) MUST_CHECK;
enum store_result delivery_count(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                 const char *state, int64_t *count_out) MUST_CHECK;
enum store_result delivery_find(struct db *db, struct arena *arena, const struct webhook_row *webhook,
                                const unsigned char id[16], struct delivery_row *row_out) MUST_CHECK;

/* Makes one due now that isn't just being sent, as if it had never been tried, and keeps it until expires_at.
 * NOT_FOUND. */
enum store_result delivery_replay(struct db *db, const struct webhook_row *webhook,
                                  const unsigned char id[16], int64_t now, int64_t expires_at) MUST_CHECK;

#endif
