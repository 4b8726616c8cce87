/*
 * service_settings.h: how a service uses providers: by which of them people sign in to it, which of their
 * scopes its backend may ask for, and where people are sent back to when they have answered.
 *
 * Stored as JSON: {"sign_in":["google"],"scopes":{"github":["repo"]},"redirect_uris":["https://..."]}
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_SERVICE_SETTINGS_H
#define DOORWARD_DOMAIN_PROVIDERS_SERVICE_SETTINGS_H

#include "core/arena.h"

struct provider_allowance {
    const char *provider, *scopes; /* scopes: space separated, at least one */
};

struct service_providers {
    const char *sign_in; /* names, space separated; NULL: all that offer sign-in */
    const struct provider_allowance *allowances;
    size_t allowance_count;
    const char *const *redirect_uris; /* NULL at the end */
};

/* text NULL: what holds for a service without settings. False for what is malformed, with what is wrong in
 * *error_out. */
bool service_providers_read(struct arena *arena, const char *text, struct service_providers *settings_out,
                            const char **error_out) MUST_CHECK;

/* Whether people may sign in to the service by this provider, if it offers that. */
bool service_providers_sign_in(const struct service_providers *settings, const char *provider);

/* What the service may ask of a provider; NULL: nothing. */
const char *service_providers_scopes(const struct service_providers *settings, const char *provider);

/* The registered address that is wanted, byte for byte; wanted NULL: the first one. NULL: there is none. */
const char *service_providers_redirect_uri(const struct service_providers *settings, const char *wanted);

/* What changes; a member of NULL leaves what is. */
struct service_providers_change {
    const char *sign_in; /* names, space separated; "all" or "none" */
    /* "github=repo read:user google=openid": those of the providers that are named; "github=" takes all
     * of them off, "none" those of every provider */
    const char *scopes;
    const char *redirect_uris; /* space separated; "none" takes all off */
    bool replaces;             /* scopes are all that there are: those of others go */
};

/* What the service may ask of providers, as a change takes it. */
const char *service_providers_list(struct arena *arena, const struct service_providers *settings,
                                   const char *separator);

/* The settings (JSON, or NULL) with the change made; NULL with what is wrong in *error_out. */
const char *service_providers_changed(struct arena *arena, const char *text,
                                      const struct service_providers_change *change, const char **error_out);

#endif
