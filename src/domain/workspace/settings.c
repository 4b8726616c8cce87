/* settings.c: see settings.h. */
#include "domain/workspace/settings.h"

#include "core/json.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/manage/clients.h"
#include "domain/oauth/redirect_uri.h"
#include "store/services.h"

enum { MAX_SETTINGS = 16 * 1024, MAX_HOST = 253, MAX_WORKSPACES = 1000 };

enum member_kind { MEMBER_TEXT, MEMBER_BOOLEAN, MEMBER_NUMBER };

static const struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
} members[] = {
    { "client_id", MEMBER_TEXT, offsetof(struct workspace_settings, client_id) },
    { "redirect_uri", MEMBER_TEXT, offsetof(struct workspace_settings, redirect_uri) },
    { "host", MEMBER_TEXT, offsetof(struct workspace_settings, host) },
    { "password_grant_enabled", MEMBER_BOOLEAN, offsetof(struct workspace_settings, password_grant_enabled) },
    { "refresh_rotation", MEMBER_BOOLEAN, offsetof(struct workspace_settings, refresh_rotation) },
    { "participants_max", MEMBER_NUMBER, offsetof(struct workspace_settings, participants_max) },
};

static bool read_member(enum member_kind kind, const struct json *value, void *target)
{
    switch (kind) {
    case MEMBER_TEXT:
        return !text_empty(*(const char **)target = json_text(value));
    case MEMBER_BOOLEAN:
        return json_boolean(value, target);
    case MEMBER_NUMBER:
        return json_integer(value, target) && *(int64_t *)target >= 0;
    }
    return false;
}

struct reading {
    struct arena *arena;
    struct workspace_settings *settings;
    const char *error;
};

static void read_named(const char *name, struct json *value, void *argument)
{
    struct reading *reading = argument;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!text_equal(members[i].name, name))
            continue;
        if (!read_member(members[i].kind, value, (char *)reading->settings + members[i].offset))
            reading->error = arena_printf(reading->arena, "%s has a wrong value", members[i].name);
        return;
    }
    reading->error = "the workspace has a member that is not known";
}

/* A name as it stands in a Host header without its port, lower case. */
static bool host_is_plain(const char *host)
{
    size_t length = strlen(host);
    return length <= MAX_HOST && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length;
}

bool workspace_settings_read(struct arena *arena, const char *text, struct workspace_settings *settings_out,
                             const char **error_out)
{
    struct reading reading = { .arena = arena, .settings = settings_out };
    *settings_out = (struct workspace_settings) { .refresh_rotation = true };
    const struct json *object = json_parse(arena, text, strlen(text), error_out);
    if (!object)
        return false;
    if (json_kind(object) == JSON_OBJECT)
        json_each(object, read_named, &reading);
    if (!reading.error && !settings_out->client_id)
        reading.error = "the workspace must be a JSON object that names a client_id";
    if (!reading.error && settings_out->host && !host_is_plain(settings_out->host))
        reading.error = "host must be a host name in lower case, without a port";
    *error_out = reading.error;
    return !reading.error;
}

const char *workspace_redirect_uri(struct context *context, const struct workspace_settings *settings)
{
    if (settings->redirect_uri)
        return settings->redirect_uri;
    return arena_printf(context->arena, "%s" WORKSPACE_LOGIN_PATH, context->settings->issuer);
}

static enum outcome wrong(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

static enum outcome check_client(struct context *context, const unsigned char service_id[16],
                                 const struct workspace_settings *settings)
{
    struct registered_client found;
    enum outcome outcome = client_find(context, settings->client_id, &found);
    bool unknown = outcome == OUTCOME_NOT_FOUND || outcome == OUTCOME_INVALID_CLIENT;
    if (outcome != OUTCOME_OK && !unknown)
        return outcome;
    if (unknown || memcmp(found.row.service_id, service_id, sizeof(found.row.service_id)) != 0)
        return wrong(context, "client_id is no client of this service");
    if (!client_may_use_grant(&found.client, "authorization_code") ||
        !client_may_use_grant(&found.client, "refresh_token"))
        return wrong(context,
                     "the workspace's client must have the grants authorization_code and refresh_token");
    const char *redirect_uri = workspace_redirect_uri(context, settings);
    if (!redirect_uri_is_registered(context->arena, &found.client, redirect_uri))
        return wrong(context, arena_printf(context->arena, "the workspace's client must have registered %s",
                                           redirect_uri));
    return OUTCOME_OK;
}

static enum outcome check_host(struct context *context, const unsigned char service_id[16], const char *host)
{
    struct service_workspace *rows;
    size_t count;
    enum store_result result =
        services_with_workspace(context->db, context->arena, MAX_WORKSPACES, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct workspace_settings other;
        const char *error;
        if (memcmp(rows[i].id, service_id, sizeof(rows[i].id)) != 0 &&
            workspace_settings_read(context->arena, rows[i].workspace, &other, &error) &&
            text_equal(other.host, host))
            return wrong(context, "host is another service's");
    }
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "no services were found");
}

enum outcome workspace_settings_check(struct context *context, const unsigned char service_id[16],
                                      const char *text)
{
    struct workspace_settings settings;
    const char *error = NULL;
    if (strlen(text) > MAX_SETTINGS)
        return wrong(context, "the workspace is too long");
    if (!workspace_settings_read(context->arena, text, &settings, &error))
        return wrong(context, error);
    enum outcome outcome = check_client(context, service_id, &settings);
    if (outcome != OUTCOME_OK || !settings.host)
        return outcome;
    return check_host(context, service_id, settings.host);
}
