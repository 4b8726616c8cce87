/*
 * provider_metadata.h: what may be said of a provider, in the configuration, the database and the admins' API
 * alike: one JSON object, strictly checked. To add a member: a row in provider_metadata.c, and a line in
 * doorward(8).
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROVIDER_METADATA_H
#define DOORWARD_DOMAIN_PROVIDERS_PROVIDER_METADATA_H

#include "domain/providers/provider.h"

enum { PROVIDER_NAME_MAX = 40 };

struct provider_metadata {
    struct provider provider;   /* its kind is the one below; client_secret is "" */
    struct provider_kind *kind; /* of its own: with the provider's profile, addresses and separators */
    const char *secret;         /* as it was said; NULL: it wasn't */
    const char *secret_file;    /* where it is; NULL: that wasn't said */
    bool says_pkce, has_pkce;
    bool says_vouches, vouches;
};

/*
 * Reads the object: a member that isn't known, of the wrong type or of a value that can't be served is an
 * error that begins with its name. With settings, URLs must also be some that this server may ask; NULL: they
 * were checked when they were stored.
 */
bool provider_metadata_read(struct arena *arena, const struct settings *settings, const struct json *object,
                            struct provider_metadata *metadata_out, const char **error_out) MUST_CHECK;

/* The secret of the file that the metadata names, if it names one. */
bool provider_metadata_read_secret(struct arena *arena, struct provider_metadata *metadata,
                                   const char **error_out) MUST_CHECK;

/* The secret put in, and what hangs on it: how the provider is told it, whether it's missing, whether it can
 * sign. secret NULL: there is none. */
bool provider_metadata_take_secret(struct arena *arena, struct provider_metadata *metadata,
                                   const char *secret, const char **error_out) MUST_CHECK;

/* Whether endpoints that are needed must be asked for at the issuer. */
bool provider_needs_discovery(const struct provider *provider);

#endif
