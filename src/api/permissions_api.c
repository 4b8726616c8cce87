/* permissions_api.c: the endpoints of permission records. Their table and words: permissions_family.c. */
#include "api/permissions_family.h"

#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/oauth/scope.h"
#include "domain/permissions/administer.h"

enum { ACTOR_MAX_BYTES = 320 };

static const char *path_user(const struct call *call)
{
    return call->values[0];
}

static const char *path_client(const struct call *call)
{
    return call->values[1];
}

/* --- who asks --- */

static bool holds_own_token(const struct call *call)
{
    return call->access.has_user && text_equal(call->access.sub, path_user(call)) &&
           text_equal(call->access.client_id, path_client(call));
}

static bool holds_managing_token(const struct call *call)
{
    return !call->access.has_user && scope_has(call->access.scope, "manage_permissions") &&
           text_equal(call->access.client_id, path_client(call));
}

static enum outcome check_administering(struct call *call, bool change)
{
    const struct administering asking = { call->session, call->browser, call->devices };
    if (!call->admin)
        return administer_check(&call->context, &asking, change);
    return change ? admin_session_needs_recent(&call->context, call->admin) : OUTCOME_OK;
}

static enum outcome check_reader(struct call *call)
{
    if (call->access.token) {
        if (holds_own_token(call) || holds_managing_token(call))
            return OUTCOME_OK;
        return refuse(&call->context, OUTCOME_FORBIDDEN, "the token is not for this user and client");
    }
    enum outcome outcome = check_administering(call, false);
    if (outcome == OUTCOME_OK || outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_SERVER_ERROR)
        return outcome;
    /* a session of somebody who administers nothing is none here */
    return refuse(&call->context, OUTCOME_UNAUTHENTICATED, "an access token is required");
}

static enum outcome check_manager(struct call *call)
{
    if (call->access.has_user || !scope_has(call->access.scope, "manage_permissions"))
        return refuse(&call->context, OUTCOME_INSUFFICIENT_SCOPE, "the scope manage_permissions is required");
    if (!holds_managing_token(call))
        return refuse(&call->context, OUTCOME_FORBIDDEN, "the token is of another client");
    return OUTCOME_OK;
}

/* --- whose record --- */

/* NOT_FOUND also for what can't be an id. */
static enum outcome find_client(struct call *call, const struct client **client_out)
{
    enum outcome outcome = directory_client(&call->context, path_client(call), client_out);
    return outcome == OUTCOME_INVALID_CLIENT ? OUTCOME_NOT_FOUND : outcome;
}

static enum outcome find_record(struct call *call, struct permission *permission_out)
{
    unsigned char user_id[16];
    const struct client *client;
    enum outcome outcome = find_client(call, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!uuid_decode(path_user(call), user_id))
        return OUTCOME_NOT_FOUND;
    return permission_find(&call->context, user_id, client, permission_out);
}

static void answer_none(struct call *call)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "error", "No permission record found");
    json_write_boolean(&writer, "hasAccess", false);
    json_write_text(&writer, "status", "none");
    json_write_text(&writer, "userId", path_user(call));
    json_write_text(&writer, "clientId", path_client(call));
    permissions_finish(call, 404, &writer);
}

