/*
 * record.h: what is done to what a service has (its clients, keys, plans, accounts, itself): written down as
 * history, by context->actor, and told to its webhooks, in the transaction of the change; and what is done to
 * administrators and webhooks, as history alone. Members,
 * subscriptions and permissions have events of their own (event.h).
 */
#ifndef DOORWARD_DOMAIN_EVENTS_RECORD_H
#define DOORWARD_DOMAIN_EVENTS_RECORD_H

#include "domain/context.h"

struct record {
    const char *type;                /* "client.created"; NULL: nothing has changed, and nothing is written */
    const unsigned char *service_id; /* whose it is; NULL: the installation's own (a provider) */
    const char *subject;             /* id of what is changed */
    const char *data;                /* JSON object: what has changed, as it is now; no secrets */
    bool untold;                     /* history alone: webhooks aren't told */
    const struct record *also;       /* what the same change did besides; NULL: nothing */
};

/* What is done to an administrator's account, which is no service's. */
struct record record_of_admin(struct context *context, const char *type, const unsigned char id[16],
                              const char *email);

/* Neither it nor what goes with it tells of a change: then nothing else is written either, no row and no time
 * of the last change. */
bool record_is_empty(const struct record *record);

/* Inside the transaction of the change, behind it. */
enum store_result record_store(struct db *db, struct context *context,
                               const struct record *record) MUST_CHECK;

/* Once that is committed: tells the courier and the log. */
void record_tell(struct context *context, const struct record *record);

/* work and its record in one transaction, as by db_transact(). work may fill the record; of one that stays
 * empty (record_is_empty()) it has written nothing. */
enum store_result record_change(struct context *context, const struct record *record, db_work_fn work,
                                void *argument) MUST_CHECK;

#endif
