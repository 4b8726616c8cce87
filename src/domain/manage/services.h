/* services.h: tenants: made, found, switched off. Ids are UUIDs as text. */
#ifndef DOORWARD_DOMAIN_MANAGE_SERVICES_H
#define DOORWARD_DOMAIN_MANAGE_SERVICES_H

#include "domain/context.h"
#include "domain/providers/service_settings.h"
#include "store/services.h"

/* How people sign in to a service's applications. A word of NULL leaves what is; "" or "default" takes what
 * the configuration says. */
struct service_sign_in {
    const char *pin_gate, *sign_in_form; /* as the options of the same names */
};

/* With the plan Free. INVALID_REQUEST for a name that can't be shown, or another word. */
enum outcome service_add(struct context *context, const char *name, const struct service_sign_in *sign_in,
                         struct service_row *row_out);

/* What a service is called and has. NULL leaves what is. */
struct service_profile {
    const char *name;
    const char *slug;         /* a-z, 0-9 and '-', at most 64; "none" takes it off */
    const char *service_type; /* web, api, mobile or desktop */
    const char *features;     /* space separated words that are switched on; "none": none is */
};

/* if_match as in domain/precondition.h, of service_tag(). INVALID_REQUEST for a word that can't be,
 * ALREADY_EXISTS when the slug is another's, PRECONDITION_FAILED, NOT_FOUND. */
enum outcome service_set_profile(struct context *context, const char *id,
                                 const struct service_profile *profile, const char *if_match,
                                 struct service_row *row_out);

/* Changes with all that service_set_profile() can change. */
const char *service_tag(struct arena *arena, const struct service_row *row);

/* The service's word in addresses: its slug, or its id. */
const char *service_slug(struct arena *arena, const struct service_row *row);

/* By slug or id. */
enum outcome service_find_by_slug(struct context *context, const char *slug, struct service_row *row_out);

/* Whether a word of features is switched on. */
bool service_has_feature(struct arena *arena, const struct service_row *row, const char *feature);

enum outcome service_find(struct context *context, const char *id, struct service_row *row_out);

/* Switches a service with all its clients on or off, from the next request on. */
enum outcome service_set_active(struct context *context, const char *id, bool active);

/* From the next sign-in on. INVALID_REQUEST for another word, PRECONDITION_FAILED as service_set_profile().
 */
enum outcome service_set_sign_in(struct context *context, const char *id,
                                 const struct service_sign_in *sign_in, const char *if_match);

/* How the service uses providers, from the next request on. Refuses as service_set_sign_in() does. */
enum outcome service_set_providers(struct context *context, const char *id,
                                   const struct service_providers_change *wanted, const char *if_match);

/* What each of the two can change. */
const char *service_sign_in_tag(struct arena *arena, const struct service_row *row);
const char *service_providers_tag(struct arena *arena, const struct service_row *row);

/* Several of these at once, all or nothing. */
struct service_wish {
    struct service_profile profile;
    struct service_sign_in sign_in;
    struct service_providers_change providers;

    /* how the service uses the workspace API, as JSON (doorward(8), service set); NULL: not at all.
     * INVALID_REQUEST for what workspace_settings_check() refuses */
    bool sets_workspace;
    const char *workspace;
};
enum outcome service_set(struct context *context, const char *id, const struct service_wish *wish,
                         struct service_row *row_out);

#endif
