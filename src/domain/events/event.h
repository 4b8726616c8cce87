/*
 * event.h: what happens to a service's members, subscriptions and permissions: written down as history
 * and told to the service's webhooks, both in the transaction of the change itself.
 */
#ifndef DOORWARD_DOMAIN_EVENTS_EVENT_H
#define DOORWARD_DOMAIN_EVENTS_EVENT_H

#include "core/json_writer.h"
#include "domain/context.h"
#include "store/history.h"

/* The events that webhooks can ask for by name; history uses the same words. */
#define EVENT_MEMBER_CREATED "member.created"
#define EVENT_MEMBER_UPDATED "member.updated"
#define EVENT_MEMBER_DELETED "member.deleted"
#define EVENT_SUBSCRIPTION_CREATED "subscription.created"
#define EVENT_SUBSCRIPTION_UPDATED "subscription.updated"
#define EVENT_SUBSCRIPTION_DELETED "subscription.deleted"
#define EVENT_PERMISSION_REQUESTED "permission.requested"
#define EVENT_PERMISSION_CHANGED "permission.changed"
#define EVENT_PROVIDER_GRANT_CREATED "provider_grant.created"
#define EVENT_PROVIDER_GRANT_DELETED "provider_grant.deleted"

struct event {
    const char *type;
    const unsigned char *service_id;
    const char *subject; /* id of what it happened to: a user, "USER CLIENT" of a permission */
    const char *actor;   /* who did it: "api_key:UUID", "user:UUID", "client:ID", "admin:address", "cli" */
    const char *data;    /* JSON object: what it is like now, without secrets */
};

/* The event as rows, made before the transaction; stored inside it; then the courier is told. */
struct event_rows {
    unsigned char id[16];
    unsigned char service_id[16];
    const char *type, *subject, *actor, *data;
    const char *payload; /* {"type","timestamp","data"}, as Standard Webhooks have it */
    int64_t at_ms;
};
void event_make(struct context *context, const struct event *event, struct event_rows *rows_out);
enum store_result event_store(struct db *db, const struct event_rows *rows) MUST_CHECK;
void event_wake(struct context *context);

/* The history of rows alone: what no webhook is told. */
struct history_row event_history(const struct event_rows *rows);

/* History of a subject, newest first; page->search: only what has this in its type ("subscription."). */
struct history_entry {
    const char *type, *actor, *data;
    int64_t at_ms;
};
enum outcome history_of(struct context *context, const unsigned char service_id[16], const char *subject,
                        const struct page *page, struct history_entry **entries_out, size_t *count_out);

#endif
