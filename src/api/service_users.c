/*
 * service_users.c: the family "service": a service's members and what it says of itself, for its programs,
 * by API key. Whose data is meant, the key alone says; a user of other services isn't found.
 */
#include "api/api.h"
#include "api/service_errors.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "domain/members/member.h"
#include "domain/precondition.h"

/* --- members --- */

static void write_user(struct json_writer *writer, const struct member_row *row)
{
    json_write_text(writer, "id", uuid_encode(writer->text.arena, row->user_id));
    json_write_text(writer, "email", row->email);
    json_write_time(writer, "created_at", row->created_at);
}

static const char *user_tag(struct arena *arena, const struct member_row *row)
{
    return precondition_tag_of_text(arena,
                                    arena_printf(arena, "%s\n%s\n%lld", uuid_encode(arena, row->user_id),
                                                 row->email, (long long)row->created_at));
}

static enum outcome answer_user(struct call *call, int status, const struct member_row *row)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    write_user(&writer, row);
    json_close_object(&writer);
    return service_answer(call, status, &writer, user_tag(call->arena, row));
}

static enum outcome read_search(struct call *call, struct member_search *search_out)
{
    const struct form *query = &call->request->query;
    const char *sort = form_value(query, "sort");
    *search_out = (struct member_search) { .filter.search = form_value(query, "search"),
                                           .email = form_value(query, "email") };
    if (sort && !member_order_read(sort, &search_out->order))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                      "sort must be created_at, -created_at, email or -email");
    enum outcome outcome = service_query_time(call, "created_after", &search_out->filter.created_after);
    return outcome == OUTCOME_OK
               ? service_query_time(call, "created_before", &search_out->filter.created_before)
               : outcome;
}

static enum outcome get_users(struct call *call)
{
    struct member_search search;
    struct page page;
    struct member_row *rows;
    size_t count;
    int64_t total;
    enum outcome outcome = service_read_page(call, &page);
    if (outcome == OUTCOME_OK)
        outcome = read_search(call, &search);
    if (outcome == OUTCOME_OK)
        outcome =
            member_list(&call->context, call->api_key->service_id, &search, &page, &rows, &count, &total);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "users");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&writer, NULL);
        write_user(&writer, &rows[i]);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_write_integer(&writer, "total", total);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

/* The contract's members, and whether a mail is on its way when one was asked for. */
static enum outcome answer_added(struct call *call, const struct added_member *added, bool invite)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    write_user(&writer, &added->row);
    if (invite)
        json_write_boolean(&writer, "invited", added->invited);
    json_close_object(&writer);
    return service_answer(call, added->was_linked ? 200 : 201, &writer, user_tag(call->arena, &added->row));
}

static enum outcome post_users(struct call *call)
{
    struct added_member added;
    struct new_member wanted = { .service_id = call->api_key->service_id,
                                 .service_name = call->api_key->service_name,
                                 .actor = service_actor(call),
                                 .linked_by = "service_api" };
    int invite;
    enum outcome outcome = service_body_text(call, "email", &wanted.email);
    if (outcome == OUTCOME_OK)
        outcome = service_body_text(call, "name", &wanted.name);
    if (outcome == OUTCOME_OK)
        outcome = service_body_flag(call, "invite", &invite);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!wanted.email)
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "email is required");
    wanted.invite = invite == 1;
    outcome = member_add(&call->context, &wanted, &added);
    return outcome == OUTCOME_OK ? answer_added(call, &added, wanted.invite) : outcome;
}

static enum outcome find_user(struct call *call, struct member_row *row_out)
{
    unsigned char id[16];
    if (!service_read_id(call->values[0], id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "no such user");
    return member_find(&call->context, call->api_key->service_id, id, row_out);
}

static enum outcome get_user(struct call *call)
{
    struct member_row row;
    enum outcome outcome = find_user(call, &row);
    return outcome == OUTCOME_OK ? answer_user(call, 200, &row) : outcome;
}

/* An account is its owner's: a service may look at the address, and change nothing. */
static enum outcome patch_user(struct call *call)
{
    struct member_row row;
    enum outcome outcome = find_user(call, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!precondition_holds(service_if_match(call), user_tag(call->arena, &row)))
        return refuse(&call->context, OUTCOME_PRECONDITION_FAILED, "the user has changed since");
    if (json_has_member(call->json, "email"))
        return refuse(&call->context, OUTCOME_FORBIDDEN,
                      "an API key must not change a user's address: that is up to its owner");
    return answer_user(call, 200, &row);
}

static enum outcome delete_user(struct call *call)
{
    unsigned char id[16];
    if (!service_read_id(call->values[0], id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "no such user");
    enum outcome outcome = member_remove(&call->context, call->api_key->service_id, id, service_actor(call));
    if (outcome == OUTCOME_OK)
        response_empty(&call->response, 204);
    return outcome;
}

/* --- the service itself --- */

static enum outcome answer_info(struct call *call, const struct service_row *row)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "id", uuid_encode(call->arena, row->id));
    json_write_text(&writer, "name", row->name);
    json_write_text(&writer, "slug", service_slug(call->arena, row));
    json_write_text(&writer, "service_type", row->service_type);
    json_write_time(&writer, "created_at", row->created_at);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, service_tag(call->arena, row));
}

static enum outcome get_info(struct call *call)
{
    struct service_row row;
    enum outcome outcome = service_find(&call->context, call->api_key->service_id_text, &row);
    return outcome == OUTCOME_OK ? answer_info(call, &row) : outcome;
}

static enum outcome patch_info(struct call *call)
{
    struct service_row row;
    struct service_profile profile = { .name = NULL };
    enum outcome outcome = service_body_text(call, "name", &profile.name);
    if (outcome == OUTCOME_OK)
        outcome = service_set_profile(&call->context, call->api_key->service_id_text, &profile,
                                      service_if_match(call), &row);
    return outcome == OUTCOME_OK ? answer_info(call, &row) : outcome;
}

/* clang-format off */
static const struct route routes[] = {
    { "GET", "/api/service/users", .who = BY_API_KEY, .permission = "read:users", .handler = get_users },
    { "POST", "/api/service/users", .who = BY_API_KEY, .permission = "write:users", .body = BODY_JSON_VALUES,
      .handler = post_users },
    { "GET", "/api/service/users/{user_id}", .who = BY_API_KEY, .permission = "read:users",
      .handler = get_user },
    { "PATCH", "/api/service/users/{user_id}", .who = BY_API_KEY, .permission = "write:users",
      .body = BODY_JSON_VALUES, .handler = patch_user },
    { "DELETE", "/api/service/users/{user_id}", .who = BY_API_KEY, .permission = "delete:users",
      .handler = delete_user },
    { "GET", "/api/service/info", .who = BY_API_KEY, .permission = "read:service", .handler = get_info },
    { "PATCH", "/api/service/info", .who = BY_API_KEY, .permission = "write:service",
      .body = BODY_JSON_VALUES, .handler = patch_info },
};
/* clang-format on */

const struct route_family service_family = SERVICE_FAMILY("service", routes);
