/*
 * configured.h: the providers of the file that the option `providers` names: for an installation that is
 * configured by files alone. Read once, at the start; a name there wins over the database.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_CONFIGURED_H
#define DOORWARD_DOMAIN_PROVIDERS_CONFIGURED_H

#include "domain/providers/provider.h"

struct configured_providers {
    const struct provider *providers;
    size_t count;
};

/* NULL with a message of one line that names the file; none at all when the option is empty. Lives as long as
 * the arena, which then holds secrets. */
const struct configured_providers *configured_providers_load(struct arena *arena,
                                                             const struct settings *settings,
                                                             const char **error_out) MUST_CHECK;

#endif
