/* admin_requests_page.c: who asks for access to a service's applications, and the answer. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/permissions/permission.h"
#include "pages/admin_page.h"
#include "store/permissions.h"

static void put_request(struct view *view, struct json *table, const struct permission_listed *row)
{
    struct arena *arena = view->call->arena;
    struct client client = { .client_name = NULL };
    const char *error;
    const char *id =
        arena_printf(arena, "%s %s", uuid_encode(arena, row->permission.user_id), row->client_id);
    bool good = client_from_metadata(arena, row->client_metadata, &client, &error);
    admin_row(view, table);
    admin_cell(view, table, row->user_name, NULL);
    admin_cell(view, table, row->user_email, NULL);
    admin_cell(view, table, good && !text_empty(client.client_name) ? client.client_name : row->client_id,
               admin_path(view, "clients", row->client_id));
    admin_cell(view, table, admin_date(view, row->permission.requested_at), NULL);
    const char *who = row->user_email;
    admin_button(view, table, &(struct admin_button) { "request_user", id, "approve_user", who, false });
    admin_button(view, table, &(struct admin_button) { "request_admin", id, "approve_admin", who, false });
    admin_button(view, table, &(struct admin_button) { "request_refuse", id, "refuse", who, true });
}

static enum outcome fill(struct view *view)
{
    struct service_row service;
    struct permission_listed *rows;
    size_t count;
    struct call *call = view->call;
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    struct page page = admin_list_page(view);
    const struct permission_filter filter = { .service_id = service.id, .status = "pending" };
    found = store_outcome(&call->context,
                          permissions_list(call->context.db, call->arena, &filter, &page, &rows, &count),
                          OUTCOME_NOT_FOUND, "the requests could not be read");
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "requests", "name email application asked");
    size_t shown = admin_list_ends(view, &page, count, false);
    for (size_t i = 0; i < shown; i++)
        put_request(view, table, &rows[i]);
    return OUTCOME_OK;
}

/* What is asked about: a client of this service, or nothing (T-103). */
static enum outcome find(struct view *view, unsigned char user_id[16], const struct client **client_out)
{
    struct service_row service;
    struct context *context = &view->call->context;
    const char *id = call_parameter(view->call, "id"), *space = id == NULL ? NULL : strchr(id, ' ');
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    if (space == NULL || !uuid_decode(arena_strndup(view->call->arena, id, (size_t)(space - id)), user_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such request");
    found = directory_client(context, space + 1, client_out);
    if (found == OUTCOME_INVALID_CLIENT ||
        (found == OUTCOME_OK && memcmp((*client_out)->service->id, service.id, sizeof(service.id)) != 0))
        return refuse(context, OUTCOME_NOT_FOUND, "no such client of this service");
    return found;
}

/* Only what still waits: somebody else may have answered. */
static enum outcome act_decide(struct view *view, struct admin_done *done)
{
    bool refused = admin_sent(view, "request_refuse");
    const char *role = refused ? "none" : admin_sent(view, "request_admin") ? "admin" : "user";
    unsigned char user_id[16];
    const struct client *client;
    struct permission permission;
    struct context *context = &view->call->context;
    enum outcome outcome = find(view, user_id, &client);
    const struct permission_change change = { .role = role,
                                              .status = refused ? "revoked" : "approved",
                                              .actor = view->call->admin->email,
                                              .history_actor = admin_actor(view),
                                              .only_from = "pending" };
    if (outcome == OUTCOME_OK)
        outcome = permission_put(context, user_id, client, &change, &permission);
    if (outcome == OUTCOME_PRECONDITION_FAILED) {
        view_error(view, NULL, "admin_problem_answered");
        return OUTCOME_OK;
    }
    return admin_said(view, outcome, refused ? "request_refused" : "request_allowed", done);
}

const struct admin_page admin_requests_page = {
    .path = "/admin/services/{service}/requests",
    .name = "requests",
    .in_navigation = true,
    .fill = fill,
    .forms = { { "request_user", ADMIN_RECENT, act_decide },
               { "request_admin", ADMIN_RECENT, act_decide },
               { "request_refuse", ADMIN_RECENT, act_decide } },
};
