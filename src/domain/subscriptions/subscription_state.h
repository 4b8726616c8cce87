/* subscription_state.h: what follows from a subscription's own words; for the files of this folder. */
#ifndef DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_STATE_H
#define DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_STATE_H

#include "domain/subscriptions/subscription.h"

/* Whether it gives the member anything: active or trialing. */
bool subscription_runs(const struct subscription_row *row);

/* The row as its next version: cancelled_at and ends_at follow from the rest. */
void subscription_settle(struct subscription_row *row, int64_t now);

void subscription_event(struct context *context, const char *type, const struct subscription_row *row,
                        const char *actor, struct event_rows *event_out);

#endif
