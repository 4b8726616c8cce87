/* clients.c: see clients.h. */
#include "domain/manage/clients.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/manage/change.h"
#include "domain/manage/client_secrets.h"
#include "domain/oauth/client_auth.h"
#include "domain/precondition.h"

enum { TOLD_MAX_BYTES = 16000 };

static const char unknown[] = "no such client";

bool client_has_secrets(const struct client *client)
{
    const struct client_way *way = client_way_find(client->token_endpoint_auth_method);
    return !client->token_endpoint_auth_method || (way && way->needs == NEEDS_SECRET);
}

/* --- what history tells of a client --- */

static struct json *parse_metadata(struct arena *arena, const char *metadata)
{
    const char *error;
    struct json *parsed = metadata ? json_parse(arena, metadata, strlen(metadata), &error) : NULL;
    return parsed ? parsed : json_new_object(arena);
}

struct comparison {
    struct arena *arena;
    const struct json *other;
    struct json *data;
};

static void note_news(const char *name, struct json *member, void *context)
{
    const struct comparison *with_old = context;
    struct arena *arena = with_old->arena;
    const struct json *old = json_member(with_old->other, name);
    if (!text_equal(json_print(arena, member), json_print(arena, old)))
        json_put(with_old->data, name, member);
}

static void note_loss(const char *name, struct json *member, void *context)
{
    const struct comparison *with_new = context;
    (void)member;
    if (!json_has_member(with_new->other, name))
        json_put(with_new->data, name, NULL);
}

static void name_member(const char *name, struct json *member, void *context)
{
    (void)member;
    json_append_text(context, name);
}

/* Members that are other than before, as they are now; those that are gone as null. */
static struct json *changes_of(struct arena *arena, const char *before, const char *after)
{
    struct json *old = parse_metadata(arena, before), *now = parse_metadata(arena, after);
    struct json *data = json_new_object(arena);
    struct comparison with_old = { arena, old, data }, with_new = { arena, now, data };
    json_each(now, note_news, &with_old);
    json_each(old, note_loss, &with_new);
    return data;
}

/* What is too long to be kept twice, in history and deliveries, is named only. */
static const char *print_data(struct arena *arena, const char *client_id, struct json *changes)
{
    struct json *data = changes;
    if (strlen(json_print(arena, changes)) > TOLD_MAX_BYTES) {
        struct json *names = json_new_array(arena);
        json_each(changes, name_member, names);
        data = json_new_object(arena);
        json_put(data, "changed", names);
    }
    json_put_text(data, "client_id", client_id);
    return json_print(arena, data);
}

static struct record record_of(struct context *context, const char *type, const struct client_row *row,
                               struct json *changes)
{
    return (struct record) { .type = type,
                             .service_id = row->service_id,
                             .subject = row->client_id,
                             .data = print_data(context->arena, row->client_id, changes) };
}

