/* granting.c: see granting.h. */
#include "domain/providers/granting.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/events/event.h"
#include "domain/providers/revocation.h"
#include "domain/providers/vault.h"

/* --- scopes --- */

const char *granting_join(struct arena *arena, const char *scopes, const char *more)
{
    struct strbuf list = strbuf_start(arena);
    const char *const both[] = { scopes, more };
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        const char *word, *cursor = both[i];
        size_t length;
        while (text_next_word(&cursor, ' ', &word, &length)) {
            if (!text_has_word(list.data, ' ', arena_strndup(arena, word, length)))
                strbuf_add_format(&list, "%s%.*s", list.length ? " " : "", (int)length, word);
        }
    }
    return list.data;
}

const char *granting_common(struct arena *arena, const char *scopes, const char *others)
{
    return provider_scopes_missing(arena, provider_scopes_missing(arena, others, scopes), scopes);
}

const char *granting_excess(struct arena *arena, const struct provider_kind *kind, const char *scopes,
                            const char *allowed)
{
    const char *beyond = provider_scopes_missing(arena, allowed, scopes);
    return provider_scopes_missing(arena, kind->identity_scopes, beyond);
}

enum outcome granting_kind(struct context *context, const char *provider,
                           const struct provider_kind **kind_out)
{
    const struct provider *const *providers;
    size_t count;
    *kind_out = NULL;
    enum outcome outcome = provider_list(context, &providers, &count);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
        if (text_equal(providers[i]->name, provider))
            *kind_out = providers[i]->kind;
    }
    return outcome;
}

/* --- giving --- */

static void make_event(struct context *context, const char *type, const struct provider_grant_row *row,
                       const char *provider, const char *actor, struct event_rows *rows_out)
{
    struct arena *arena = context->arena;
    const char *user = uuid_encode(arena, row->user_id);
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "id", uuid_encode(arena, row->id));
    json_write_text(&writer, "user_id", user);
    json_write_text(&writer, "account_id", uuid_encode(arena, row->connection_id));
    json_write_text(&writer, "provider", provider);
    json_write_words(&writer, "scopes", row->scopes, ' ');
    json_close_object(&writer);
    const struct event event = {
        .type = type, .service_id = row->service_id, .subject = user, .actor = actor, .data = writer.text.data
    };
    event_make(context, &event, rows_out);
}

static enum store_result add(struct db *db, struct granting *granting)
{
    struct provider_grant_row *row = &granting->row;
    *row = (struct provider_grant_row) { .scopes = granting->scopes, .granted_at = granting->context->now };
    random_uuid_timed(granting->context->now_ms, row->id);
    memcpy(row->connection_id, granting->connection_id, sizeof(row->connection_id));
    memcpy(row->service_id, granting->service_id, sizeof(row->service_id));
    memcpy(row->user_id, granting->user_id, sizeof(row->user_id));
    return provider_grants_add(db, row);
}

static enum store_result widen(struct db *db, struct granting *granting)
{
    struct context *context = granting->context;
    struct provider_grant_row *row = &granting->row;
    row->scopes = granting_common(
        context->arena, granting_join(context->arena, row->scopes, granting->scopes), granting->allowed);
    row->granted_at = context->now;
    return provider_grants_set_scopes(db, row->id, row->scopes, context->now);
}

enum store_result granting_store(struct db *db, struct granting *granting)
{
    struct context *context = granting->context;
    struct event_rows event;
    enum store_result result = provider_grants_lock(db, context->arena, granting->connection_id,
                                                    granting->service_id, &granting->row);
    if (result == STORE_NOT_FOUND)
        result = add(db, granting);
    else if (result == STORE_OK)
        result = widen(db, granting);
    if (result != STORE_OK)
        return result;
    make_event(context, EVENT_PROVIDER_GRANT_CREATED, &granting->row, granting->provider, granting->actor,
               &event);
    return event_store(db, &event);
}

/* --- taking back --- */

struct withdraw_work {
    struct context *context;
    const struct withdrawal *withdrawal;
    struct connection_row connection; /* out: with its tokens */
};

