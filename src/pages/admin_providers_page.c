/* admin_providers_page.c: the installation's identity providers: listed and added; one of them shown with the
 * address that has to be entered there, edited, switched off and on, removed. */
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/manage/managed_provider.h"
#include "pages/admin_page.h"

/* Providers with endpoints of their own are added by the API and the command line. */
#define KINDS "google facebook github apple microsoft oidc"

static const char *provider_path(struct view *view, const char *name)
{
    struct call *call = view->call;
    return view_path(call, arena_printf(call->arena, "/admin/providers/%s", name));
}

/* --- the list --- */

static void put_row(struct view *view, struct json *table, const struct managed_provider *provider)
{
    admin_row(view, table);
    admin_cell(view, table, provider->provider.display_name,
               provider->shadowed ? NULL : provider_path(view, provider->provider.name));
    admin_cell_code(view, table, provider->provider.name);
    admin_cell(view, table, admin_word(view, provider->kind_name), NULL);
    admin_cell(view, table, admin_word(view, managed_provider_status(provider)), NULL);
}

/* What was typed as a secret isn't shown again, also when the form is; nor is what is saved. */
static void put_secret(const struct admin_fields *fields)
{
    struct admin_fields untouched = *fields;
    untouched.again = untouched.stale = false;
    admin_area(&untouched, "provider_secret", NULL);
}

static void put_add_form(struct view *view)
{
    struct admin_fields fields = admin_form(view, "provider_add", false);
    admin_select(&fields, "provider_kind", KINDS, "google");
    admin_text(&fields, "client_id", NULL);
    put_secret(&fields);
    admin_text(&fields, "provider_name", NULL);
    admin_text(&fields, "issuer", NULL);
    admin_text(&fields, "team_id", NULL);
    admin_text(&fields, "key_id", NULL);
}

static enum outcome fill_providers(struct view *view)
{
    struct managed_provider *providers;
    size_t count;
    enum outcome outcome = managed_provider_list(&view->call->context, &providers, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json *table = admin_table(view, "providers", "name word kind status");
    for (size_t i = 0; i < count; i++)
        put_row(view, table, &providers[i]);
    put_add_form(view);
    return OUTCOME_OK;
}

/* --- what a form says, as metadata --- */

/* What was left empty isn't said. */
static void put_typed(struct view *view, struct json *metadata, const char *field, const char *member)
{
    const char *value = call_parameter(view->call, field);
    value = value ? text_trim(view->call->arena, value) : NULL;
    if (!text_empty(value))
        json_put_text(metadata, member, value);
}

static enum outcome act_add(struct view *view, struct admin_done *done)
{
    struct managed_provider provider;
    struct json *metadata = json_new_object(view->call->arena);
    put_typed(view, metadata, "provider_kind", "kind");
    put_typed(view, metadata, "provider_name", "name");
    put_typed(view, metadata, "issuer", "issuer");
    put_typed(view, metadata, "client_id", "client_id");
    put_typed(view, metadata, "provider_secret", "client_secret");
    put_typed(view, metadata, "team_id", "team_id");
    put_typed(view, metadata, "key_id", "key_id");
    const struct provider_wish wish = { .metadata = metadata };
    enum outcome outcome = managed_provider_add(&view->call->context, &wish, &provider);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    done->said = "provider_added";
    done->path = provider_path(view, provider.provider.name);
    return OUTCOME_OK;
}

const struct admin_page admin_providers_page = {
    .path = "/admin/providers",
    .name = "providers",
    .in_navigation = true,
    .fill = fill_providers,
    .forms = { { "provider_add", ADMIN_RECENT | ADMIN_MAKES, act_add } },
};

/* --- one of them --- */

static void put_forms(struct view *view, const struct managed_provider *managed)
{
    const struct provider *provider = &managed->provider;
    struct admin_fields fields = admin_change_form(view, "provider_change", false, managed->tag);
    admin_text(&fields, "display_name", provider->display_name);
    admin_text(&fields, "client_id", provider->client_id);
    put_secret(&fields);
    admin_text(&fields, "scope", provider->sign_in_scopes);
    admin_box(&fields, "offers_sign_in", provider->offers_sign_in);
    admin_form(view, provider->active ? "provider_disable" : "provider_enable", provider->active);
    admin_form(view, "provider_remove", true);
}

static enum outcome fill_provider(struct view *view)
{
    struct managed_provider provider;
    struct call *call = view->call;
    enum outcome outcome = managed_provider_find(&call->context, call->values[0], &provider);
    if (outcome != OUTCOME_OK)
        return outcome;
    json_put_text(view->model, "heading", view_inert(call->arena, provider.provider.display_name));
    admin_fact_code(view, "callback", managed_provider_callback(&call->context, &provider));
    admin_fact(view, "kind", admin_word(view, provider.kind_name));
    admin_fact(view, "status", admin_word(view, managed_provider_status(&provider)));
    admin_fact(view, "broken", view_inert(call->arena, provider.error));
    admin_fact_code(view, "issuer", provider.provider.issuer);
    admin_fact_code(view, "token_endpoint", provider.provider.token_endpoint);
    admin_fact(view, "source", admin_word(view, provider.from_file ? "from_file" : "from_database"));
    admin_fact(view, "created", admin_date(view, provider.created_at));
    if (!provider.from_file)
        put_forms(view, &provider);
    return OUTCOME_OK;
}

static enum outcome act_change(struct view *view, struct admin_done *done)
{
    struct managed_provider provider;
    struct call *call = view->call;
    struct json *metadata = json_new_object(call->arena);
    put_typed(view, metadata, "display_name", "display_name");
    put_typed(view, metadata, "client_id", "client_id");
    put_typed(view, metadata, "provider_secret", "client_secret");
    put_typed(view, metadata, "scope", "scopes");
    json_put_boolean(metadata, "sign_in", call_parameter(call, "offers_sign_in") != NULL);
    const struct provider_wish wish = { .metadata = metadata, .if_match = admin_seen(view) };
    enum outcome outcome = managed_provider_change(&call->context, call->values[0], &wish, &provider);
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_switch(struct view *view, struct admin_done *done)
{
    bool active = admin_sent(view, "provider_enable");
    struct call *call = view->call;
    enum outcome outcome = managed_provider_set_active(&call->context, call->values[0], active);
    return admin_said(view, outcome, active ? "enabled" : "disabled", done);
}

static enum outcome act_remove(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    enum outcome outcome = managed_provider_remove(&call->context, call->values[0], false);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    done->said = "provider_removed";
    done->path = view_path(call, "/admin/providers");
    return OUTCOME_OK;
}

const struct admin_page admin_provider_page = {
    .path = "/admin/providers/{provider}",
    .name = "provider",
    .fill = fill_provider,
    .forms = { { "provider_change", ADMIN_RECENT, act_change },
               { "provider_disable", ADMIN_RECENT, act_switch },
               { "provider_enable", ADMIN_RECENT, act_switch },
               { "provider_remove", ADMIN_RECENT, act_remove } },
};
