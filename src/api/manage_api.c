/*
 * manage_api.c: the family "manage": a service's API keys and plans, for the people who manage it, by an
 * access token of theirs. A member with the role owner or admin may, by an application that was given the
 * scope manage_service; who is no member isn't told that there is such a service. The organization of these
 * paths is the installation, "main".
 */
#include "api/api.h"
#include "api/plan_endpoints.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/api_keys.h"
#include "domain/manage/services.h"
#include "domain/members/member.h"
#include "domain/oauth/scope.h"

enum { DAY_S = 24 * 3600, HOUR_S = 3600, MAX_DAYS = 3650, MAX_OVERLAP_HOURS = 366 * 24 };

/* The service of the path, when the caller manages it. */
static enum outcome managed_service(struct call *call, struct service_row *service_out)
{
    static const char unknown[] = "no such service";
    struct context *context = &call->context;
    if (!call->access.has_user || !scope_has(call->access.scope, "manage_service"))
        return refuse(context, OUTCOME_INSUFFICIENT_SCOPE,
                      "a user's access token with the scope manage_service is required");
    if (!text_equal(call->values[0], "main"))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome = service_find_by_slug(context, call->values[1], service_out);
    /* an application of another service has no say in this one, whoever it speaks for */
    if (outcome == OUTCOME_OK &&
        memcmp(call->access.client->service->id, service_out->id, sizeof(service_out->id)) != 0)
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        outcome = member_may_manage(context, service_out->id, call->access.user_id);
    if (outcome == OUTCOME_NOT_FOUND)
        return refuse(context, outcome, unknown);
    if (outcome == OUTCOME_OK && !text_equal(service_out->status, "active"))
        return refuse(context, OUTCOME_NOT_ACTIVE, "the service is switched off");
    return outcome;
}

/* --- keys --- */

static const char *caller(const struct call *call)
{
    return arena_printf(call->arena, "user:%s", call->access.sub);
}

static void write_nullable(struct json_writer *writer, const char *name, const char *text)
{
    if (text_empty(text))
        json_write_null(writer, name);
    else
        json_write_text(writer, name, text);
}

/* key: only where it was just made. */
static void write_key(struct json_writer *writer, const struct api_key_row *row, const char *key)
{
    static const unsigned char none[16];
    struct arena *arena = writer->text.arena;
    bool by_user = text_starts(row->created_by, "user:");
    bool rotated = memcmp(row->rotated_to, none, sizeof(none)) != 0;
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(arena, row->id));
    json_write_text(writer, "service_id", uuid_encode(arena, row->service_id));
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "prefix", row->prefix);
    json_write_words(writer, "permissions", row->permissions, ' ');
    service_write_time(writer, "expires_at", row->expires_at);
    json_write_time(writer, "created_at", row->created_at);
    write_nullable(writer, "created_by", by_user ? row->created_by + strlen("user:") : row->created_by);
    service_write_time(writer, "last_used_at", row->last_used_at);
    json_write_words(writer, "addresses", row->addresses, ' ');
    write_nullable(writer, "rotated_to", rotated ? uuid_encode(arena, row->rotated_to) : NULL);
    json_write_text(writer, "key", key);
    json_close_object(writer);
}

static enum outcome answer_key(struct call *call, int status, const struct api_key_row *row, const char *key)
{
    struct json_writer writer = json_writer_start(call->arena);
    write_key(&writer, row, key);
    return service_answer(call, status, &writer, NULL);
}

/* A whole number of the body between 0 or 1 and most; absent: what is in *number_out. */
static enum outcome read_number(struct call *call, const char *name, int64_t least, int64_t most,
                                int64_t *number_out)
{
    const struct json *member = json_member(call->json, name);
    if (!member || (json_integer(member, number_out) && *number_out >= least && *number_out <= most))
        return OUTCOME_OK;
    return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                  arena_printf(call->arena, "%s must be a whole number from %lld to %lld", name,
                               (long long)least, (long long)most));
}

/* Which prefix the key has: "test" is told apart at sight. */
static enum outcome read_environment(struct call *call, bool *test_out)
{
    const char *word;
    enum outcome outcome = service_body_text(call, "environment", &word);
    *test_out = text_equal(word, "test");
    if (outcome == OUTCOME_OK && word && !*test_out && !text_equal(word, "live"))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "environment must be live or test");
    return outcome;
}

static enum outcome read_new_key(struct call *call, struct new_api_key *key_out)
{
    int64_t days = 0;
    enum outcome outcome = service_body_text(call, "name", &key_out->name);
    if (outcome == OUTCOME_OK)
        outcome = read_environment(call, &key_out->test);
    if (outcome == OUTCOME_OK)
        outcome = service_body_words(call, "permissions", &key_out->permissions);
    if (outcome == OUTCOME_OK)
        outcome = service_body_words(call, "addresses", &key_out->addresses);
    if (outcome == OUTCOME_OK)
        outcome = read_number(call, "expires_in_days", 1, MAX_DAYS, &days);
    key_out->name = key_out->name ? key_out->name : "";
    key_out->permissions = key_out->permissions ? key_out->permissions : "";
    key_out->lifetime_s = days * DAY_S;
    return outcome;
}