static const char *print_metadata(struct context *context, const struct client *client)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    client_metadata_write(&writer, client);
    json_close_object(&writer);
    return writer.text.data;
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
                             struct registered_client *client_out)
{
    *client_out = (struct registered_client) { 0 };
    struct client_row *row = &client_out->row;
    if (!uuid_decode(service_id, row->service_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such service");
    enum outcome outcome = client_metadata_read(context, metadata, &client_out->client);
    if (outcome != OUTCOME_OK)
        return outcome;
    unsigned char id[16];
    random_uuid(id);
    row->client_id = uuid_encode(context->arena, id);
    row->status = "active";
    row->metadata = print_metadata(context, &client_out->client);
    row->created_at = row->updated_at = context->now;
    struct made_secret secret = { .text = NULL };
    bool secretive = client_has_secrets(&client_out->client);
    struct addition addition = { context->arena, row, secretive ? &secret.row : NULL };
    if (secretive)
        client_secret_make(context, client_out->client.token_endpoint_auth_method, &secret);
    client_out->secret = secret.text;
    const struct record record =
        record_of(context, "client.created", row, changes_of(context->arena, NULL, row->metadata));
    enum store_result result = change_recorded(context, &record, add, &addition);
    if (result == STORE_UNCERTAIN)
        result = clients_find(context->db, context->arena, row->client_id, row);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such service");
}

/* --- finding and changing --- */

/* The metadata of a row. */
static enum outcome read_stored(struct context *context, struct registered_client *client)
{
    const char *error;
    if (client_from_metadata(context->arena, client->row.metadata, &client->client, &error))
        return OUTCOME_OK;
    log_error("client %s: stored metadata is broken: %s", client->row.client_id, error);
    return refuse(context, OUTCOME_SERVER_ERROR, "the client's metadata is broken");
}

enum outcome client_find(struct context *context, const char *client_id, struct registered_client *client_out)
{
    *client_out = (struct registered_client) { 0 };
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = clients_find(context->db, context->arena, client_id, &client_out->row);
    return result == STORE_OK ? read_stored(context, client_out)
                              : store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

const char *client_tag(struct arena *arena, const struct client_row *row)
{
    return precondition_tag_of_text(arena, arena_printf(arena, "%s\n%s", row->status, row->metadata));
}

static void put_member(const char *name, struct json *member, void *merged)
{
    json_put(merged, name, member);
}

/* The client with the members of wanted in the place of its own. */
static enum outcome merge(struct context *context, const struct json *wanted,
                          struct registered_client *client)
{
    const char *error;
    const char *text = client->row.metadata;
    enum outcome outcome = read_stored(context, client);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct client old = client->client;
    struct json *merged = json_parse(context->arena, text, strlen(text), &error);
    json_each(wanted, put_member, merged);
    enum outcome read = client_metadata_read(context, json_print(context->arena, merged), &client->client);
    if (read == OUTCOME_OK && client_is_public(&old) != client_is_public(&client->client))
        return refuse(context, OUTCOME_INVALID_CLIENT_METADATA,
                      "token_endpoint_auth_method can't be changed from or to none");
    client->row.metadata = print_metadata(context, &client->client);
    return read;
}

struct client_change {
    struct context *context;
    const char *client_id;
    const struct client_wish *wish;
    struct registered_client *client; /* out: as it becomes */
    struct record record, switched;   /* out */
    enum outcome outcome;             /* out: why it wasn't done */
};

static enum outcome edit(struct client_change *change)
{
    struct context *context = change->context;
    const struct client_wish *wish = change->wish;
    struct client_row *row = &change->client->row;
    if (!precondition_holds(wish->if_match, client_tag(context->arena, row)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the client has changed since");
    enum outcome outcome = wish->metadata ? merge(context, wish->metadata, change->client) : OUTCOME_OK;
    if (wish->status)
        row->status = wish->status;
    return outcome;
}

/* What has changed: nothing where it is as before. */
static void note(struct client_change *change, const struct client_row *before)
{
    struct context *context = change->context;
    const struct client_row *row = &change->client->row;
    struct json *changes = changes_of(context->arena, before->metadata, row->metadata);
    struct json *status = json_new_object(context->arena);
    bool active = text_equal(row->status, "active"), same = text_equal(row->status, before->status);
    json_put_text(status, "status", row->status);
    change->record = record_of(context, json_count(changes) ? "client.updated" : NULL, row, changes);
    change->switched = record_of(context, active ? "client.enabled" : "client.disabled", row, status);
    change->record.also = same ? NULL : &change->switched;
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct client_change *change = argument;
    struct client_row *row = &change->client->row;
    enum store_result result = clients_find_locked(db, change->context->arena, change->client_id, row);
    if (result != STORE_OK)
        return result;
    const struct client_row before = *row;
    change->outcome = edit(change);
    if (change->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    note(change, &before);
    if (record_is_empty(&change->record)) {
        *row = before;
        return STORE_OK;
    }
    row->updated_at = change->context->now;
    return clients_set(db, row);
}

/* After a commit of which nobody knows: whether the client is as it was to become. */
static enum store_result look_up(struct context *context, const struct client_row *row)
{
    struct client_row there;
    enum store_result result = clients_find(context->db, context->arena, row->client_id, &there);
    bool happened =
        result == STORE_OK && text_equal(client_tag(context->arena, &there), client_tag(context->arena, row));
    return happened ? STORE_OK : STORE_FAILED;
}

static enum outcome run_change(struct context *context, const char *client_id, const struct client_wish *wish,
                               struct registered_client *client_out)
{
    struct client_change change = {
        .context = context, .client_id = client_id, .wish = wish, .client = client_out
    };
    *client_out = (struct registered_client) { 0 };
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = change_recorded(context, &change.record, change_in_transaction, &change);
    if (change.outcome != OUTCOME_OK)
        return change.outcome;
    if (result == STORE_UNCERTAIN)
        result = look_up(context, &client_out->row);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome client_change(struct context *context, const char *client_id, const struct client_wish *wish,
                           struct registered_client *client_out)
{
    enum outcome outcome = run_change(context, client_id, wish, client_out);
    return outcome == OUTCOME_OK ? read_stored(context, client_out) : outcome;
}

/* Also one whose metadata is broken. */
enum outcome client_set_active(struct context *context, const char *client_id, bool active)
{
    struct registered_client client;
    const struct client_wish wish = { .status = active ? "active" : "disabled" };
    return run_change(context, client_id, &wish, &client);
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
    if (client->row.last_used_at) {
        json_write_integer(writer, "last_used_at", client->row.last_used_at);
        json_write_text(writer, "last_used_from", client->row.last_used_from);
    }
    json_close_object(writer);
}
