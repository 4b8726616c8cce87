/* client_failures.c: see client_failures.h. */
#include "domain/oauth/client_failures.h"

#include "core/log.h"
#include "core/network.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/manage/change.h"
#include "store/clients.h"

/* More of one client's failures in an hour are logged, but not kept: a flood must not fill the table. */
enum { KEEP_S = 90 * 86400, HOUR_S = 3600, KEPT_PER_HOUR = 1000 };

static uint64_t limit_key(struct context *context, const char *client_id)
{
    const char *address = network_of_customer(context->arena, context->address);
    return shared_limit_key("client failures", arena_printf(context->arena, "%s %s", address, client_id));
}

static bool take(struct context *context, const char *client_id, int amount, struct limit_state *state)
{
    const struct settings *settings = context->settings;
    return shared_limit_take(context->shared, limit_key(context, client_id), context->now_ms,
                             settings->sign_in_window_s, settings->client_failure_limit, amount, state);
}

enum outcome client_failures_check(struct context *context, const char *client_id)
{
    struct limit_state state;
    if (take(context, client_id, 0, &state))
        return OUTCOME_OK;
    context->retry_after_s = state.retry_after_s > 0 ? state.retry_after_s : 1;
    return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many failures to prove who the client is");
}

/* --- locking --- */

static bool counts(const struct context *context, const struct client *client)
{
    struct ip_address address;
    return text_empty(client->allowed_addresses) ||
           (ip_parse(context->address, &address) && network_list_holds(client->allowed_addresses, &address));
}

struct locking {
    int64_t number, now;
};

static enum store_result run_lock(struct db *db, void *argument)
{
    const struct locking *locking = argument;
    return clients_lock(db, locking->number, locking->now);
}

static struct record record_of(struct context *context, const char *type, const unsigned char *service_id,
                               const char *client_id)
{
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "client_id", client_id);
    json_close_object(&data);
    return (struct record) {
        .type = type, .service_id = service_id, .subject = client_id, .data = data.text.data
    };
}

static void lock_when_due(struct context *context, const struct client *client)
{
    struct locking locking = { client->number, context->now };
    const struct settings *settings = context->settings;
    int64_t made, since_ms = context->now_ms - settings->sign_in_window_s * 1000;
    if (!client->enhanced_security || client->locked || settings->client_lock_failures == 0)
        return;
    if (client->failures_since * 1000 > since_ms)
        since_ms = client->failures_since * 1000;
    if (client_failures_count(context->db, context->arena, client->number, since_ms, &made) != STORE_OK ||
        made < settings->client_lock_failures)
        return;
    const struct record record = record_of(context, "client.locked", client->service->id, client->client_id);
    enum store_result locked = change_recorded(context, &record, run_lock, &locking);
    if (locked == STORE_OK)
        log_warn("client locked: client=%s failures=%lld", client->client_id, (long long)made);
    else if (locked != STORE_NOT_FOUND)
        log_error("client %s could not be locked", client->client_id);
}

/* --- writing down --- */

static bool is_kept(struct context *context, const struct client *client)
{
    struct limit_state state;
    return client && shared_limit_take(context->shared, shared_limit_key("kept failures", client->client_id),
                                       context->now_ms, HOUR_S, KEPT_PER_HOUR, 1, &state);
}

void client_failed(struct context *context, const struct client_failure *failure)
{
    const struct client *client = failure->client;
    struct limit_state state;
    (void)take(context, failure->client_id, 1, &state);
    log_warn("client authentication failed: from=%s way=%s reason=\"%s\" client=%s", context->address,
             failure->way, failure->reason, failure->client_id);
    if (!is_kept(context, client))
        return;
    struct client_failure_row row = { .client_number = client->number,
                                      .method = failure->way,
                                      .reason = failure->reason,
                                      .address = context->address,
                                      .counts = counts(context, client),
                                      .at_ms = context->now_ms,
                                      .expires_at = context->now + KEEP_S };
    random_uuid_timed(context->now_ms, row.id);
    if (client_failures_add(context->db, &row) != STORE_OK)
        log_warn("client.failure_not_kept");
    else if (row.counts)
        lock_when_due(context, client);
}

/* --- for people --- */

static enum outcome find(struct context *context, const char *client_id, struct client_row *row_out)
{
    static const char unknown[] = "no such client";
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, clients_find(context->db, context->arena, client_id, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

enum outcome client_failures_of(struct context *context, const char *client_id, const struct page *page,
                                struct client_failure_row **rows_out, size_t *count_out)
{
    struct client_row row;
    enum outcome outcome = find(context, client_id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    return store_outcome(
        context, client_failures_list(context->db, context->arena, row.number, page, rows_out, count_out),
        OUTCOME_NOT_FOUND, "the failures could not be read");
}

void client_failure_write(struct json_writer *writer, const struct client_failure_row *row)
{
    json_open_object(writer, NULL);
    json_write_integer(writer, "at", row->at_ms / 1000);
    json_write_text(writer, "method", row->method);
    json_write_text(writer, "reason", row->reason);
    json_write_text(writer, "address", row->address);
    json_write_boolean(writer, "counted", row->counts);
    json_close_object(writer);
}

static enum store_result run_unlock(struct db *db, void *argument)
{
    const struct locking *locking = argument;
    return clients_unlock(db, locking->number, locking->now);
}

enum outcome client_unlock(struct context *context, const char *client_id)
{
    struct client_row row;
    enum outcome outcome = find(context, client_id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* the failures of this second stay uncounted as well */
    struct locking locking = { row.number, context->now + 1 };
    const struct record record = record_of(context, "client.unlocked", row.service_id, row.client_id);
    enum store_result unlocked = change_recorded(context, &record, run_unlock, &locking);
    return unlocked == STORE_NOT_FOUND
               ? OUTCOME_OK
               : store_outcome(context, unlocked, OUTCOME_NOT_FOUND, "no such client");
}
