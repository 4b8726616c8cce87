/* subscription_state.h: what follows from a subscription's own words; for the files of this folder. */
#ifndef DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_STATE_H
#define DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_STATE_H

#include "domain/subscriptions/subscription.h"

/* Whether it gives the member anything: active or trialing. */
bool subscription_runs(const struct subscription_row *row);

/* The row as its next version: cancelled_at and ends_at follow from the rest, and what is made to have ended
 * already has. */
void subscription_settle(struct subscription_row *row, int64_t now);

/* Makes of the row as it was written down the row as it is now, which is what everybody is told: one whose
 * time is over ended at that moment. True when that is still to be written down (the same rule for counting:
 * SUBSCRIPTION_STATUS). */
bool subscription_catch_up(struct subscription_row *row, int64_t now);

/* Writes down, with history and webhooks, that a row ended, as subscription_catch_up() has made it. In a
 * transaction; NOT_FOUND when somebody else was faster. */
enum store_result subscription_store_end(struct context *context,
                                         const struct subscription_row *row) MUST_CHECK;

void subscription_event(struct context *context, const char *type, const struct subscription_row *row,
                        const char *actor, struct event_rows *event_out);

#endif
