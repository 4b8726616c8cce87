/*
 * client_secrets.h: the secrets of a client: made and shown once, stored hashed (and sealed, for
 * client_secret_jwt), told by their first characters. CLIENT_MAX_SECRETS may be valid at once, so that one is
 * replaced without an outage.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_CLIENT_SECRETS_H
#define DOORWARD_DOMAIN_MANAGE_CLIENT_SECRETS_H

#include "domain/manage/clients.h"

/* A secret that was just made: never to be had again. */
struct made_secret {
    struct client_secret_row row;
    const char *text;
};

/* Inside client_register(): one for a client of this way (token_endpoint_auth_method, NULL: none named). Who
 * acts (context->actor) is kept as who made it. */
void client_secret_make(struct context *context, const char *way, struct made_secret *secret_out);

/* Those that are valid, the newest first. NOT_FOUND without the client. */
enum outcome client_secrets_of(struct context *context, const char *client_id,
                               struct client_secret_row **rows_out, size_t *count_out);

/* One more. LIMIT_REACHED when there are as many as may be; INVALID_REQUEST for a client whose way of
 * authentication has no secret. */
enum outcome client_secret_add(struct context *context, const char *client_id,
                               struct made_secret *secret_out);

/* One in the place of all: the newest one works on for keep_s seconds, others end now. */
enum outcome client_secret_rotate(struct context *context, const char *client_id, int64_t keep_s,
                                  struct made_secret *secret_out);

/* Ends one now. id is a UUID as text; NOT_FOUND when the client has no such secret that is valid. */
enum outcome client_secret_revoke(struct context *context, const char *client_id, const char *id);

/* An object without the secret, or with it, where it was just made. Times are seconds; 0 is never. */
void client_secret_write(struct json_writer *writer, const struct client_secret_row *row, const char *text);

#endif
