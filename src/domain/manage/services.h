/* services.h: tenants: made, found, switched off. Ids are UUIDs as text. */
#ifndef DOORWARD_DOMAIN_MANAGE_SERVICES_H
#define DOORWARD_DOMAIN_MANAGE_SERVICES_H

#include "domain/context.h"
#include "store/services.h"

/* INVALID_REQUEST for a name that can't be shown. */
enum outcome service_add(struct context *context, const char *name, struct service_row *row_out);

enum outcome service_find(struct context *context, const char *id, struct service_row *row_out);

/* Switches a service with all its clients on or off, from the next request on. */
enum outcome service_set_active(struct context *context, const char *id, bool active);

#endif
