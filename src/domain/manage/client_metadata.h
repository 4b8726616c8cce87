/*
 * client_metadata.h: what a client may be registered with, in the words of RFC 7591 §2 and OpenID Connect
 * Registration §2. Strict: a member that is known must have its type and a value that we serve; one that
 * is unknown is ignored, as RFC 7591 §2 asks.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_CLIENT_METADATA_H
#define DOORWARD_DOMAIN_MANAGE_CLIENT_METADATA_H

#include "core/json_writer.h"
#include "domain/directory.h"

/* The text of a registration, checked, with defaults filled in. INVALID_REDIRECT_URI or
 * INVALID_CLIENT_METADATA with the member's name in the reason (RFC 7591 §3.2.2). */
enum outcome client_metadata_read(struct context *context, const char *text, struct client *client_out);

/* The members of an object that client_metadata_read() ignores, with ", " between; "" for none. */
const char *client_metadata_ignored(struct arena *arena, const struct json *metadata);

/* Writes the members of an object that is open. */
void client_metadata_write(struct json_writer *writer, const struct client *client);

#endif
