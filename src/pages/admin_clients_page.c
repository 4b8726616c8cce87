/* admin_clients_page.c: a service's applications: listed and registered; one of them shown, edited, given a
 * new secret, switched off. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/client_secrets.h"
#include "pages/admin_page.h"

#define KINDS "web public native machine"
#define KEEPS "keep_none keep_day keep_week"

enum { DAY_S = 24 * 3600, MAX_URIS = 32 };

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

static void put_list(struct view *view, struct json *metadata, const char *name)
{
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

static void put_text(struct view *view, struct json *metadata, const char *name)
{
    const char *value = call_parameter(view->call, name);
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
    put_text(view, metadata, "client_name");
    put_text(view, metadata, "scope");
    if (!text_equal(kind, "machine"))
        put_list(view, metadata, "redirect_uris");
    enum outcome outcome =
        client_register(&call->context, call->values[0], json_print(call->arena, metadata),
                        arena_printf(call->arena, "admin:%s", call->admin->email), &client);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    admin_record(view, "client.created", client.row.client_id);
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
    .forms = { { "client_add", true, act_add } },
};

/* --- one of them --- */

/* Of this service, or it isn't there (T-103). */
static enum outcome find(struct view *view, struct registered_client *client_out)
{
    struct service_row service;
    enum outcome found = admin_service(view, &service);
    if (found == OUTCOME_OK)
        found = client_find(&view->call->context, view->call->values[1], client_out);
    if (found == OUTCOME_OK && memcmp(client_out->row.service_id, service.id, sizeof(service.id)) != 0)
        return refuse(&view->call->context, OUTCOME_NOT_FOUND, "a client of another service");
    return found;
}

static const char *lines_of(struct arena *arena, const char *const *list)
{
    struct strbuf lines = strbuf_start(arena);
    for (size_t i = 0; i < MAX_URIS && list != NULL && list[i] != NULL; i++)
        strbuf_add_format(&lines, "%s%s", i > 0 ? "\n" : "", list[i]);
    return lines.data;
}

static void put_edit_form(struct view *view, const struct client *client)
{
    struct arena *arena = view->call->arena;
    struct admin_fields fields = admin_form(view, "client_change", false);
    admin_text(&fields, "client_name", client->client_name);
    admin_area(&fields, "redirect_uris", lines_of(arena, client->redirect_uris));
    admin_area(&fields, "post_logout_redirect_uris", lines_of(arena, client->post_logout_redirect_uris));
    admin_text(&fields, "scope", client->scope);
    admin_text(&fields, "client_uri", client->client_uri);
    admin_text(&fields, "logo_uri", client->logo_uri);
    admin_text(&fields, "policy_uri", client->policy_uri);
    admin_text(&fields, "tos_uri", client->tos_uri);
    admin_box(&fields, "skip_consent", client->skip_consent);
}

static enum outcome fill_client(struct view *view)
{
    struct registered_client client;
    enum outcome found = find(view, &client);
    if (found != OUTCOME_OK)
        return found;
    const char *name =
        text_empty(client.client.client_name) ? client.row.client_id : client.client.client_name;
    bool active = text_equal(client.row.status, "active");
    json_put_text(view->model, "heading", view_inert(view->call->arena, name));
    admin_fact_code(view, "client_id", client.row.client_id);
    admin_fact(view, "status", admin_word(view, client.row.status));
    admin_fact_code(view, "authentication", client.client.token_endpoint_auth_method);
    admin_fact_code(view, "grant_types", client.client.grant_types);
    admin_fact(view, "created", admin_date(view, client.row.created_at));
    put_edit_form(view, &client.client);
    if (!client_is_public(&client.client)) {
        struct admin_fields fields = admin_form(view, "client_secret", false);
        admin_select(&fields, "keep", KEEPS, "keep_none");
    }
    admin_form(view, active ? "client_disable" : "client_enable", active);
    return OUTCOME_OK;
}

static enum outcome act_change(struct view *view, struct admin_done *done)
{
    static const char *const texts[] = { "client_name", "scope",      "client_uri",
                                         "logo_uri",    "policy_uri", "tos_uri" };
    struct call *call = view->call;
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json *wanted = json_new_object(call->arena);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        put_text(view, wanted, texts[i]);
    put_list(view, wanted, "redirect_uris");
    put_list(view, wanted, "post_logout_redirect_uris");
    json_put_boolean(wanted, "skip_consent", call_parameter(call, "skip_consent") != NULL);
    if (call_parameter(call, "client_name") == NULL) {
        admin_wrong(view, "client_name", "admin_problem_name");
        return OUTCOME_OK;
    }
    outcome = client_change(&call->context, client.row.client_id, wanted, &client);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    admin_record(view, "client.updated", client.row.client_id);
    done->said = "changed";
    return OUTCOME_OK;
}

static int64_t keep_of(const char *word)
{
    return text_equal(word, "keep_day") ? DAY_S : text_equal(word, "keep_week") ? 7 * DAY_S : 0;
}

static enum outcome act_secret(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct registered_client client;
    struct made_secret secret;
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome =
            client_secret_rotate(&call->context, client.row.client_id, keep_of(call_parameter(call, "keep")),
                                 arena_printf(call->arena, "admin:%s", call->admin->email), &secret);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    admin_record(view, "client.secret_rotated", client.row.client_id);
    admin_once(view, "client_secret", secret.text);
    done->shown_once = true;
    return OUTCOME_OK;
}

static enum outcome set_active(struct view *view, bool active, struct admin_done *done)
{
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_set_active(&view->call->context, client.row.client_id, active);
    if (outcome != OUTCOME_OK)
        return outcome;
    admin_record(view, active ? "client.enabled" : "client.disabled", client.row.client_id);
    done->said = active ? "enabled" : "disabled";
    return OUTCOME_OK;
}

static enum outcome act_disable(struct view *view, struct admin_done *done)
{
    return set_active(view, false, done);
}

static enum outcome act_enable(struct view *view, struct admin_done *done)
{
    return set_active(view, true, done);
}

const struct admin_page admin_client_page = {
    .path = "/admin/services/{service}/clients/{client}",
    .name = "client",
    .fill = fill_client,
    .forms = { { "client_change", true, act_change },
               { "client_secret", true, act_secret },
               { "client_disable", true, act_disable },
               { "client_enable", true, act_enable } },
};
