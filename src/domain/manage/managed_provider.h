/*
 * managed_provider.h: the installation's identity providers, as administrators see them: added, changed,
 * switched off and on, removed. Those of the configuration's file are shown beside, and can't be changed
 * here. Every change is written into history.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_MANAGED_PROVIDER_H
#define DOORWARD_DOMAIN_MANAGE_MANAGED_PROVIDER_H

#include "core/json_writer.h"
#include "domain/providers/provider.h"

struct managed_provider {
    struct provider provider; /* without what discovery says */
    const char *kind_name;
    const char *error;              /* why it can't be used; NULL: it can */
    bool from_file;                 /* of the configuration */
    bool shadowed;                  /* of the database, and the file has one of the same name */
    int64_t created_at, updated_at; /* of the database */
    const char *tag;                /* of what managed_provider_change() changes; NULL: of the file */
};

/* From its metadata (provider_metadata.h). INVALID_REQUEST with the member in the reason, ALREADY_EXISTS.
 * may_read_files: client_secret_file may name one, as on the command line. */
struct provider_wish {
    const struct json *metadata; /* NULL: a change leaves them */
    bool may_read_files;
    const char *status;   /* of a change: active, disabled; NULL: it stays */
    const char *if_match; /* of a change; NULL: none was sent */
};
enum outcome managed_provider_add(struct context *context, const struct provider_wish *wish,
                                  struct managed_provider *provider_out);

/* The members of the wish in place of those that it has, a null takes one off; all that is wished for or
 * nothing. NOT_FOUND, PRECONDITION_FAILED. What says who somebody is there (name, kind, issuer,
 * profile.subject) can't be changed while accounts are connected. */
enum outcome managed_provider_change(struct context *context, const char *name,
                                     const struct provider_wish *wish, struct managed_provider *provider_out);

enum outcome managed_provider_find(struct context *context, const char *name,
                                   struct managed_provider *provider_out);

/* All of them, those of the file first. */
enum outcome managed_provider_list(struct context *context, struct managed_provider **providers_out,
                                   size_t *count_out);

enum outcome managed_provider_set_active(struct context *context, const char *name, bool active);

/*
 * Takes off the accounts that are connected by it, all of them in the end: part by part, each with what the
 * courier then revokes (revocation.h) while the provider is still there. Their number is counted out.
 */
enum outcome managed_provider_disconnect(struct context *context, const char *name, int64_t *count_out);

/* ALREADY_EXISTS while accounts are connected by it, unless these go too. What waits to be revoked there
 * can't be any more. */
enum outcome managed_provider_remove(struct context *context, const char *name, bool with_connections);

/* "active", "disabled" or, when it can't be used as it is, "broken". */
const char *managed_provider_status(const struct managed_provider *provider);

/* What must be entered at the provider: our address that it sends people back to. */
const char *managed_provider_callback(struct context *context, const struct managed_provider *provider);

/* An object in the words of the metadata, without the secret, with what is ours beside. */
void managed_provider_write(struct context *context, struct json_writer *writer,
                            const struct managed_provider *provider);

#endif
