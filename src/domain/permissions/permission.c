/*
 * permission.c: see permission.h. Each change is one transaction: the row, its history and webhooks, the
 * mails, and, where the client demands a permission that is now gone, the end of all it got.
 */
#include "domain/permissions/permission.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/permissions/permission_mail.h"
#include "store/authorizations.h"
#include "store/users.h"

enum { ACCESS_NOTED_EVERY_S = 3600 };

/* --- words --- */

struct alias {
    const char *word, *meaning;
};

static const struct alias roles[] = {
    { "none", "none" },   { "user", "user" },        { "admin", "admin" },       { "guest", "none" },
    { "owner", "admin" }, { "superadmin", "admin" }, { "super-admin", "admin" },
};

static const struct alias statuses[] = {
    { "pending", "pending" },
    { "approved", "approved" },
    { "revoked", "revoked" },
    { "active", "approved" },
};

static const char *look_up(const struct alias *aliases, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(aliases[i].word, word))
            return aliases[i].meaning;
    }
    return NULL;
}

const char *permission_role(const char *word)
{
    return look_up(roles, ARRAY_SIZE(roles), word);
}

const char *permission_status(const char *word)
{
    return look_up(statuses, ARRAY_SIZE(statuses), word);
}

/* Only known words grant: what is missing or new denies (T-101). */
bool permission_grants(const char *role, const char *status, bool denied)
{
    bool has_role = text_equal(role, "user") || text_equal(role, "admin");
    return has_role && text_equal(status, "approved") && !denied;
}

bool permission_suffices(const struct client *client, const struct permission_state *state)
{
    return !client->requires_permission || permission_grants(state->role, state->status, state->denied);
}

const char *permission_app_name(const struct client *client)
{
    return text_empty(client->client_name) ? client->client_id : client->client_name;
}

const char *permission_subject(struct context *context, const unsigned char user_id[16],
                               const struct client *client)
{
    return arena_printf(context->arena, "%s %s", uuid_encode(context->arena, user_id), client->client_id);
}

/* --- reading --- */

static void read_row(const struct permission_row *row, const struct client *client,
                     struct permission *permission_out)
{
    *permission_out = (struct permission) {
        .client = client,
        .role = row->role,
        .status = row->status,
        .has_access = permission_grants(row->role, row->status, row->denied),
        .requested_at = row->requested_at,
        .granted_at = row->granted_at,
        .revoked_at = row->revoked_at,
        .last_accessed_at = row->last_accessed_at,
        .created_at = row->created_at,
        .updated_at = row->updated_at,
        .granted_by = row->granted_by,
        .revoked_by = row->revoked_by,
    };
    memcpy(permission_out->user_id, row->user_id, sizeof(permission_out->user_id));
}

enum outcome permission_find(struct context *context, const unsigned char user_id[16],
                             const struct client *client, struct permission *permission_out)
{
    struct permission_row row = { .role = "none", .status = "none", .granted_by = "", .revoked_by = "" };
    memcpy(row.user_id, user_id, sizeof(row.user_id));
    read_row(&row, client, permission_out);
    enum store_result found = permissions_find(context->db, context->arena, user_id, client->number, &row);
    if (found == STORE_OK)
        read_row(&row, client, permission_out);
    return store_outcome(context, found, OUTCOME_NOT_FOUND, "No permission record found");
}

enum outcome permission_history(struct context *context, const struct permission *permission,
                                const struct page *page, struct history_entry **entries_out,
                                size_t *count_out)
{
    const struct client *client = permission->client;
    return history_of(context, client->service->id, permission_subject(context, permission->user_id, client),
                      page, entries_out, count_out);
}

/* --- changing --- */

struct change_work {
    const struct context *context;
    const struct client *client;
    const struct permission_change *change;
    struct permission_row row; /* the key; comes back as it is then */
    bool must_exist, is_other; /* is_other, out: not what the change is meant for */
    struct event_rows event;
    struct permission_mail decision; /* to the person, sent when a request was waiting */
    bool was_waiting;
};

/* Granting forgets the last revocation; revoking keeps who had granted. */
static void apply(const struct change_work *work, struct permission_row *row)
{
    const struct permission_change *change = work->change;
    bool revoked = text_equal(change->status, "revoked");
    row->role = revoked ? "none" : change->role;
    row->status = change->status;
    row->denied = change->denied;
    row->updated_at = work->context->now;
    if (revoked) {
        row->revoked_at = work->context->now;
        row->revoked_by = change->actor;
    } else if (text_equal(change->status, "approved")) {
        row->granted_at = work->context->now;
        row->granted_by = change->actor;
        row->revoked_at = 0;
        row->revoked_by = "";
    } else if (!row->requested_at) {
        row->requested_at = work->context->now;
    }
}

