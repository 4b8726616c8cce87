/* clients.c: see clients.h. */
#include "domain/manage/clients.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/manage/change.h"
#include "domain/manage/client_secrets.h"
#include "domain/oauth/client_auth.h"

static const char unknown[] = "no such client";

bool client_has_secrets(const struct client *client)
{
    const struct client_way *way = client_way_find(client->token_endpoint_auth_method);
    return !client->token_endpoint_auth_method || (way && way->needs == NEEDS_SECRET);
}

/* --- registering --- */

struct addition {
    struct arena *arena;
    struct client_row *row;
    struct client_secret_row *secret; /* NULL: none */
};

static enum store_result add(struct db *db, void *argument)
{
    struct addition *addition = argument;
    enum store_result result = clients_add(db, addition->arena, addition->row, &addition->row->number);
    if (result != STORE_OK || !addition->secret)
        return result;
    addition->secret->client_number = addition->row->number;
    return clients_add_secret(db, addition->secret);
}

enum outcome client_register(struct context *context, const char *service_id, const char *metadata,
                             const char *created_by, struct registered_client *client_out)
{
    *client_out = (struct registered_client) { 0 };
    struct client_row *row = &client_out->row;
    if (!uuid_decode(service_id, row->service_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such service");
    enum outcome outcome = client_metadata_read(context, metadata, &client_out->client);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    client_metadata_write(&writer, &client_out->client);
    json_close_object(&writer);
    unsigned char id[16];
    random_uuid(id);
    row->client_id = uuid_encode(context->arena, id);
    row->status = "active";
    row->metadata = writer.text.data;
    row->created_at = row->updated_at = context->now;
    struct made_secret secret = { .text = NULL };
    bool secretive = client_has_secrets(&client_out->client);
    struct addition addition = { context->arena, row, secretive ? &secret.row : NULL };
    if (secretive)
        client_secret_make(context, client_out->client.token_endpoint_auth_method, created_by, &secret);
    client_out->secret = secret.text;
    enum store_result result = change_directory(context, add, &addition);
    if (result == STORE_UNCERTAIN)
        result = clients_find(context->db, context->arena, row->client_id, row);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such service");
}

/* --- finding and changing --- */

enum outcome client_find(struct context *context, const char *client_id, struct registered_client *client_out)
{
    const char *error;
    *client_out = (struct registered_client) { 0 };
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = clients_find(context->db, context->arena, client_id, &client_out->row);
    if (result == STORE_OK &&
        !client_from_metadata(context->arena, client_out->row.metadata, &client_out->client, &error)) {
        log_error("client %s: stored metadata is broken: %s", client_id, error);
        return refuse(context, OUTCOME_SERVER_ERROR, "the client's metadata is broken");
    }
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

struct status_change {
    const char *client_id, *status;
    int64_t now;
};

static enum store_result set_status(struct db *db, void *argument)
{
    const struct status_change *change = argument;
    return clients_set_status(db, change->client_id, change->status, change->now);
}

enum outcome client_set_active(struct context *context, const char *client_id, bool active)
{
    struct status_change change = { client_id, active ? "active" : "disabled", context->now };
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, change_directory(context, set_status, &change), OUTCOME_NOT_FOUND, unknown);
}

struct metadata_change {
    const char *client_id, *metadata;
    int64_t now;
};

static enum store_result set_metadata(struct db *db, void *argument)
{
    const struct metadata_change *change = argument;
    return clients_set_metadata(db, change->client_id, change->metadata, change->now);
}

static void put_member(const char *name, struct json *member, void *merged)
{
    json_put(merged, name, member);
}

/* The client as it would be; its old metadata stays in client until then. */
static enum outcome merge(struct context *context, const struct json *wanted,
                          struct registered_client *client)
{
    const char *error;
    struct client old = client->client;
    const char *text = client->row.metadata;
    struct json *merged = json_parse(context->arena, text, strlen(text), &error);
    if (merged == NULL)
        return refuse(context, OUTCOME_SERVER_ERROR, "the client's metadata is broken");
    json_each(wanted, put_member, merged);
    enum outcome read = client_metadata_read(context, json_print(context->arena, merged), &client->client);
    if (read == OUTCOME_OK && client_is_public(&old) != client_is_public(&client->client))
        return refuse(context, OUTCOME_INVALID_CLIENT_METADATA,
                      "token_endpoint_auth_method can't be changed from or to none");
    return read;
}

enum outcome client_change(struct context *context, const char *client_id, const struct json *wanted,
                           struct registered_client *client_out)
{
    enum outcome outcome = client_find(context, client_id, client_out);
    if (outcome == OUTCOME_OK)
        outcome = merge(context, wanted, client_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    client_metadata_write(&writer, &client_out->client);
    json_close_object(&writer);
    struct metadata_change change = { client_id, writer.text.data, context->now };
    client_out->row.metadata = writer.text.data;
    return store_outcome(context, change_directory(context, set_metadata, &change), OUTCOME_NOT_FOUND,
                         unknown);
}

void client_write(struct json_writer *writer, const struct registered_client *client)
{
    struct arena *arena = writer->text.arena;
    json_open_object(writer, NULL);
    json_write_text(writer, "client_id", client->row.client_id);
    json_write_integer(writer, "client_id_issued_at", client->row.created_at);
    if (client->secret) {
        json_write_text(writer, "client_secret", client->secret);
        json_write_integer(writer, "client_secret_expires_at", 0);
    }
    client_metadata_write(writer, &client->client);
    json_write_text(writer, "service_id", uuid_encode(arena, client->row.service_id));
    json_write_text(writer, "status", client->row.status);
    if (client->row.locked_at)
        json_write_integer(writer, "locked_at", client->row.locked_at);
    json_close_object(writer);
}
