/*
 * claims.h: what scopes say about a user (OpenID Connect Core §5.4): one table of claims, read by the
 * ID Token, by UserInfo and by discovery.
 */
#ifndef DOORWARD_DOMAIN_OIDC_CLAIMS_H
#define DOORWARD_DOMAIN_OIDC_CLAIMS_H

#include "core/json_writer.h"
#include "domain/directory.h"
#include "store/permissions.h"
#include "store/subscription_claims.h"

/* What is known of a user; claims is the stored JSON object of further standard claims, or NULL. */
struct claims_subject {
    const char *email, *name, *claims;
    bool email_verified;
    int64_t updated_at;
    struct permission_state permission;            /* at the client that asks */
    const struct subscription_claim *subscription; /* at the client's service; NULL: none, or not asked for */
};

/* Reads what the scope asks for beyond the user's row: the subscription, by one statement. UNAVAILABLE. */
enum outcome claims_read(struct context *context, const struct client *client,
                         const unsigned char user_id[16], const char *scope, struct claims_subject *subject);

/* Writes the members that the scope asks for into an open object; unknown and empty ones stay out. */
void claims_write(struct context *context, struct json_writer *writer, const struct claims_subject *subject,
                  const char *scope);

/* The same for an access token, which resource servers read: "roles" (RFC 9068 §2.2.3.1) and the
 * subscription, nothing about the person. */
void claims_write_access(struct json_writer *writer, const struct claims_subject *subject, const char *scope);

/* Writes an array of all claim names that there are. */
void claims_write_names(struct json_writer *writer, const char *name);

#endif
