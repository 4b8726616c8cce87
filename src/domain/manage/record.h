/*
 * record.h: changes that the console makes to what a service has (its clients, its keys, itself), and to what
 * the installation has, written down as history and told to its webhooks. The changes of members,
 * subscriptions and permissions are recorded by their own rules, inside of their transactions.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_RECORD_H
#define DOORWARD_DOMAIN_MANAGE_RECORD_H

#include "domain/context.h"

struct record {
    const char *type;       /* "client.created" */
    const char *service_id; /* UUID; NULL: of the installation (a provider) */
    const char *subject;    /* id of what was changed */
    const char *actor;      /* "admin:ann@example.org" */
    const char *data;       /* JSON without secrets; NULL: {} */
};

/* Behind the change: when that stands and this fails, the log has it. */
void record_change(struct context *context, const struct record *record);

#endif
