/* admin_client_page.c: one of a service's applications: shown, edited, given secrets, switched off,
 * removed; and how it proves who it is, and failed to. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/client_secrets.h"
#include "domain/oauth/client_auth.h"
#include "domain/oauth/client_failures.h"
#include "pages/admin_client_form.h"
#include "pages/admin_page.h"

#define KEEPS "keep_none keep_day keep_week"

enum { DAY_S = 24 * 3600, MAX_URIS = 32, FAILURES_SHOWN = 20 };

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

static void put_edit_form(struct view *view, const struct client *client, const char *tag)
{
    struct arena *arena = view->call->arena;
    struct admin_fields fields = admin_change_form(view, "client_change", false, tag);
    admin_text(&fields, "client_name", client->client_name);
    admin_area(&fields, "redirect_uris", lines_of(arena, client->redirect_uris));
    admin_area(&fields, "post_logout_redirect_uris", lines_of(arena, client->post_logout_redirect_uris));
    admin_text(&fields, "scope", client->scope);
    admin_text(&fields, "client_uri", client->client_uri);
    admin_text(&fields, "logo_uri", client->logo_uri);
    admin_text(&fields, "policy_uri", client->policy_uri);
    admin_text(&fields, "tos_uri", client->tos_uri);
    admin_box(&fields, "skip_consent", client->skip_consent);
    admin_box(&fields, "requires_permission", client->requires_permission);
}

/* --- how it proves who it is --- */

static const char *words_as_lines(struct arena *arena, const char *words)
{
    char *lines = arena_strdup(arena, words ? words : "");
    for (char *space = strchr(lines, ' '); space; space = strchr(space, ' '))
        *space = '\n';
    return lines;
}

static void put_security_form(struct view *view, const struct client *client, const char *tag)
{
    struct arena *arena = view->call->arena;
    const char *way = client->token_endpoint_auth_method;
    struct admin_fields fields = admin_change_form(view, "client_security", false, tag);
    admin_select(&fields, "token_endpoint_auth_method", client_way_proving_names,
                 way ? way : "client_secret_basic");
    admin_area(&fields, "jwks", client->jwks ? json_print(arena, client->jwks) : NULL);
    admin_text(&fields, "jwks_uri", client->jwks_uri);
    admin_text(&fields, "tls_client_auth_subject_dn", client->tls_client_auth_subject_dn);
    admin_text(&fields, "tls_client_auth_san_dns", client->tls_client_auth_san_dns);
    admin_box(&fields, "dpop_bound_access_tokens", client->dpop_bound_access_tokens);
    admin_box(&fields, "tls_client_certificate_bound_access_tokens",
              client->tls_client_certificate_bound_access_tokens);
    admin_box(&fields, "enhanced_security", client->enhanced_security);
    admin_area(&fields, "allowed_addresses", words_as_lines(arena, client->allowed_addresses));
}

static void put_secret(struct view *view, struct json *table, const struct client_secret_row *row)
{
    struct arena *arena = view->call->arena;
    const char *prefix = *row->prefix ? arena_printf(arena, "%s\u2026", row->prefix) : "\u2026";
    admin_row(view, table);
    admin_cell_code(view, table, prefix);
    admin_cell(view, table, admin_date(view, row->created_at), NULL);
    admin_cell(view, table, admin_moment_or_never(view, row->expires_at), NULL);
    admin_cell(view, table, admin_moment_or_never(view, row->last_used_at), NULL);
    admin_cell_code(view, table, row->last_used_from);
    admin_button(view, table,
                 &(struct admin_button) { "client_secret_revoke", uuid_encode(arena, row->id), "revoke",
                                          prefix, true });
}

static enum outcome put_secrets(struct view *view, const char *client_id)
{
    struct client_secret_row *rows;
    size_t count;
    enum outcome outcome = client_secrets_of(&view->call->context, client_id, &rows, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json *table = admin_table(view, "secrets", "secret created expires used used_from");
    for (size_t i = 0; i < count; i++)
        put_secret(view, table, &rows[i]);
    if (count < CLIENT_MAX_SECRETS)
        admin_form(view, "client_secret_add", false);
    struct admin_fields fields = admin_form(view, "client_secret", false);
    admin_select(&fields, "keep", KEEPS, "keep_day");
    return OUTCOME_OK;
}

static enum outcome put_failures(struct view *view, const char *client_id)
{
    const struct page page = { .limit = FAILURES_SHOWN };
    struct client_failure_row *rows;
    size_t count;
    enum outcome outcome = client_failures_of(&view->call->context, client_id, &page, &rows, &count);
    if (outcome != OUTCOME_OK || !count)
        return outcome;
    struct json *table = admin_table(view, "failures", "when way reason address");
    for (size_t i = 0; i < count; i++) {
        admin_row(view, table);
        admin_cell(view, table, admin_moment(view, rows[i].at_ms / 1000), NULL);
        admin_cell_code(view, table, rows[i].method);
        admin_cell(view, table, rows[i].reason, NULL);
        admin_cell_code(view, table, rows[i].address);
    }
    return OUTCOME_OK;
}

static enum outcome put_proofs(struct view *view, const struct registered_client *client)
{
    enum outcome outcome = OUTCOME_OK;
    if (client_is_public(&client->client))
        return outcome;
    put_security_form(view, &client->client, client_tag(view->call->arena, &client->row));
    if (client->row.locked_at)
        admin_form(view, "client_unlock", false);
    if (client_has_secrets(&client->client))
        outcome = put_secrets(view, client->row.client_id);
    return outcome == OUTCOME_OK ? put_failures(view, client->row.client_id) : outcome;
}

/* --- the page --- */

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
    admin_fact(view, "status", admin_word(view, client.row.locked_at ? "locked" : client.row.status));
    admin_fact_code(view, "authentication", client.client.token_endpoint_auth_method);
    admin_fact_code(view, "grant_types", client.client.grant_types);
    admin_fact(view, "created", admin_date(view, client.row.created_at));
    admin_fact(view, "keys_used", admin_moment(view, client.row.last_used_at));
    admin_fact_code(view, "keys_used_from", client.row.last_used_from);
    put_edit_form(view, &client.client, client_tag(view->call->arena, &client.row));
    found = put_proofs(view, &client);
    admin_form(view, active ? "client_disable" : "client_enable", active);
    admin_change_form(view, "client_remove", true, client_tag(view->call->arena, &client.row));
    return found;
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
        client_form_text(view, wanted, texts[i]);
    client_form_list(view, wanted, "redirect_uris");
    client_form_list(view, wanted, "post_logout_redirect_uris");
    json_put_boolean(wanted, "skip_consent", call_parameter(call, "skip_consent") != NULL);
    json_put_boolean(wanted, "requires_permission", call_parameter(call, "requires_permission") != NULL);
    if (call_parameter(call, "client_name") == NULL) {
        admin_wrong(view, "client_name", "admin_problem_name");
        return OUTCOME_OK;
    }
    outcome =
        client_change(&call->context, client.row.client_id,
                      &(struct client_wish) { .metadata = wanted, .if_match = admin_seen(view) }, &client);
    return admin_said(view, outcome, "changed", done);
}

