/*
 * application.h: what a process needs to answer requests, put together in two steps with the fork
 * between them: what is read and checked once (settings, keys, families), and what each process has of
 * its own (database handle, caches).
 */
#ifndef DOORWARD_CMD_APPLICATION_H
#define DOORWARD_CMD_APPLICATION_H

#include "app/dispatch.h"

/*
 * The part that processes share: loads the settings from path, opens the key file, and checks whatever
 * can be checked beforehand. All of it lives in the arena. False with a message of one line.
 * shared, db, directory, keyring and families stay unset.
 */
bool application_prepare(struct arena *arena, const char *config_path, struct application *application_out,
                         const char **error_out) MUST_CHECK;

/* The same for settings that are already loaded. */
bool application_prepare_with(struct arena *arena, const struct settings *settings,
                              struct application *application_out, const char **error_out) MUST_CHECK;

/* The families of a pool, NULL at the end; NULL with a message when a name is unknown. */
const struct route_family *const *application_families(struct arena *arena, const struct pool_settings *pool,
                                                       const char **error_out);

/* The part of each process, after fork: nothing is connected yet. */
void application_open(struct application *application);
void application_close(struct application *application);

/* A context outside any request, for housekeeping. */
struct context application_context(const struct application *application, struct arena *arena);

/* What a command's context was made of, for steps that couriers and the housekeeper take; the context's. */
struct application application_of(const struct context *context);

#endif
