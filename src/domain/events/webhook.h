/*
 * webhook.h: where a service wants to be told of its events. Each rule takes the service, and a webhook of
 * another one isn't found. What is told and how is event.h and webhook_secret.h; the courier sends it. What
 * is done to a webhook is history, which no webhook is told.
 */
#ifndef DOORWARD_DOMAIN_EVENTS_WEBHOOK_H
#define DOORWARD_DOMAIN_EVENTS_WEBHOOK_H

#include "domain/context.h"
#include "store/webhook_deliveries.h"

/* What is only sent when somebody asks for it, to the one webhook. */
#define EVENT_WEBHOOK_TEST "webhook.test"

/* What a webhook is to be; of a change, NULL leaves a member as it is. */
struct webhook_wanted {
    const char *url;
    const char *events; /* names with ',' between; "*": all, which is also what a new one gets for NULL */
    const char *status; /* active or disabled; NULL: a new one is active */
};

/* INVALID_REQUEST says what is wrong; NOT_FOUND without the service. *secret_out is shown only now. */
enum outcome webhook_add(struct context *context, const unsigned char service_id[16],
                         const struct webhook_wanted *wanted, struct webhook_row *row_out,
                         const char **secret_out);

/* Oldest first, and how many there are. */
enum outcome webhook_list(struct context *context, const unsigned char service_id[16],
                          const struct page *page, struct webhook_row **rows_out, size_t *count_out,
                          int64_t *total_out);

/* id is text, as all below take it. */
enum outcome webhook_find(struct context *context, const unsigned char service_id[16], const char *id,
                          struct webhook_row *row_out);

/* if_match as sent, NULL for none: PRECONDITION_FAILED when the webhook isn't any more what the caller saw.
 */
enum outcome webhook_change(struct context *context, const unsigned char service_id[16], const char *id,
                            const struct webhook_wanted *wanted, const char *if_match,
                            struct webhook_row *row_out);
enum outcome webhook_remove(struct context *context, const unsigned char service_id[16], const char *id);

/* Its server has said that it is gone: nothing is sent there any more. */
enum store_result webhook_disable_gone(struct context *context, const struct webhook_row *webhook) MUST_CHECK;

/* A new secret; the old one signs along for a day. */
enum outcome webhook_rotate(struct context *context, const unsigned char service_id[16], const char *id,
                            struct webhook_row *row_out, const char **secret_out);

/* The tag of what can change, for ETag. */
const char *webhook_tag(struct context *context, const struct webhook_row *row);

/* Has a test event sent; how it went, its delivery tells. */
enum outcome webhook_test(struct context *context, const struct webhook_row *webhook,
                          struct delivery_row *row_out);

/* A delivery is sent again, with the id it had; INVALID_REQUEST while it is being sent. */
enum outcome webhook_replay(struct context *context, const struct webhook_row *webhook, const char *id,
                            struct delivery_row *row_out);

/* Those in a state (NULL: any), newest first, and how many there are. */
enum outcome webhook_deliveries(struct context *context, const struct webhook_row *webhook, const char *state,
                                const struct page *page, struct delivery_row **rows_out, size_t *count_out,
                                int64_t *total_out);

#endif