static enum store_result add_row(struct db *db, struct change_work *work)
{
    struct permission_row *row = &work->row;
    row->requested_at = row->granted_at = row->revoked_at = row->last_accessed_at = 0;
    row->granted_by = row->revoked_by = "";
    row->created_at = work->context->now;
    apply(work, row);
    return permissions_add(db, row);
}

static enum store_result put_row(struct db *db, struct change_work *work)
{
    struct permission_row *row = &work->row;
    struct arena *arena = work->context->arena;
    work->was_waiting = work->is_other = false;
    enum store_result result = permissions_lock(db, arena, row->user_id, row->client_number, row);
    if (result == STORE_NOT_FOUND && !work->must_exist && !work->change->only_from) {
        result = add_row(db, work);
        if (result != STORE_CONFLICT)
            return result;
        /* another request was faster */
        result = permissions_lock(db, arena, row->user_id, row->client_number, row);
    }
    if (result != STORE_OK)
        return result;
    const char *only_from = work->change->only_from;
    work->is_other = only_from && !text_equal(row->status, only_from);
    if (work->is_other)
        return STORE_CONFLICT;
    work->was_waiting = text_equal(row->status, "pending") && !text_equal(work->change->status, "pending");
    apply(work, row);
    return permissions_change(db, row);
}

/* Tokens that were got with a permission don't come to life again with the next one. */
static enum store_result end_tokens(struct db *db, const struct change_work *work)
{
    const struct permission_row *row = &work->row;
    if (!work->client->requires_permission || permission_grants(row->role, row->status, row->denied))
        return STORE_OK;
    return authorizations_revoke_by_user_and_client(db, row->user_id, row->client_number, work->context->now);
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct change_work *work = argument;
    enum store_result result = put_row(db, work);
    if (result == STORE_OK)
        result = end_tokens(db, work);
    if (result == STORE_OK)
        result = event_store(db, &work->event);
    if (result == STORE_OK && work->was_waiting)
        result = permission_mail_add(db, &work->decision);
    return result;
}

static void make_event(struct context *context, const struct permission_row *row, const struct client *client,
                       const char *type, const char *actor, struct event_rows *rows_out)
{
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "userId", uuid_encode(context->arena, row->user_id));
    json_write_text(&data, "clientId", client->client_id);
    json_write_text(&data, "role", row->role);
    json_write_text(&data, "status", row->status);
    json_write_boolean(&data, "hasAccess", permission_grants(row->role, row->status, row->denied));
    json_close_object(&data);
    const struct event event = {
        .type = type,
        .service_id = client->service->id,
        .subject = permission_subject(context, row->user_id, client),
        .actor = actor,
        .data = data.text.data,
    };
    event_make(context, &event, rows_out);
}

static struct change_work start_work(struct context *context, const unsigned char user_id[16],
                                     const struct client *client, const struct permission_change *change)
{
    struct change_work work = { .context = context, .client = client, .change = change };
    memcpy(work.row.user_id, user_id, sizeof(work.row.user_id));
    work.row.client_number = client->number;
    /* as it will be, for the event */
    apply(&work, &work.row);
    make_event(context, &work.row, client, EVENT_PERMISSION_CHANGED,
               change->history_actor ? change->history_actor : change->actor, &work.event);
    return work;
}

static enum outcome finish(struct context *context, struct change_work *work, const char *missing,
                           struct permission *permission_out)
{
    enum store_result result = db_transact(context->db, change_in_transaction, work);
    if (work->is_other)
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the permission has been changed meanwhile");
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, missing);
    if (outcome != OUTCOME_OK)
        return outcome;
    event_wake(context);
    if (work->was_waiting)
        permission_mail_wake(context, &work->decision);
    read_row(&work->row, work->client, permission_out);
    return OUTCOME_OK;
}

