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

/* What is to be different, all or nothing; what is NULL stays. */
struct client_wish {
    const struct json *metadata; /* members in the place of those that it has; a null takes one off */
    const char *status;          /* active, disabled */
    const char *if_match;        /* NULL: none was sent */
};

/* What client_metadata_read() refuses; INVALID_CLIENT_METADATA also for a public client that is to prove who
 * it is, or the other way round; PRECONDITION_FAILED; NOT_FOUND. */
enum outcome client_change(struct context *context, const char *client_id, const struct client_wish *wish,
                           struct registered_client *client_out);

enum outcome client_set_active(struct context *context, const char *client_id, bool active);

/*
 * The client with all that hangs from it: secrets, grants, what was issued under them, permissions, failures.
 * From then on none of its tokens is taken; its history stays. INVALID_REQUEST while it is the client of its
 * service's workspace; PRECONDITION_FAILED; NOT_FOUND. One that a great many people use is switched off, then
 * taken apart: UNAVAILABLE when that takes longer than a request may, to be asked for again.
 */
enum outcome client_remove(struct context *context, const char *client_id, const char *if_match);

/* The tag of what client_change() changes. */
const char *client_tag(struct arena *arena, const struct client_row *row);

/* An object in the words of RFC 7591 §3.2.1, with service_id and status of our own. */
void client_write(struct json_writer *writer, const struct registered_client *client);

#endif
