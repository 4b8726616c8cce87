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

bool client_may_come_from_here(const struct context *context, const struct client *client)
{
    struct ip_address address;
    return text_empty(client->allowed_addresses) ||
           (ip_parse(context->address, &address) && network_list_holds(client->allowed_addresses, &address));
}

/* --- ranges --- */

/* With the moment since when failures count: unlocking makes all ranges start anew, on every machine. */
static uint64_t limit_key(struct context *context, const char *client_id, const struct client *client)
{
    const char *range = network_of_customer(context->arena, context->address);
    long long since = client ? (long long)client->failures_since : 0;
    return shared_limit_key("client failures",
                            arena_printf(context->arena, "%s %s %lld", range, client_id, since));
}

/* Who is locked is told so, and not to come back later. */
static int64_t limit_of(const struct context *context, const struct client *client)
{
    int64_t limit = context->settings->client_failure_limit;
    int64_t lock = context->settings->client_lock_failures;
    bool strict = client && client->enhanced_security && !client->locked && lock > 0;
    return strict && lock < limit ? lock : limit;
}

enum outcome client_failures_check(struct context *context, const char *client_id,
                                   const struct client *client)
{
    struct limit_state state;
    if (shared_limit_take(context->shared, limit_key(context, client_id, client), context->now_ms,
                          context->settings->sign_in_window_s, limit_of(context, client), 0, &state))
        return OUTCOME_OK;
    context->retry_after_s = state.retry_after_s > 0 ? state.retry_after_s : 1;
    return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many failures to prove who the client is");
}

/* Whether it's the one behind which the range is turned away. Other machines hear of a client's: ids that
 * nobody has are as many as strangers like. */
static bool fills_range(struct context *context, const struct client_failure *failure)
{
    struct limit_state state;
    uint64_t key = limit_key(context, failure->client_id, failure->client);
    int64_t window_s = context->settings->sign_in_window_s, limit = limit_of(context, failure->client);
    if (failure->client)
        (void)shared_limit_take_spread(context->shared, key, context->now_ms, window_s, limit, &state);
    else
        (void)shared_limit_take(context->shared, key, context->now_ms, window_s, limit, 1, &state);
    return state.used == limit;
}

/* --- locking --- */

/* Whether it's what only who holds the client's key or certificate can do, and for the first time. Without a
 * lock nothing counts. */
static bool counts(struct context *context, const struct client_failure *failure)
{
    const struct client *client = failure->client;
    if (!failure->held || !client->enhanced_security || context->settings->client_lock_failures == 0 ||
        !client_may_come_from_here(context, client))
        return false;
    return !failure->shown || once_is_first(context, "failure", client->client_id, failure->shown,
                                            context->now + context->settings->sign_in_window_s);
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
    if (client->locked)
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

/* What counts is kept in any case: the lock ends it. */
static bool is_kept(struct context *context, const struct client *client, bool counted)
{
    struct limit_state state;
    return counted || shared_limit_take(context->shared, shared_limit_key("kept failures", client->client_id),
                                        context->now_ms, HOUR_S, KEPT_PER_HOUR, 1, &state);
}

static void keep(struct context *context, const struct client_failure *failure, const char *reason)
{
    const struct client *client = failure->client;
    bool counted = counts(context, failure);
    if (!is_kept(context, client, counted))
        return;
    struct client_failure_row row = { .client_number = client->number,
                                      .method = failure->way,
                                      .reason = reason,
                                      .address = context->address,
                                      .counts = counted,
                                      .at_ms = context->now_ms,
                                      .expires_at = context->now + KEEP_S };
    random_uuid_timed(context->now_ms, row.id);
    if (client_failures_add(context->db, &row) != STORE_OK)
        log_warn("client.failure_not_kept");
    else if (counted)
        lock_when_due(context, client);
}

void client_failed(struct context *context, const struct client_failure *failure)
{
    const char *reason = failure->reason;
    if (fills_range(context, failure))
        reason = arena_printf(context->arena, "%s; from now on this address is turned away", reason);
    log_warn("client authentication failed: from=%s way=%s reason=\"%s\" client=%s", context->address,
             failure->way, reason, failure->client_id);
    if (failure->client)
        keep(context, failure, reason);
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
    return store_outcome(context, unlocked, OUTCOME_NOT_FOUND, "no such client");
}
