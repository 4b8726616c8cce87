/*
 * clients_api.c: the family "clients": applications of services, their secrets, and how they failed to prove
 * who they are, for administrators, by the console's session. What changes something needs a fresh sign-in,
 * as the console's pages do.
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/client_secrets.h"
#include "domain/oauth/client_failures.h"

enum { MAX_KEEP_S = 366 * 24 * 3600 };

static enum outcome needs_recent(struct call *call)
{
    return admin_session_needs_recent(&call->context, call->admin);
}

/* The client of the path. */
static enum outcome find(struct call *call, struct registered_client *client_out)
{
    return client_find(&call->context, call->values[0], client_out);
}

static enum outcome answer_client(struct call *call, int status, const struct registered_client *client)
{
    struct json_writer writer = json_writer_start(call->arena);
    client_write(&writer, client);
    return service_answer(call, status, &writer, client_tag(call->arena, &client->row));
}

/* --- clients --- */

/* One whose metadata is broken is left out: it is in the log. */
static void write_client(struct json_writer *writer, const struct client_row *row)
{
    const char *error;
    struct registered_client client = { .row = *row };
    if (client_from_metadata(writer->text.arena, row->metadata, &client.client, &error))
        client_write(writer, &client);
}

static enum outcome get_clients(struct call *call)
{
    struct page page;
    struct client_row *rows;
    size_t count;
    unsigned char id[16];
    struct context *context = &call->context;
    const char *service = call_parameter(call, "service");
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK && service && !service_read_id(service, id))
        return refuse(context, OUTCOME_INVALID_REQUEST, "service must be a service's id");
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(
            context, clients_list(context->db, context->arena, service ? id : NULL, &page, &rows, &count),
            OUTCOME_NOT_FOUND, "the clients could not be read");
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "clients");
    for (size_t i = 0; i < count; i++)
        write_client(&writer, &rows[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome post_client(struct call *call)
{
    struct registered_client client;
    const char *service = json_member_text(call->json, "service_id");
    enum outcome outcome = needs_recent(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!service)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "service_id is missing");
    outcome = client_register(&call->context, service, json_print(call->arena, call->json), &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_client(call, 201, &client);
}

static enum outcome get_client(struct call *call)
{
    struct registered_client client;
    enum outcome outcome = find(call, &client);
    return outcome == OUTCOME_OK ? answer_client(call, 200, &client) : outcome;
}

static enum outcome patch_client(struct call *call)
{
    struct registered_client client;
    const struct json *metadata = service_body_without_status(call);
    struct client_wish wish = { .metadata = json_count(metadata) ? metadata : NULL,
                                .if_match = service_if_match(call) };
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = service_body_status(call, &wish.status);
    if (outcome == OUTCOME_OK)
        outcome = client_change(&call->context, call->values[0], &wish, &client);
    return outcome == OUTCOME_OK ? answer_client(call, 200, &client) : outcome;
}

static enum outcome delete_client(struct call *call)
{
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = client_remove(&call->context, call->values[0], service_if_match(call));
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* --- secrets --- */

static enum outcome answer_secret(struct call *call, int status, const struct made_secret *secret)
{
    struct json_writer writer = json_writer_start(call->arena);
    client_secret_write(&writer, &secret->row, secret->text);
    return service_answer(call, status, &writer, NULL);
}

static enum outcome get_secrets(struct call *call)
{
    struct client_secret_row *rows;
    size_t count;
    enum outcome outcome = client_secrets_of(&call->context, call->values[0], &rows, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "secrets");
    for (size_t i = 0; i < count; i++)
        client_secret_write(&writer, &rows[i], NULL);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome post_secret(struct call *call)
{
    struct made_secret secret;
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_add(&call->context, call->values[0], &secret);
    return outcome == OUTCOME_OK ? answer_secret(call, 201, &secret) : outcome;
}

static enum outcome delete_secret(struct call *call)
{
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_revoke(&call->context, call->values[0], call->values[1]);
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* keep_old_s: for how long the one before works on; 0 unless it is said. */
static enum outcome read_keep(struct call *call, int64_t *keep_s_out)
{
    const struct json *member = json_member(call->json, "keep_old_s");
    *keep_s_out = 0;
    if (!member || (json_integer(member, keep_s_out) && *keep_s_out >= 0 && *keep_s_out <= MAX_KEEP_S))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                  "keep_old_s must be a whole number of seconds, at most a year");
}

static enum outcome post_regenerate(struct call *call)
{
    struct made_secret secret;
    int64_t keep_s;
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = read_keep(call, &keep_s);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_rotate(&call->context, call->values[0], keep_s, &secret);
    return outcome == OUTCOME_OK ? answer_secret(call, 201, &secret) : outcome;
}

/* --- failures --- */

static enum outcome get_failures(struct call *call)
{
    struct page page;
    struct client_failure_row *rows;
    size_t count;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = client_failures_of(&call->context, call->values[0], &page, &rows, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "failures");
    for (size_t i = 0; i < count; i++)
        client_failure_write(&writer, &rows[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

static enum outcome post_unlock(struct call *call)
{
    enum outcome outcome = needs_recent(call);
    if (outcome == OUTCOME_OK)
        outcome = client_unlock(&call->context, call->values[0]);
    return outcome == OUTCOME_OK ? get_client(call) : outcome;
}

/* clang-format off */
#define CLIENTS "/api/admin/oauth-clients"
#define CLIENT CLIENTS "/{client}"
#define READS .who = BY_ADMIN
#define CHANGES .who = BY_ADMIN, .origin = ORIGIN_REQUIRED

static const struct route routes[] = {
    { "GET", CLIENTS, READS, .handler = get_clients },
    { "POST", CLIENTS, CHANGES, .body = BODY_JSON_VALUES, .handler = post_client },
    { "GET", CLIENT, READS, .handler = get_client },
    { "PATCH", CLIENT, CHANGES, .body = BODY_JSON_VALUES, .handler = patch_client },
    { "DELETE", CLIENT, CHANGES, .handler = delete_client },
    { "GET", CLIENT "/secrets", READS, .handler = get_secrets },
    { "POST", CLIENT "/secrets", CHANGES, .handler = post_secret },
    { "DELETE", CLIENT "/secrets/{secret}", CHANGES, .handler = delete_secret },
    { "POST", CLIENT "/regenerate-secret", CHANGES, .body = BODY_JSON_VALUES, .handler = post_regenerate },
    { "GET", CLIENT "/failures", READS, .handler = get_failures },
    { "POST", CLIENT "/unlock", CHANGES, .handler = post_unlock },
};
/* clang-format on */

const struct route_family clients_family = SERVICE_FAMILY("clients", routes);
