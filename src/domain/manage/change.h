/*
 * change.h: a change of what every process caches (services, clients): in one transaction with the
 * version number that tells them and with its record, and told to this machine's processes once it is
 * committed.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_CHANGE_H
#define DOORWARD_DOMAIN_MANAGE_CHANGE_H

#include "domain/events/record.h"

/* work is run as by db_transact(), with argument; it may fill the record. Where that stays empty
 * (record_is_empty()), nothing has been written, and the version stays. */
enum store_result change_recorded(struct context *context, const struct record *record, db_work_fn work,
                                  void *argument) MUST_CHECK;

#endif
