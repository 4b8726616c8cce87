/*
 * claims.h: what scopes say about a user (OpenID Connect Core §5.4): one table of claims, read by the
 * ID Token, by UserInfo and by discovery.
 */
#ifndef DOORWARD_DOMAIN_OIDC_CLAIMS_H
#define DOORWARD_DOMAIN_OIDC_CLAIMS_H

#include "core/json_writer.h"
#include "domain/context.h"

/* What is known of a user; claims is the stored JSON object of further standard claims, or NULL. */
struct claims_subject {
    const char *email, *name, *claims;
    bool email_verified;
    int64_t updated_at;
};

/* Writes the members that the scope asks for into an open object; unknown and empty ones stay out. */
void claims_write(struct context *context, struct json_writer *writer, const struct claims_subject *subject,
                  const char *scope);

/* Writes an array of all claim names that there are. */
void claims_write_names(struct json_writer *writer, const char *name);

#endif
