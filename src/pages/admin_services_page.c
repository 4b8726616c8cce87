/* admin_services_page.c: the services of the installation: listed and added; one of them shown, set up,
 * switched off. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "pages/admin_page.h"

#define GATES "default off periodic new_browser always"
#define SIGN_IN_FORMS "default both identifier_first"

static const char *path_of(struct view *view, const struct service_row *row)
{
    struct call *call = view->call;
    return view_path(call,
                     arena_printf(call->arena, "/admin/services/%s", uuid_encode(call->arena, row->id)));
}

/* --- the list --- */

static enum outcome fill_services(struct view *view)
{
    struct service_row *rows;
    size_t count;
    struct context *context = &view->call->context;
    struct page page = admin_list_page(view);
    enum outcome found =
        store_outcome(context, services_list(context->db, context->arena, &page, &rows, &count),
                      OUTCOME_NOT_FOUND, "the services could not be read");
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "services", "name status created");
    size_t shown = admin_list_ends(view, &page, count, true);
    for (size_t i = 0; i < shown; i++) {
        admin_row(view, table);
        admin_cell(view, table, rows[i].name, path_of(view, &rows[i]));
        admin_cell(view, table, admin_word(view, rows[i].status), NULL);
        admin_cell(view, table, admin_date(view, rows[i].created_at), NULL);
    }
    struct admin_fields fields = admin_form(view, "service_add", false);
    admin_text(&fields, "service_name", NULL);
    return OUTCOME_OK;
}

static enum outcome act_add(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct service_row row;
    const struct service_sign_in sign_in = { .pin_gate = NULL };
    const char *name = call_parameter(call, "service_name");
    if (name == NULL) {
        admin_wrong(view, "service_name", "admin_problem_name");
        return OUTCOME_OK;
    }
    enum outcome outcome = service_add(&call->context, name, &sign_in, &row);
    if (outcome != OUTCOME_OK)
        return admin_refused(view, outcome);
    done->said = "service_added";
    done->path = path_of(view, &row);
    return OUTCOME_OK;
}

const struct admin_page admin_services_page = {
    .path = "/admin/services",
    .name = "services",
    .in_navigation = true,
    .fill = fill_services,
    .forms = { { "service_add", ADMIN_MAKES, act_add } },
};

/* --- one of them --- */

static const char *or_default(const char *word)
{
    return text_empty(word) ? "default" : word;
}

/* Lists of several lines: a provider each, an address each. */
static void put_providers(struct view *view, const struct service_row *service)
{
    struct arena *arena = view->call->arena;
    struct service_providers settings;
    struct strbuf uris = strbuf_start(arena);
    const char *error, *sign_in;
    if (!service_providers_read(arena, service->providers, &settings, &error))
        return;
    sign_in = settings.sign_in == NULL ? "all" : *settings.sign_in == '\0' ? "none" : settings.sign_in;
    for (size_t i = 0; settings.redirect_uris[i] != NULL; i++)
        strbuf_add_format(&uris, "%s%s", i > 0 ? "\n" : "", settings.redirect_uris[i]);
    struct admin_fields fields =
        admin_change_form(view, "service_providers", false, service_providers_tag(arena, service));
    admin_text(&fields, "sign_in_providers", sign_in);
    admin_area(&fields, "provider_scopes", service_providers_list(arena, &settings, "\n"));
    admin_area(&fields, "provider_redirect_uris", uris.data);
}

static enum outcome fill_service(struct view *view)
{
    struct service_row service;
    struct arena *arena = view->call->arena;
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    bool active = text_equal(service.status, "active");
    json_put_text(view->model, "heading", view_inert(view->call->arena, service.name));
    admin_fact_code(view, "id", uuid_encode(view->call->arena, service.id));
    admin_fact(view, "status", admin_word(view, service.status));
    admin_fact_code(view, "service_type", service.service_type);
    admin_fact(view, "created", admin_date(view, service.created_at));
    struct admin_fields profile =
        admin_change_form(view, "service_profile", false, service_tag(arena, &service));
    admin_text(&profile, "service_name", service.name);
    admin_text(&profile, "slug", service.slug);
    struct admin_fields fields =
        admin_change_form(view, "service_change", false, service_sign_in_tag(arena, &service));
    admin_select(&fields, "pin_gate", GATES, or_default(service.pin_gate));
    admin_select(&fields, "sign_in_form", SIGN_IN_FORMS, or_default(service.sign_in_form));
    put_providers(view, &service);
    admin_form(view, active ? "service_disable" : "service_enable", active);
    return OUTCOME_OK;
}

/* What was left empty is taken off. */
static const char *typed_or_none(struct view *view, const char *name)
{
    const char *words = admin_words(view, name);
    return !admin_has(view, name) ? NULL : text_empty(words) ? "none" : words;
}

static enum outcome act_profile(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct service_row row;
    const struct service_profile profile = { .name = call_parameter(call, "service_name"),
                                             .slug = typed_or_none(view, "slug") };
    if (profile.name == NULL) {
        admin_wrong(view, "service_name", "admin_problem_name");
        return OUTCOME_OK;
    }
    enum outcome outcome =
        service_set_profile(&call->context, call->values[0], &profile, admin_seen(view), &row);
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_change(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    const struct service_sign_in sign_in = { .pin_gate = call_parameter(call, "pin_gate"),
                                             .sign_in_form = call_parameter(call, "sign_in_form") };
    enum outcome outcome = service_set_sign_in(&call->context, call->values[0], &sign_in, admin_seen(view));
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_providers(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    const struct service_providers_change change = {
        .sign_in = typed_or_none(view, "sign_in_providers"),
        .scopes = typed_or_none(view, "provider_scopes"),
        .redirect_uris = typed_or_none(view, "provider_redirect_uris"),
        .replaces = true,
    };
    enum outcome outcome = service_set_providers(&call->context, call->values[0], &change, admin_seen(view));
    return admin_said(view, outcome, "changed", done);
}

static enum outcome act_switch(struct view *view, struct admin_done *done)
{
    bool active = admin_sent(view, "service_enable");
    struct call *call = view->call;
    enum outcome outcome = service_set_active(&call->context, call->values[0], active);
    return admin_said(view, outcome, active ? "enabled" : "disabled", done);
}

const struct admin_page admin_service_page = {
    .path = "/admin/services/{service}",
    .name = "service",
    .in_navigation = true,
    .fill = fill_service,
    .forms = { { "service_profile", ADMIN_RECENT, act_profile },
               { "service_change", ADMIN_RECENT, act_change },
               { "service_providers", ADMIN_RECENT, act_providers },
               { "service_disable", ADMIN_RECENT, act_switch },
               { "service_enable", ADMIN_RECENT, act_switch } },
};
