/*
 * change.h: a change of what every process caches (services, clients): in one transaction with the
 * version number that tells them, and told to this machine's processes once it is committed.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_CHANGE_H
#define DOORWARD_DOMAIN_MANAGE_CHANGE_H

#include "domain/context.h"

/* work is run as by db_transact(), with argument. */
enum store_result change_directory(struct context *context, db_work_fn work, void *argument) MUST_CHECK;

#endif