enum outcome get_permission(struct call *call)
{
    struct permission permission;
    enum outcome outcome = check_reader(call);
    if (outcome == OUTCOME_OK)
        outcome = find_record(call, &permission);
    if (outcome == OUTCOME_NOT_FOUND)
        answer_none(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    permissions_write_record(&writer, call, &permission);
    permissions_finish(call, 200, &writer);
    return OUTCOME_OK;
}

/* --- what happened to it --- */

static enum outcome find_history(struct call *call, struct history_entry **entries_out, size_t *count_out)
{
    struct page page;
    struct permission permission;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = find_record(call, &permission);
    if (outcome == OUTCOME_NOT_FOUND)
        answer_none(call);
    return outcome == OUTCOME_OK
               ? permission_history(&call->context, &permission, &page, entries_out, count_out)
               : outcome;
}

enum outcome get_permission_history(struct call *call)
{
    struct history_entry *entries;
    size_t count;
    enum outcome outcome = check_reader(call);
    if (outcome == OUTCOME_OK)
        outcome = find_history(call, &entries, &count);
    return outcome == OUTCOME_OK ? service_answer_history(call, "permission", entries, count) : outcome;
}

/* --- changing --- */

static enum outcome refuse_body(struct call *call, const char *error)
{
    return permissions_refuse(call, OUTCOME_INVALID_REQUEST, error, NULL);
}

static bool is_given(const struct call *call, const char *name)
{
    const struct json *member = json_member(call->json, name);
    return member && !(json_kind(member) == JSON_TEXT && text_empty(json_text(member)));
}

static bool is_actor(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (!length || length > ACTOR_MAX_BYTES)
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

enum outcome check_permission_body(struct call *call)
{
    if (!is_given(call, "role") || !is_given(call, "status"))
        return refuse_body(call, "Missing required fields");
    if (!permission_role(json_member_text(call->json, "role")))
        return refuse_body(call, "Invalid role");
    if (!permission_status(json_member_text(call->json, "status")))
        return refuse_body(call, "Invalid status");
    const struct json *granted_by = json_member(call->json, "grantedBy");
    if (granted_by && !is_actor(json_text(granted_by)))
        return refuse_body(call, "Invalid grantedBy");
    return OUTCOME_OK;
}

static struct permission_change read_change(const struct call *call)
{
    return (struct permission_change) {
        .role = permission_role(json_member_text(call->json, "role")),
        .status = permission_status(json_member_text(call->json, "status")),
    };
}

static enum outcome put_record(struct call *call, const struct permission_change *change,
                               struct permission *permission_out)
{
    unsigned char user_id[16];
    const struct client *client;
    enum outcome outcome = find_client(call, &client);
    if (outcome == OUTCOME_NOT_FOUND)
        return permissions_refuse(call, outcome, "Client not found", NULL);
    if (outcome == OUTCOME_OK)
        outcome = uuid_decode(path_user(call), user_id)
                      ? permission_put(&call->context, user_id, client, change, permission_out)
                      : OUTCOME_NOT_FOUND;
    return outcome == OUTCOME_NOT_FOUND ? permissions_refuse(call, outcome, "User not found", NULL) : outcome;
}

static void answer_changed(struct call *call, const char *message, const struct permission *permission)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "success", true);
    json_write_text(&writer, "message", message);
    json_open_object(&writer, "permission");
    permissions_write_record(&writer, call, permission);
    json_close_object(&writer);
    permissions_finish(call, 200, &writer);
}

/* What an application says of who granted is its own word; the history has the application itself. */
enum outcome put_permission(struct call *call)
{
    struct permission permission;
    struct permission_change change = read_change(call);
    enum outcome outcome = check_manager(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *granted_by = json_member_text(call->json, "grantedBy");
    change.history_actor = arena_printf(call->arena, "app:%s", call->access.client_id);
    change.actor = granted_by ? granted_by : change.history_actor;
    outcome = put_record(call, &change, &permission);
    if (outcome == OUTCOME_OK)
        answer_changed(call, NULL, &permission);
    return outcome;
}

static enum outcome revoke_record(struct call *call, const char *actor, const char *history_actor,
                                  struct permission *permission_out)
{
    struct permission before;
    enum outcome outcome = find_record(call, &before);
    if (outcome != OUTCOME_OK)
        return outcome;
    return permission_revoke_as(&call->context, before.user_id, before.client, actor, history_actor,
                                permission_out);
}

enum outcome delete_permission(struct call *call)
{
    struct permission permission;
    enum outcome outcome = check_manager(call);
    if (outcome == OUTCOME_OK) {
        const char *actor = arena_printf(call->arena, "app:%s", call->access.client_id);
        outcome = revoke_record(call, actor, actor, &permission);
    }
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "success", true);
    json_write_text(&writer, "message", "Permission revoked");
    permissions_finish(call, 200, &writer);
    return OUTCOME_OK;
}

/* --- asking for access --- */

/* The client of the path must be there, and be the token's. */
static enum outcome check_asker(struct call *call, const struct client **client_out)
{
    struct context *context = &call->context;
    if (!call->access.has_user)
        return refuse(context, OUTCOME_FORBIDDEN, "user-bound token required");
    if (!text_equal(call->access.sub, path_user(call)))
        return refuse(context, OUTCOME_FORBIDDEN, "subject mismatch");
    enum outcome outcome = find_client(call, client_out);
    if (outcome == OUTCOME_NOT_FOUND)
        return permissions_refuse(call, outcome, "Client not found", NULL);
    if (outcome == OUTCOME_OK && !text_equal(call->access.client_id, path_client(call)))
        return refuse(context, OUTCOME_FORBIDDEN, "client mismatch");
    return outcome;
}

