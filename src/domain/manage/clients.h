/* clients.h: a service's applications: registered, found, switched off, given new secrets. */
#ifndef DOORWARD_DOMAIN_MANAGE_CLIENTS_H
#define DOORWARD_DOMAIN_MANAGE_CLIENTS_H

#include "core/json.h"
#include "domain/manage/client_metadata.h"
#include "store/clients.h"

struct registered_client {
    struct client_row row;
    struct client client; /* the metadata; secrets and service stay empty */
    const char *secret;   /* only where one was just made; never to be had again */
};

/* Whether its way of authentication has secrets. */
bool client_has_secrets(const struct client *client);

/* Registers a client of a service (UUID) from the text of its metadata. NOT_FOUND for the service, and what
 * client_metadata_read() refuses. */
enum outcome client_register(struct context *context, const char *service_id, const char *metadata,
                             struct registered_client *client_out);

enum outcome client_find(struct context *context, const char *client_id,
                         struct registered_client *client_out);

enum outcome client_set_active(struct context *context, const char *client_id, bool active);

/* Other metadata in place of what the client has, from its text: the members of wanted take the place of
 * those that it has, a null takes one off. What client_metadata_read() refuses; INVALID_CLIENT_METADATA also
 * for a public client that is to prove who it is, or the other way round; PRECONDITION_FAILED unless if_match
 * (NULL: none was sent; domain/precondition.h) has the tag of the client as it is. */
enum outcome client_change(struct context *context, const char *client_id, const struct json *wanted,
                           const char *if_match, struct registered_client *client_out);

/* Changes with the metadata, and with nothing else. */
const char *client_tag(struct arena *arena, const struct client_row *row);

/* An object in the words of RFC 7591 §3.2.1, with service_id and status of our own. */
void client_write(struct json_writer *writer, const struct registered_client *client);

#endif
