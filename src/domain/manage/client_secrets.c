/* client_secrets.c: see client_secrets.h. */
#include "domain/manage/client_secrets.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/manage/change.h"
#include "domain/oauth/client_auth.h"
#include "domain/sealed.h"

enum {
    SECRET_BYTES = 32,
    MAC_SECRET_BYTES = 48, /* as text 64 characters: enough for HS512 (RFC 7518 §3.2) */
    PREFIX_CHARACTERS = 6,
    MOST_LISTED = 100
};

static const char unknown[] = "no such client";

/* 256 random bits, so that the stored hash needs no salt; sealed as well, since client_secret_jwt (OpenID
 * Connect Core §9) needs the secret itself. */
void client_secret_make(struct context *context, const char *way, struct made_secret *secret_out)
{
    bool macs = text_equal(way, "client_secret_jwt");
    struct client_secret_row *row = &secret_out->row;
    secret_out->text = random_text(context->arena, macs ? MAC_SECRET_BYTES : SECRET_BYTES);
    *row = (struct client_secret_row) { .created_at = context->now, .created_by = context->actor };
    random_uuid_timed(context->now_ms, row->id);
    sha256_text(secret_out->text, row->secret_hash);
    row->prefix = arena_strndup(context->arena, secret_out->text, PREFIX_CHARACTERS);
    row->sealed = sealed_seal_text(context->keyfile, context->arena, SEALED_CLIENT_SECRET,
                                   sealed_by_id(row->id), secret_out->text);
}

/* --- changes: a unit of work, in which nobody else changes this client's secrets --- */

struct secret_change {
    struct arena *arena;
    int64_t number, now;
    const struct client_secret_row *add; /* NULL: none */
    bool replaces;                       /* the others end: the newest of them at old_until, the rest now */
    int64_t old_until;
    const unsigned char *revoke; /* NULL: none */
    bool full;                   /* out: there are as many as may be */
};

static enum store_result end_old(struct db *db, const struct secret_change *change,
                                 const struct client_secret_row *rows, size_t count)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        result = clients_expire_secret(db, change->number, rows[i].id, change->now,
                                       i == 0 ? change->old_until : change->now);
    return result;
}

static enum store_result run_change(struct db *db, void *argument)
{
    struct secret_change *change = argument;
    const struct secrets_wanted wanted = { change->now, MOST_LISTED };
    struct client_secret_row *rows;
    size_t count = 0;
    enum store_result result = clients_hold(db, change->arena, change->number);
    if (result == STORE_OK && change->revoke)
        return clients_expire_secret(db, change->number, change->revoke, change->now, change->now);
    if (result == STORE_OK)
        result = clients_list_secrets(db, change->arena, change->number, &wanted, &rows, &count);
    change->full = !change->replaces && count >= CLIENT_MAX_SECRETS;
    if (result == STORE_OK && change->full)
        return STORE_CONFLICT;
    if (result == STORE_OK && change->replaces)
        result = end_old(db, change, rows, count);
    return result == STORE_OK ? clients_add_secret(db, change->add) : result;
}

/* Whether a change stands whose commit is uncertain: its secret tells. */
static enum store_result look_up(struct context *context, const struct secret_change *change)
{
    const struct secrets_wanted wanted = { context->now, MOST_LISTED };
    struct client_secret_row *rows;
    size_t count;
    const unsigned char *id = change->add ? change->add->id : change->revoke;
    enum store_result result =
        clients_list_secrets(context->db, context->arena, change->number, &wanted, &rows, &count);
    bool there = false;
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        there |= memcmp(rows[i].id, id, sizeof(rows[i].id)) == 0;
    if (result != STORE_OK)
        return result;
    return there == (change->add != NULL) ? STORE_OK : STORE_FAILED;
}

