/* admin_clients_page.c: a service's applications: listed and registered. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/clients.h"
#include "pages/admin_client_form.h"
#include "pages/admin_page.h"

#define KINDS "web public native machine"

/* --- the list --- */

static void put_client(struct view *view, struct json *table, const struct client_row *row)
{
    struct client client;
    const char *error;
    bool good = client_from_metadata(view->call->arena, row->metadata, &client, &error);
    const char *name = good && !text_empty(client.client_name) ? client.client_name : row->client_id;
    admin_row(view, table);
    admin_cell(view, table, name, admin_path(view, "clients", row->client_id));
    admin_cell(view, table, admin_word(view, row->status), NULL);
    admin_cell(view, table, admin_date(view, row->created_at), NULL);
}

static void put_add_form(struct view *view)
{
    struct admin_fields fields = admin_form(view, "client_add", false);
    admin_text(&fields, "client_name", NULL);
    admin_select(&fields, "client_kind", KINDS, "web");
    admin_area(&fields, "redirect_uris", NULL);
    admin_text(&fields, "scope", "openid profile email");
}

static enum outcome fill_clients(struct view *view)
{
    struct service_row service;
    struct client_row *rows;
    size_t count;
    struct context *context = &view->call->context;
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    struct page page = admin_list_page(view);
    found =
        store_outcome(context, clients_list(context->db, context->arena, service.id, &page, &rows, &count),
                      OUTCOME_NOT_FOUND, "the clients could not be read");
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "clients", "name status created");
    size_t shown = admin_list_ends(view, &page, count, false);
    for (size_t i = 0; i < shown; i++)
        put_client(view, table, &rows[i]);
    put_add_form(view);
    return OUTCOME_OK;
}

/* --- what a form says, as metadata --- */

void client_form_list(struct view *view, struct json *metadata, const char *name)
{
    if (!admin_has(view, name))
        return;
    struct json *list = json_new_array(view->call->arena);
    const char *words = admin_words(view, name), *word;
    size_t length;
    while (text_next_word(&words, ' ', &word, &length))
        json_append_text(list, arena_strndup(view->call->arena, word, length));
    json_put(metadata, name, list);
}

/* What a kind of application is, in the words of RFC 7591. */
static void put_kind(struct json *metadata, const char *kind, struct arena *arena)
{
    bool is_machine = text_equal(kind, "machine");
    bool is_public = text_equal(kind, "public") || text_equal(kind, "native");
    struct json *grants = json_new_array(arena);
    json_append_text(grants, is_machine ? "client_credentials" : "authorization_code");
    if (!is_machine)
        json_append_text(grants, "refresh_token");
    json_put(metadata, "grant_types", grants);
    if (is_machine)
        json_put(metadata, "response_types", json_new_array(arena));
    json_put_text(metadata, "application_type", text_equal(kind, "native") ? "native" : "web");
    json_put_text(metadata, "token_endpoint_auth_method", is_public ? "none" : "client_secret_basic");
}

void client_form_text(struct view *view, struct json *metadata, const char *name)
{
    const char *value = call_parameter(view->call, name);
    if (admin_has(view, name))
        json_put_text(metadata, name, value == NULL ? NULL : text_trim(view->call->arena, value));
}

/* --- registering --- */

static enum outcome act_add(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct registered_client client;
    const char *kind = call_parameter(call, "client_kind");
    struct json *metadata = json_new_object(call->arena);
    if (call_parameter(call, "client_name") == NULL)
        admin_wrong(view, "client_name", "admin_problem_name");
    if (kind == NULL || strchr(kind, ' ') || !text_has_word(KINDS, ' ', kind))
        admin_wrong(view, "client_kind", "admin_problem_choice");
    if (json_count(view->errors) > 0)
        return OUTCOME_OK;
    put_kind(metadata, kind, call->arena);
    client_form_text(view, metadata, "client_name");
    client_form_text(view, metadata, "scope");
    if (!text_equal(kind, "machine"))
        client_form_list(view, metadata, "redirect_uris");
    enum outcome outcome =
        client_register(&call->context, call->values[0], json_print(call->arena, metadata), &client);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    if (client.secret == NULL) {
        done->said = "client_added";
        done->path = admin_path(view, "clients", client.row.client_id);
        return OUTCOME_OK;
    }
    admin_once(view, "client_secret", client.secret);
    admin_fact_code(view, "client_id", client.row.client_id);
    done->shown_once = true;
    return OUTCOME_OK;
}

const struct admin_page admin_clients_page = {
    .path = "/admin/services/{service}/clients",
    .name = "clients",
    .in_navigation = true,
    .fill = fill_clients,
    .forms = { { "client_add", ADMIN_RECENT | ADMIN_MAKES, act_add } },
};