/* Who asks is known from the token: what the body says of address and name is only checked for its kind. */
static bool is_text_or_absent(const struct call *call, const char *name)
{
    return !json_has_member(call->json, name) || json_member_text(call->json, name);
}

static void answer_requested(struct call *call, const struct permission *permission)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "message", "Access request submitted");
    json_open_object(&writer, "permission");
    json_write_text(&writer, "userId", path_user(call));
    json_write_text(&writer, "clientId", permission->client->client_id);
    json_write_text(&writer, "appName", permission_app_name(permission->client));
    json_write_boolean(&writer, "hasAccess", false);
    json_write_text(&writer, "status", permission->status);
    json_write_text(&writer, "role", permission->role);
    json_write_time(&writer, "requestedAt", permission->requested_at);
    json_close_object(&writer);
    permissions_finish(call, 201, &writer);
}

static void answer_there_already(struct call *call, const struct permission *permission)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "message", "A permission record exists already");
    json_open_object(&writer, "permission");
    permissions_write_record(&writer, call, permission);
    json_close_object(&writer);
    permissions_finish(call, 200, &writer);
}

enum outcome post_request_permission(struct call *call)
{
    const struct client *client;
    struct permission permission;
    bool created;
    enum outcome outcome = check_asker(call, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!is_text_or_absent(call, "email") || !is_text_or_absent(call, "name"))
        return refuse_body(call, "Invalid request");
    outcome = permission_request(&call->context, call->access.user_id, client, &permission, &created);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (created)
        answer_requested(call, &permission);
    else
        answer_there_already(call, &permission);
    return OUTCOME_OK;
}

/* --- administrators --- */

/* hasAccess may be left out; then role and status alone decide. */
static bool read_admin_change(const struct call *call, struct permission_change *change_out)
{
    bool has_access = true;
    *change_out = read_change(call);
    if (json_has_member(call->json, "hasAccess") &&
        !json_boolean(json_member(call->json, "hasAccess"), &has_access))
        return false;
    change_out->denied = !has_access;
    return change_out->role && change_out->status;
}

static const char *admin_address(const struct call *call)
{
    return call->admin ? call->admin->email : call->session->user_email;
}

static const char *admin_actor(struct call *call)
{
    if (call->admin)
        return arena_printf(call->arena, "admin:%s", call->admin->email);
    return arena_printf(call->arena, "user:%s", uuid_encode(call->arena, call->session->user_id));
}

enum outcome put_permission_by_admin(struct call *call)
{
    struct permission permission;
    struct permission_change change;
    enum outcome outcome = check_administering(call, true);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!read_admin_change(call, &change))
        return refuse_body(call, "Invalid request");
    change.actor = admin_address(call);
    change.history_actor = admin_actor(call);
    outcome = put_record(call, &change, &permission);
    if (outcome == OUTCOME_OK)
        answer_changed(call, "Permission updated", &permission);
    return outcome;
}

enum outcome delete_permission_by_admin(struct call *call)
{
    struct permission permission;
    enum outcome outcome = check_administering(call, true);
    if (outcome == OUTCOME_OK)
        outcome = revoke_record(call, admin_address(call), admin_actor(call), &permission);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "success", true);
    json_write_text(&writer, "message", "Permission revoked");
    json_open_object(&writer, "permission");
    json_write_text(&writer, "userId", path_user(call));
    json_write_text(&writer, "clientId", permission.client->client_id);
    json_write_text(&writer, "appName", permission_app_name(permission.client));
    json_write_boolean(&writer, "hasAccess", permission.has_access);
    json_write_text(&writer, "status", permission.status);
    json_write_text(&writer, "role", permission.role);
    json_write_time(&writer, "revokedAt", permission.revoked_at);
    json_write_text(&writer, "revokedBy", permission.revoked_by);
    json_close_object(&writer);
    permissions_finish(call, 200, &writer);
    return OUTCOME_OK;
}