/* What history tells: which secret, by its id. */
static struct record record_of(struct context *context, const struct secret_change *change,
                               const struct client_row *client)
{
    const unsigned char *id = change->add ? change->add->id : change->revoke;
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "client_id", client->client_id);
    json_write_text(&data, "secret_id", uuid_encode(context->arena, id));
    if (change->replaces)
        json_write_integer(&data, "old_secrets_expire_at", change->old_until);
    json_close_object(&data);
    const char *added = change->replaces ? "client.secret_rotated" : "client.secret_added";
    return (struct record) { .type = change->add ? added : "client.secret_revoked",
                             .service_id = client->service_id,
                             .subject = client->client_id,
                             .data = data.text.data };
}

static enum outcome change_secrets(struct context *context, struct secret_change *change,
                                   const struct client_row *client, const char *not_found)
{
    change->arena = context->arena;
    change->number = client->number;
    change->now = context->now;
    const struct record record = record_of(context, change, client);
    enum store_result result = change_recorded(context, &record, run_change, change);
    if (result == STORE_UNCERTAIN)
        result = look_up(context, change);
    if (result == STORE_CONFLICT && change->full)
        return refuse(context, OUTCOME_LIMIT_REACHED,
                      "the client has two secrets already: revoke one, or rotate");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, not_found);
}

/* A client whose way of authentication has secrets. */
static enum outcome find(struct context *context, const char *client_id, struct registered_client *client_out)
{
    enum outcome outcome = client_find(context, client_id, client_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (client_is_public(&client_out->client))
        return refuse(context, OUTCOME_INVALID_REQUEST, "a public client has no secret");
    if (!client_has_secrets(&client_out->client))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "the client's way of authentication has no secret: it has keys or a certificate");
    return OUTCOME_OK;
}

static enum outcome add(struct context *context, const char *client_id, struct secret_change change,
                        struct made_secret *secret_out)
{
    struct registered_client client;
    *secret_out = (struct made_secret) { .text = NULL };
    enum outcome outcome = find(context, client_id, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    client_secret_make(context, client.client.token_endpoint_auth_method, secret_out);
    secret_out->row.client_number = client.row.number;
    change.add = &secret_out->row;
    return change_secrets(context, &change, &client.row, unknown);
}

enum outcome client_secret_add(struct context *context, const char *client_id, struct made_secret *secret_out)
{
    return add(context, client_id, (struct secret_change) { .replaces = false }, secret_out);
}

enum outcome client_secret_rotate(struct context *context, const char *client_id, int64_t keep_s,
                                  struct made_secret *secret_out)
{
    const struct secret_change change = { .replaces = true, .old_until = context->now + keep_s };
    return add(context, client_id, change, secret_out);
}

enum outcome client_secret_revoke(struct context *context, const char *client_id, const char *id)
{
    struct registered_client client;
    unsigned char secret_id[16];
    enum outcome outcome = client_find(context, client_id, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!uuid_decode(id, secret_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such secret");
    struct secret_change change = { .revoke = secret_id };
    return change_secrets(context, &change, &client.row, "no such secret");
}

enum outcome client_secrets_of(struct context *context, const char *client_id,
                               struct client_secret_row **rows_out, size_t *count_out)
{
    const struct secrets_wanted wanted = { context->now, MOST_LISTED };
    struct registered_client client;
    enum outcome outcome = client_find(context, client_id, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    return store_outcome(
        context,
        clients_list_secrets(context->db, context->arena, client.row.number, &wanted, rows_out, count_out),
        OUTCOME_NOT_FOUND, unknown);
}

void client_secret_write(struct json_writer *writer, const struct client_secret_row *row, const char *text)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->id));
    json_write_text(writer, "prefix", row->prefix);
    json_write_integer(writer, "created_at", row->created_at);
    json_write_text(writer, "created_by", row->created_by);
    json_write_integer(writer, "expires_at", row->expires_at);
    json_write_integer(writer, "last_used_at", row->last_used_at);
    json_write_text(writer, "last_used_from", row->last_used_from ? row->last_used_from : "");
    json_write_text(writer, "client_secret", text);
    json_close_object(writer);
}
