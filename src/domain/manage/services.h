/* services.h: tenants: made, found, switched off. Ids are UUIDs as text. */
#ifndef DOORWARD_DOMAIN_MANAGE_SERVICES_H
#define DOORWARD_DOMAIN_MANAGE_SERVICES_H

#include "domain/context.h"
#include "store/services.h"

/* How people sign in to a service's applications. A word of NULL leaves what is; "" or "default" takes what
 * the configuration says. */
struct service_sign_in {
    const char *pin_gate, *sign_in_form; /* as the options of the same names */
};

/* INVALID_REQUEST for a name that can't be shown, or another word. */
enum outcome service_add(struct context *context, const char *name, const struct service_sign_in *sign_in,
                         struct service_row *row_out);

enum outcome service_find(struct context *context, const char *id, struct service_row *row_out);

/* Switches a service with all its clients on or off, from the next request on. */
enum outcome service_set_active(struct context *context, const char *id, bool active);

/* From the next sign-in on. INVALID_REQUEST for another word. */
enum outcome service_set_sign_in(struct context *context, const char *id,
                                 const struct service_sign_in *sign_in);

/* What is switched on for a service, as JSON (doorward(8), service set). INVALID_REQUEST for what
 * workspace_features_check() refuses. */
enum outcome service_set_features(struct context *context, const char *id, const char *features);

#endif