/* Whether this service's grant is the connection's only one. */
static enum store_result is_last(struct db *db, const struct withdraw_work *work, bool *last_out)
{
    const struct withdrawal *withdrawal = work->withdrawal;
    struct provider_grant_row *rows;
    size_t count;
    enum store_result result =
        provider_grants_of_user(db, work->context->arena, withdrawal->user_id, &rows, &count);
    *last_out = true;
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        if (memcmp(rows[i].connection_id, withdrawal->connection_id, 16) == 0)
            *last_out = false;
    }
    return result;
}

static enum store_result empty(struct db *db, struct withdraw_work *work)
{
    struct connection_row row = work->connection;
    bool last = false;
    enum store_result result = is_last(db, work, &last);
    if (result != STORE_OK || !last)
        return result;
    vault_empty(&row);
    result = revocation_store(db, work->context, &work->connection, 1);
    return result == STORE_OK ? connections_write(db, &row, work->context->now) : result;
}

static enum store_result withdraw_in_transaction(struct db *db, void *argument)
{
    struct withdraw_work *work = argument;
    struct context *context = work->context;
    const struct withdrawal *withdrawal = work->withdrawal;
    struct provider_grant_row row;
    struct event_rows event;
    enum store_result result = connections_lock(db, context->arena, withdrawal->user_id,
                                                withdrawal->connection_id, &work->connection);
    if (result == STORE_OK)
        result =
            provider_grants_lock(db, context->arena, withdrawal->connection_id, withdrawal->service_id, &row);
    if (result == STORE_OK)
        result = provider_grants_remove(db, withdrawal->user_id, withdrawal->connection_id,
                                        withdrawal->service_id);
    if (result != STORE_OK)
        return result;
    make_event(context, EVENT_PROVIDER_GRANT_DELETED, &row, work->connection.provider, withdrawal->actor,
               &event);
    result = event_store(db, &event);
    return result == STORE_OK && withdrawal->revoke ? empty(db, work) : result;
}

/* One whose fate isn't known is done again: it is gone then, or goes now. */
enum outcome granting_withdraw(struct context *context, const struct withdrawal *withdrawal)
{
    struct withdraw_work work = { .context = context, .withdrawal = withdrawal };
    enum store_result result = db_transact(context->db, withdraw_in_transaction, &work);
    if (result == STORE_UNCERTAIN) {
        result = db_transact(context->db, withdraw_in_transaction, &work);
        if (result == STORE_NOT_FOUND)
            result = STORE_OK;
    }
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "there is no such grant");
    event_wake(context);
    revocation_wake(context);
    return OUTCOME_OK;
}

enum store_result granting_end_all(struct db *db, struct context *context,
                                   const struct connection_row *connection, const char *actor)
{
    struct provider_grant_row *rows;
    size_t count;
    const char *owner =
        arena_printf(context->arena, "user:%s", uuid_encode(context->arena, connection->user_id));
    enum store_result result =
        provider_grants_of_user(db, context->arena, connection->user_id, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct event_rows event;
        if (memcmp(rows[i].connection_id, connection->id, sizeof(connection->id)) != 0)
            continue;
        make_event(context, EVENT_PROVIDER_GRANT_DELETED, &rows[i], connection->provider,
                   actor ? actor : owner, &event);
        result = event_store(db, &event);
    }
    return result;
}

static const char *provider_of(const struct connection_row *rows, size_t count,
                               const unsigned char connection_id[16])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(rows[i].id, connection_id, sizeof(rows[i].id)) == 0)
            return rows[i].provider;
    return "";
}

enum store_result granting_end_of_member(struct db *db, struct context *context,
                                         const unsigned char service_id[16], const unsigned char user_id[16],
                                         const char *actor)
{
    struct connection_row *accounts;
    struct provider_grant_row *rows;
    size_t account_count, count;
    enum store_result result = connections_list(db, context->arena, user_id, &accounts, &account_count);
    if (result == STORE_OK)
        result = provider_grants_of_user(db, context->arena, user_id, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct event_rows event;
        if (memcmp(rows[i].service_id, service_id, sizeof(rows[i].service_id)) != 0)
            continue;
        make_event(context, EVENT_PROVIDER_GRANT_DELETED, &rows[i],
                   provider_of(accounts, account_count, rows[i].connection_id), actor, &event);
        result = event_store(db, &event);
    }
    return result;
}