static enum outcome post_key(struct call *call)
{
    struct service_row service;
    struct api_key_row row;
    struct new_api_key wanted = { .created_by = caller(call) };
    const char *key;
    enum outcome outcome = managed_service(call, &service);
    if (outcome == OUTCOME_OK)
        outcome = read_new_key(call, &wanted);
    if (outcome != OUTCOME_OK)
        return outcome;
    wanted.service_id = uuid_encode(call->arena, service.id);
    outcome = api_key_add(&call->context, &wanted, &row, &key);
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_key(call, 201, &row, key);
}

static enum outcome get_keys(struct call *call)
{
    struct service_row service;
    struct page page;
    struct api_key_row *rows;
    size_t count;
    int64_t total;
    struct context *context = &call->context;
    enum outcome outcome = managed_service(call, &service);
    if (outcome == OUTCOME_OK)
        outcome = service_read_page(call, &page);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result =
        api_keys_list_active(context->db, context->arena, service.id, &page, &rows, &count);
    if (result == STORE_OK)
        result = api_keys_count_active(context->db, context->arena, service.id, &total);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the keys could not be read");
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "api_keys");
    for (size_t i = 0; i < count; i++)
        write_key(&writer, &rows[i], NULL);
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* The key of the path; one that is revoked isn't there any more. */
static enum outcome find_key(struct call *call, struct service_row *service_out, struct api_key_row *row_out)
{
    enum outcome outcome = managed_service(call, service_out);
    if (outcome == OUTCOME_OK)
        outcome =
            api_key_find(&call->context, uuid_encode(call->arena, service_out->id), call->values[2], row_out);
    if (outcome == OUTCOME_OK && !text_equal(row_out->status, "active"))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "no such API key");
    return outcome;
}

static enum outcome get_key(struct call *call)
{
    struct service_row service;
    struct api_key_row row;
    enum outcome outcome = find_key(call, &service, &row);
    return outcome == OUTCOME_OK ? answer_key(call, 200, &row, NULL) : outcome;
}

static enum outcome delete_key(struct call *call)
{
    struct service_row service;
    struct api_key_row row;
    enum outcome outcome = find_key(call, &service, &row);
    if (outcome == OUTCOME_OK)
        outcome = api_key_revoke(&call->context, uuid_encode(call->arena, service.id), call->values[2]);
    if (outcome != OUTCOME_OK)
        return outcome;
    response_empty(&call->response, 204);
    return OUTCOME_OK;
}

static enum outcome post_rotate(struct call *call)
{
    struct service_row service;
    struct api_key_row row;
    const char *key;
    int64_t hours = 24;
    enum outcome outcome = find_key(call, &service, &row);
    if (outcome == OUTCOME_OK)
        outcome = read_number(call, "overlap_hours", 0, MAX_OVERLAP_HOURS, &hours);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct key_rotation rotation = { .service_id = uuid_encode(call->arena, service.id),
                                           .id = call->values[2],
                                           .overlap_s = hours * HOUR_S,
                                           .created_by = caller(call) };
    outcome = api_key_rotate(&call->context, &rotation, &row, &key);
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_key(call, 201, &row, key);
}

/* --- plans --- */

static enum outcome get_plans(struct call *call)
{
    struct service_row service;
    enum outcome outcome = managed_service(call, &service);
    return outcome == OUTCOME_OK ? plan_endpoint_list(call, service.id) : outcome;
}

static enum outcome post_plan(struct call *call)
{
    struct service_row service;
    enum outcome outcome = managed_service(call, &service);
    return outcome == OUTCOME_OK ? plan_endpoint_add(call, service.id) : outcome;
}

static enum outcome patch_plan(struct call *call)
{
    struct service_row service;
    enum outcome outcome = managed_service(call, &service);
    return outcome == OUTCOME_OK ? plan_endpoint_change(call, service.id, call->values[2]) : outcome;
}

static enum outcome delete_plan(struct call *call)
{
    struct service_row service;
    enum outcome outcome = managed_service(call, &service);
    return outcome == OUTCOME_OK ? plan_endpoint_remove(call, service.id, call->values[2]) : outcome;
}

/* clang-format off */
#define KEYS "/api/organizations/{organization}/services/{service}/api-keys"
#define PLANS "/api/organizations/{organization}/services/{service}/plans"
#define MANAGES .who = BY_BEARER, .cors = CORS_LISTED
#define CREATES MANAGES, .body = BODY_JSON_VALUES, .replays = true

static const struct route routes[] = {
    { "GET", KEYS, MANAGES, .handler = get_keys },
    { "POST", KEYS, CREATES, .handler = post_key },
    { "GET", KEYS "/{id}", MANAGES, .handler = get_key },
    { "DELETE", KEYS "/{id}", MANAGES, .handler = delete_key },
    { "POST", KEYS "/{id}/rotate", CREATES, .handler = post_rotate },
    { "GET", PLANS, MANAGES, .handler = get_plans },
    { "POST", PLANS, CREATES, .body_max = PLAN_BODY_MAX, .handler = post_plan },
    { "PATCH", PLANS "/{plan_id}", MANAGES, .body = BODY_JSON_VALUES, .body_max = PLAN_BODY_MAX,
      .handler = patch_plan },
    { "DELETE", PLANS "/{plan_id}", MANAGES, .handler = delete_plan },
};
/* clang-format on */

const struct route_family manage_family = SERVICE_FAMILY("manage", routes);