enum outcome permission_put(struct context *context, const unsigned char user_id[16],
                            const struct client *client, const struct permission_change *change,
                            struct permission *permission_out)
{
    struct user_row user;
    enum store_result found = users_find(context->db, context->arena, user_id, &user);
    enum outcome outcome = store_outcome(context, found, OUTCOME_NOT_FOUND, "User not found");
    if (outcome != OUTCOME_OK)
        return outcome;
    struct change_work work = start_work(context, user_id, client, change);
    bool granted = permission_grants(work.row.role, work.row.status, work.row.denied);
    outcome = permission_mail_decided(context, client, &user, granted, &work.decision);
    return outcome == OUTCOME_OK ? finish(context, &work, "User not found", permission_out) : outcome;
}

enum outcome permission_revoke(struct context *context, const unsigned char user_id[16],
                               const struct client *client, const char *actor,
                               struct permission *permission_out)
{
    return permission_revoke_as(context, user_id, client, actor, actor, permission_out);
}

enum outcome permission_revoke_as(struct context *context, const unsigned char user_id[16],
                                  const struct client *client, const char *actor, const char *history_actor,
                                  struct permission *permission_out)
{
    const struct permission_change change = {
        .role = "none", .status = "revoked", .actor = actor, .history_actor = history_actor
    };
    struct user_row user;
    enum store_result found = users_find(context->db, context->arena, user_id, &user);
    enum outcome outcome = store_outcome(context, found, OUTCOME_NOT_FOUND, "No permission record found");
    if (outcome != OUTCOME_OK)
        return outcome;
    struct change_work work = start_work(context, user_id, client, &change);
    work.must_exist = true;
    outcome = permission_mail_decided(context, client, &user, false, &work.decision);
    return outcome == OUTCOME_OK ? finish(context, &work, "No permission record found", permission_out)
                                 : outcome;
}

/* --- asking --- */

struct request_work {
    struct permission_row row;
    struct event_rows event;
    struct permission_mail mails; /* to the administrators */
};

static enum store_result request_in_transaction(struct db *db, void *argument)
{
    const struct request_work *work = argument;
    enum store_result result = permissions_add(db, &work->row);
    if (result == STORE_OK)
        result = event_store(db, &work->event);
    return result == STORE_OK ? permission_mail_add(db, &work->mails) : result;
}

static enum outcome prepare_request(struct context *context, const unsigned char user_id[16],
                                    const struct client *client, struct request_work *work)
{
    struct user_row user;
    enum store_result found = users_find(context->db, context->arena, user_id, &user);
    enum outcome outcome = store_outcome(context, found, OUTCOME_UNAUTHENTICATED, "the account is gone");
    if (outcome != OUTCOME_OK)
        return outcome;
    work->row = (struct permission_row) {
        .client_number = client->number,
        .role = "none",
        .status = "pending",
        .requested_at = context->now,
        .granted_by = "",
        .revoked_by = "",
        .created_at = context->now,
        .updated_at = context->now,
    };
    memcpy(work->row.user_id, user_id, sizeof(work->row.user_id));
    const char *actor = arena_printf(context->arena, "user:%s", uuid_encode(context->arena, user_id));
    make_event(context, &work->row, client, EVENT_PERMISSION_REQUESTED, actor, &work->event);
    return permission_mail_requested(context, client, &user, &work->mails);
}

enum outcome permission_request(struct context *context, const unsigned char user_id[16],
                                const struct client *client, struct permission *permission_out,
                                bool *created_out)
{
    *created_out = false;
    enum outcome outcome = permission_find(context, user_id, client, permission_out);
    if (outcome != OUTCOME_NOT_FOUND)
        return outcome;
    context->reason = NULL;
    struct request_work work;
    outcome = prepare_request(context, user_id, client, &work);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = db_transact(context->db, request_in_transaction, &work);
    if (result == STORE_CONFLICT) /* another tab was faster */
        return permission_find(context, user_id, client, permission_out);
    outcome = store_outcome(context, result, OUTCOME_UNAUTHENTICATED, "account or application are gone");
    if (outcome != OUTCOME_OK)
        return outcome;
    event_wake(context);
    permission_mail_wake(context, &work.mails);
    read_row(&work.row, client, permission_out);
    *created_out = true;
    return OUTCOME_OK;
}

/* --- being used --- */

void permission_note_access(struct context *context, const unsigned char user_id[16],
                            const struct client *client, const struct permission_state *state)
{
    int64_t since = context->now - ACCESS_NOTED_EVERY_S + 1;
    if (!permission_grants(state->role, state->status, state->denied) || state->last_accessed_at >= since)
        return;
    if (permissions_note_access(context->db, user_id, client->number, context->now, since) != STORE_OK)
        log_warn("permission.access_not_noted");
}