/* The key set as it was typed; what is no JSON is an error of its field. */
static bool put_keys(struct view *view, struct json *wanted)
{
    const char *error = NULL, *text = call_parameter(view->call, "jwks");
    struct json *jwks = text ? json_parse(view->call->arena, text, strlen(text), &error) : NULL;
    if (text && !jwks)
        admin_wrong(view, "jwks", "admin_problem_jwks");
    if (admin_has(view, "jwks"))
        json_put(wanted, "jwks", jwks);
    return !text || jwks;
}

static enum outcome act_security(struct view *view, struct admin_done *done)
{
    static const char *const texts[] = { "token_endpoint_auth_method", "jwks_uri",
                                         "tls_client_auth_subject_dn", "tls_client_auth_san_dns" };
    static const char *const boxes[] = { "dpop_bound_access_tokens",
                                         "tls_client_certificate_bound_access_tokens", "enhanced_security" };
    struct call *call = view->call;
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json *wanted = json_new_object(call->arena);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        client_form_text(view, wanted, texts[i]);
    client_form_list(view, wanted, "allowed_addresses");
    for (size_t i = 0; i < ARRAY_SIZE(boxes); i++)
        json_put_boolean(wanted, boxes[i], call_parameter(call, boxes[i]) != NULL);
    if (!put_keys(view, wanted))
        return OUTCOME_OK;
    outcome =
        client_change(&call->context, client.row.client_id,
                      &(struct client_wish) { .metadata = wanted, .if_match = admin_seen(view) }, &client);
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_unlock(struct view *view, struct admin_done *done)
{
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_unlock(&view->call->context, client.row.client_id);
    return admin_said(view, outcome, "client_unlocked", done);
}

static enum outcome act_secret_add(struct view *view, struct admin_done *done)
{
    struct registered_client client;
    struct made_secret secret = { .text = NULL };
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_add(&view->call->context, client.row.client_id, &secret);
    return admin_shown(view, outcome, "client_secret", secret.text, done);
}

static enum outcome act_secret_revoke(struct view *view, struct admin_done *done)
{
    struct registered_client client;
    const char *id = call_parameter(view->call, "id");
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_revoke(&view->call->context, client.row.client_id, id ? id : "");
    return admin_said(view, outcome, "secret_revoked", done);
}

static int64_t keep_of(const char *word)
{
    return text_equal(word, "keep_day") ? DAY_S : text_equal(word, "keep_week") ? 7 * DAY_S : 0;
}

static enum outcome act_secret(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct registered_client client;
    struct made_secret secret = { .text = NULL };
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_secret_rotate(&call->context, client.row.client_id,
                                       keep_of(call_parameter(call, "keep")), &secret);
    return admin_shown(view, outcome, "client_secret", secret.text, done);
}

static enum outcome act_switch(struct view *view, struct admin_done *done)
{
    bool active = admin_sent(view, "client_enable");
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_set_active(&view->call->context, client.row.client_id, active);
    return admin_said(view, outcome, active ? "enabled" : "disabled", done);
}

static enum outcome act_remove(struct view *view, struct admin_done *done)
{
    struct registered_client client;
    enum outcome outcome = find(view, &client);
    if (outcome == OUTCOME_OK)
        outcome = client_remove(&view->call->context, client.row.client_id, admin_seen(view));
    done->path = admin_path(view, "clients", NULL);
    return admin_said(view, outcome, "client_removed", done);
}

const struct admin_page admin_client_page = {
    .path = "/admin/services/{service}/clients/{client}",
    .name = "client",
    .fill = fill_client,
    .forms = { { "client_change", ADMIN_RECENT, act_change },
               { "client_security", ADMIN_RECENT, act_security },
               { "client_unlock", ADMIN_RECENT, act_unlock },
               { "client_secret", ADMIN_RECENT | ADMIN_MAKES, act_secret },
               { "client_secret_add", ADMIN_RECENT | ADMIN_MAKES, act_secret_add },
               { "client_secret_revoke", ADMIN_RECENT, act_secret_revoke },
               { "client_disable", ADMIN_RECENT, act_switch },
               { "client_enable", ADMIN_RECENT, act_switch },
               { "client_remove", ADMIN_RECENT, act_remove } },
};
