/* features.c: see features.h. */
#include "domain/workspace/features.h"

#include "core/json.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/manage/clients.h"
#include "domain/oauth/redirect_uri.h"
#include "store/services.h"

enum { MAX_FEATURES = 16 * 1024, MAX_HOST = 253, MAX_WORKSPACES = 1000 };

enum member_kind { MEMBER_TEXT, MEMBER_BOOLEAN, MEMBER_NUMBER };

static const struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
} members[] = {
    { "client_id", MEMBER_TEXT, offsetof(struct workspace_features, client_id) },
    { "redirect_uri", MEMBER_TEXT, offsetof(struct workspace_features, redirect_uri) },
    { "host", MEMBER_TEXT, offsetof(struct workspace_features, host) },
    { "password_grant_enabled", MEMBER_BOOLEAN, offsetof(struct workspace_features, password_grant_enabled) },
    { "refresh_rotation", MEMBER_BOOLEAN, offsetof(struct workspace_features, refresh_rotation) },
    { "participants_max", MEMBER_NUMBER, offsetof(struct workspace_features, participants_max) },
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
    struct workspace_features *features;
    const char *error;
};

static void read_named(const char *name, struct json *value, void *argument)
{
    struct reading *reading = argument;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!text_equal(members[i].name, name))
            continue;
        if (!read_member(members[i].kind, value, (char *)reading->features + members[i].offset))
            reading->error = arena_printf(reading->arena, "workspace.%s has a wrong value", members[i].name);
        return;
    }
    reading->error = "workspace has a member that is not known";
}

/* A name as it stands in a Host header without its port, lower case. */
static bool host_is_plain(const char *host)
{
    size_t length = strlen(host);
    return length <= MAX_HOST && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length;
}

bool workspace_features_read(struct arena *arena, const char *features, bool *is_there_out,
                             struct workspace_features *features_out, const char **error_out)
{
    struct reading reading = { .arena = arena, .features = features_out };
    *is_there_out = false;
    *features_out = (struct workspace_features) { .refresh_rotation = true };
    if (!features)
        return true;
    const struct json *object = json_parse(arena, features, strlen(features), error_out);
    if (!object)
        return false;
    *error_out = "features must be a JSON object";
    if (json_kind(object) != JSON_OBJECT)
        return false;
    const struct json *workspace = json_member(object, "workspace");
    if (!workspace)
        return true;
    *error_out = "workspace must be an object that names a client_id";
    if (json_kind(workspace) != JSON_OBJECT)
        return false;
    json_each(workspace, read_named, &reading);
    if (!reading.error && features_out->host && !host_is_plain(features_out->host))
        reading.error = "workspace.host must be a host name in lower case, without a port";
    if (reading.error)
        *error_out = reading.error;
    *is_there_out = !reading.error && features_out->client_id;
    return *is_there_out;
}

const char *workspace_redirect_uri(struct context *context, const struct workspace_features *features)
{
    if (features->redirect_uri)
        return features->redirect_uri;
    return arena_printf(context->arena, "%s" WORKSPACE_LOGIN_PATH, context->settings->issuer);
}

static enum outcome wrong(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

static enum outcome check_client(struct context *context, const unsigned char service_id[16],
                                 const struct workspace_features *features)
{
    struct registered_client found;
    enum outcome outcome = client_find(context, features->client_id, &found);
    bool unknown = outcome == OUTCOME_NOT_FOUND || outcome == OUTCOME_INVALID_CLIENT;
    if (outcome != OUTCOME_OK && !unknown)
        return outcome;
    if (unknown || memcmp(found.row.service_id, service_id, sizeof(found.row.service_id)) != 0)
        return wrong(context, "workspace.client_id is no client of this service");
    if (!client_may_use_grant(&found.client, "authorization_code") ||
        !client_may_use_grant(&found.client, "refresh_token"))
        return wrong(context,
                     "the workspace's client must have the grants authorization_code and refresh_token");
    const char *redirect_uri = workspace_redirect_uri(context, features);
    if (!redirect_uri_is_registered(context->arena, &found.client, redirect_uri))
        return wrong(context, arena_printf(context->arena, "the workspace's client must have registered %s",
                                           redirect_uri));
    return OUTCOME_OK;
}

static enum outcome check_host(struct context *context, const unsigned char service_id[16], const char *host)
{
    struct service_features *rows;
    size_t count;
    enum store_result result =
        services_with_workspace(context->db, context->arena, MAX_WORKSPACES, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct workspace_features other;
        bool is_there;
        const char *error;
        if (memcmp(rows[i].id, service_id, sizeof(rows[i].id)) != 0 &&
            workspace_features_read(context->arena, rows[i].features, &is_there, &other, &error) &&
            text_equal(other.host, host))
            return wrong(context, "workspace.host is another service's");
    }
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "no services were found");
}

enum outcome workspace_features_check(struct context *context, const unsigned char service_id[16],
                                      const char *features)
{
    struct workspace_features read;
    bool is_there;
    const char *error = NULL;
    if (strlen(features) > MAX_FEATURES)
        return wrong(context, "the features are too long");
    if (!workspace_features_read(context->arena, features, &is_there, &read, &error))
        return wrong(context, error);
    if (!is_there)
        return OUTCOME_OK;
    enum outcome outcome = check_client(context, service_id, &read);
    if (outcome != OUTCOME_OK || !read.host)
        return outcome;
    return check_host(context, service_id, read.host);
}
