/* admin_view.c: see admin_view.h. */
#include "pages/admin_view.h"

#include "app/admin_side.h"
#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/manage/services.h"
#include "pages/dates.h"

static const char *text_of(struct view *view, const char *kind, const char *name)
{
    return view_text(view, arena_printf(view->call->arena, "admin_%s_%s", kind, name));
}

/* Mustache looks further out for what is absent: so nothing is. */
static void put(struct json *object, const char *name, const char *text)
{
    if (text_empty(text))
        json_put_boolean(object, name, false);
    else
        json_put_text(object, name, text);
}

static void put_inert(struct view *view, struct json *object, const char *name, const char *text)
{
    put(object, name, view_inert(view->call->arena, text));
}

/* Text of several lines, which stay; browsers send CR LF. */
static const char *inert_lines(struct arena *arena, const char *text)
{
    struct strbuf lines = strbuf_start(arena);
    const char *line;
    size_t length;
    while (text != NULL && text_next_word(&text, '\n', &line, &length)) {
        if (length > 0 && line[length - 1] == '\r')
            length--;
        strbuf_add_format(&lines, "%s%s", lines.length > 0 ? "\n" : "",
                          view_inert(arena, arena_strndup(arena, line, length)));
    }
    return lines.data;
}

/* A value, which is printed: there, be it empty. */
static void put_value(struct view *view, struct json *object, const char *value)
{
    json_put_text(object, "value", inert_lines(view->call->arena, value));
}

static struct json *list_of(struct json *object, const char *name, struct arena *arena)
{
    struct json *list = json_member(object, name);
    if (list == NULL) {
        list = json_new_array(arena);
        json_put(object, name, list);
    }
    return list;
}

static struct json *add_object(struct view *view, struct json *object, const char *list)
{
    struct json *item = json_new_object(view->call->arena);
    json_append(list_of(object, list, view->call->arena), item);
    return item;
}

/* --- where we are --- */

enum outcome admin_service(struct view *view, struct service_row *row_out)
{
    enum outcome found = service_find(&view->call->context, view->call->values[0], row_out);
    if (found != OUTCOME_OK)
        return found;
    const char *name = view_inert(view->call->arena, row_out->name);
    view_value(view, "service", name);
    json_put_text(view->model, "service", name);
    return OUTCOME_OK;
}

const char *admin_path(struct view *view, const char *section, const char *id)
{
    struct call *call = view->call;
    const char *service = call->values[0];
    return view_path(call, arena_printf(call->arena, "/admin/services/%s/%s%s%s", service, section,
                                        id == NULL ? "" : "/", id == NULL ? "" : id));
}

const char *admin_actor(struct view *view)
{
    return view->call->context.actor;
}

const char *admin_date(struct view *view, int64_t time)
{
    return time > 0 ? date_day(view, time) : "";
}

const char *admin_moment(struct view *view, int64_t time)
{
    return time > 0 ? date_moment(view, time) : "";
}

const char *admin_moment_or_never(struct view *view, int64_t time)
{
    return time > 0 ? date_moment(view, time) : admin_word(view, "never");
}

const char *admin_word(struct view *view, const char *word)
{
    const char *text = view_text_if_any(view, arena_printf(view->call->arena, "admin_word_%s", word));
    return text == NULL ? word : text;
}

/* --- what is shown --- */

static struct json *add_fact(struct view *view, const char *name, const char *value, bool is_code)
{
    if (text_empty(value))
        return NULL;
    struct json *fact = add_object(view, view->model, "facts");
    json_put_boolean(view->model, "has_facts", true);
    json_put_text(fact, "label", text_of(view, "fact", name));
    put_value(view, fact, value);
    json_put_boolean(fact, "is_code", is_code);
    return fact;
}

void admin_fact(struct view *view, const char *name, const char *value)
{
    add_fact(view, name, value, false);
}

void admin_fact_code(struct view *view, const char *name, const char *value)
{
    add_fact(view, name, value, true);
}

void admin_once(struct view *view, const char *name, const char *value)
{
    struct json *once = json_new_object(view->call->arena);
    json_put_text(once, "label", text_of(view, "once", name));
    json_put_text(once, "value", value);
    json_put(view->model, "once", once);
}

struct json *admin_table(struct view *view, const char *name, const char *columns)
{
    struct arena *arena = view->call->arena;
    struct json *table = add_object(view, view->model, "tables"), *heads = json_new_array(arena);
    const char *word;
    size_t length;
    json_put_text(table, "caption", text_of(view, "table", name));
    bool searched = form_value(&view->call->request->query, "search") != NULL;
    json_put_text(table, "none", text_of(view, "none", searched ? "found" : name));
    while (text_next_word(&columns, ' ', &word, &length)) {
        struct json *head = json_new_object(arena);
        json_put_text(head, "label", text_of(view, "column", arena_strndup(arena, word, length)));
        json_append(heads, head);
    }
    json_put(table, "columns", heads);
    json_put(table, "rows", json_new_array(arena));
    json_put_boolean(table, "has_rows", false);
    json_put_boolean(table, "has_buttons", false);
    return table;
}

void admin_row(struct view *view, struct json *table)
{
    struct json *row = add_object(view, table, "rows");
    json_put(row, "cells", json_new_array(view->call->arena));
    json_put(row, "buttons", json_new_array(view->call->arena));
    json_put_boolean(table, "has_rows", true);
}

static struct json *last_row(struct json *table)
{
    struct json *rows = json_member(table, "rows");
    return json_item(rows, json_count(rows) - 1);
}

static struct json *add_cell(struct view *view, struct json *table, const char *value, const char *href)
{
    struct json *row = last_row(table);
    size_t column = json_count(json_member(row, "cells"));
    struct json *cell = add_object(view, row, "cells");
    put(cell, "label", json_member_text(json_item(json_member(table, "columns"), column), "label"));
    json_put_text(cell, "value", text_empty(value) ? "–" : view_inert(view->call->arena, value));
    put(cell, "href", href);
    json_put_boolean(cell, "is_code", false);
    return cell;
}

void admin_cell(struct view *view, struct json *table, const char *value, const char *href)
{
    add_cell(view, table, value, href);
}

void admin_cell_code(struct view *view, struct json *table, const char *value)
{
    json_put_boolean(add_cell(view, table, value, NULL), "is_code", true);
}

void admin_button(struct view *view, struct json *table, const struct admin_button *button)
{
    struct json *shown = add_object(view, last_row(table), "buttons");
    json_put_boolean(table, "has_buttons", true);
    json_put_text(shown, "name", button->form);
    json_put_text(shown, "token", admin_side_token(view->call, button->form));
    json_put_text(shown, "id", button->id);
    json_put_text(shown, "label", text_of(view, "button", button->name));
    put_inert(view, shown, "what", button->what);
    json_put_boolean(shown, "danger", button->danger);
}

/* --- lists --- */

struct page admin_list_page(struct view *view)
{
    enum { MAX_OFFSET = 1000000 };
    struct page page = { .search = form_value(&view->call->request->query, "search"),
                         .limit = ADMIN_PAGE_ROWS + 1 };
    const char *offset = form_value(&view->call->request->query, "offset");
    if (offset == NULL || !text_to_int(offset, 0, MAX_OFFSET, &page.offset))
        page.offset = 0;
    return page;
}

static void put_step(struct view *view, const char *name, const struct page *page, int64_t offset)
{
    struct arena *arena = view->call->arena;
    const char *search = text_empty(page->search) ? "" : percent_encode(arena, page->search);
    json_put_text(view->model, name,
                  arena_printf(arena, "%s?search=%s&offset=%lld",
                               view_path(view->call, view->call->request->path), search, (long long)offset));
}

/* Which of the rows these are, where there are others. */
static void put_range(struct view *view, int64_t offset, int64_t count)
{
    struct arena *arena = view->call->arena;
    view_value(view, "first", arena_printf(arena, "%lld", (long long)offset + 1));
    view_value(view, "last", arena_printf(arena, "%lld", (long long)(offset + count)));
    json_put_text(view->model, "range", view_text(view, count == 0 ? "admin_none_found" : "admin_range"));
}

size_t admin_list_ends(struct view *view, const struct page *page, size_t count, bool with_search)
{
    struct json *search = json_new_object(view->call->arena);
    if (with_search) {
        json_put_text(search, "action", view_path(view->call, view->call->request->path));
        put_value(view, search, page->search);
        json_put(view->model, "search", search);
    }
    if (page->offset > 0 || count > ADMIN_PAGE_ROWS)
        put_range(view, page->offset, count > ADMIN_PAGE_ROWS ? ADMIN_PAGE_ROWS : (int64_t)count);
    if (page->offset > 0)
        put_step(view, "previous_url", page,
                 page->offset > ADMIN_PAGE_ROWS ? page->offset - ADMIN_PAGE_ROWS : 0);
    if (count > ADMIN_PAGE_ROWS)
        put_step(view, "next_url", page, page->offset + ADMIN_PAGE_ROWS);
    return count > ADMIN_PAGE_ROWS ? ADMIN_PAGE_ROWS : count;
}

/* --- forms --- */

struct admin_fields admin_form(struct view *view, const char *name, bool danger)
{
    struct arena *arena = view->call->arena;
    struct json *form = add_object(view, view->model, "forms");
    const char *hint = view_text_if_any(view, arena_printf(arena, "admin_form_%s_hint", name));
    json_put_text(form, "name", name);
    json_put_text(form, "title", text_of(view, "form", name));
    json_put_text(form, "submit", text_of(view, "form", arena_printf(arena, "%s_button", name)));
    put(form, "about", hint);
    json_put_boolean(form, "seen", false);
    json_put_text(form, "token", admin_side_token(view->call, name));
    json_put_boolean(form, "danger", danger);
    json_put(form, "inputs", json_new_array(arena));
    bool sent = text_equal(view->call->request->method, "POST") &&
                text_equal(form_value(&view->call->form, "form"), name);
    return (struct admin_fields) { .view = view,
                                   .form = form,
                                   .fields = json_member(form, "inputs"),
                                   .name = name,
                                   .again = sent && json_count(view->errors) > 0,
                                   .stale = sent && admin_is_stale(view) };
}

/* --- forms that change what was shown --- */

const char *admin_seen(struct view *view)
{
    const char *seen = form_value(&view->call->form, "seen");
    return seen != NULL && *seen == '"' ? seen : ""; /* which is no version of anything */
}

bool admin_is_stale(const struct view *view)
{
    return json_has_member(view->values, "stale");
}

/* Refused for another reason, it is still about what was seen then. */
struct admin_fields admin_change_form(struct view *view, const char *name, bool danger, const char *tag)
{
    struct admin_fields fields = admin_form(view, name, danger);
    json_put_text(fields.form, "seen", fields.again && !fields.stale ? admin_seen(view) : tag);
    return fields;
}

/* What is saved now, beside a field in which something else was typed. */
static void put_current(struct admin_fields *fields, struct json *field, const char *current,
                        const char *typed)
{
    struct view *view = fields->view;
    const char *saved = inert_lines(view->call->arena, current);
    bool differs = fields->stale && !text_equal(saved, inert_lines(view->call->arena, typed));
    put(field, "current", !differs ? "" : *saved == '\0' ? admin_word(view, "empty") : saved);
}

static const char *id_of(struct view *view, const char *form, const char *field)
{
    return arena_printf(view->call->arena, "%s-%s", form, field);
}

/* A field of a kind: "is_text", "is_area", "is_select", which are plain, "is_boxes", "is_box". */
static struct json *add_field(struct admin_fields *fields, const char *kind, const char *name,
                              const char *value)
{
    struct view *view = fields->view;
    struct arena *arena = view->call->arena;
    struct json *field = json_new_object(arena);
    const char *id = id_of(view, fields->name, name);
    const char *typed = form_value(&view->call->form, name);
    bool is_plain = !text_equal(kind, "is_box") && !text_equal(kind, "is_boxes");
    json_append(fields->fields, field);
    json_put_text(field, "id", id);
    json_put_text(field, "field", name);
    json_put_text(field, "label", text_of(view, "field", name));
    put(field, "hint", view_text_if_any(view, arena_printf(arena, "admin_field_%s_hint", name)));
    put(field, "error", json_member_text(json_member(view->fields, id), "error"));
    put_value(view, field, fields->again ? typed : value);
    put_current(fields, field, value, typed);
    json_put_boolean(field, "is_plain", is_plain);
    json_put_boolean(field, kind, true);
    return field;
}

void admin_text(struct admin_fields *fields, const char *name, const char *value)
{
    add_field(fields, "is_text", name, value);
}

void admin_number(struct admin_fields *fields, const char *name, const char *value)
{
    json_put_boolean(add_field(fields, "is_text", name, value), "is_number", true);
}

void admin_area(struct admin_fields *fields, const char *name, const char *value)
{
    add_field(fields, "is_area", name, value);
}

static void add_option(struct admin_fields *fields, struct json *field, const char *word, const char *label,
                       bool chosen)
{
    struct json *option = add_object(fields->view, field, "options");
    json_put_text(option, "option", word);
    json_put_text(option, "label", label);
    json_put_boolean(option, "chosen", chosen);
    json_put_text(option, "option_id",
                  arena_printf(fields->view->call->arena, "%s-%zu", json_member_text(field, "id"),
                               json_count(json_member(field, "options"))));
}

void admin_select(struct admin_fields *fields, const char *name, const char *words, const char *value)
{
    struct view *view = fields->view;
    struct json *field = add_field(fields, "is_select", name, value);
    const char *chosen = fields->again ? form_value(&view->call->form, name) : value, *word;
    size_t length;
    while (text_next_word(&words, ' ', &word, &length)) {
        const char *option = arena_strndup(view->call->arena, word, length);
        add_option(fields, field, option, admin_word(view, option), text_equal(option, chosen));
    }
    put_current(fields, field, admin_word(view, value), admin_word(view, chosen));
}

void admin_boxes(struct admin_fields *fields, const char *name, const char *words, const char *checked)
{
    struct view *view = fields->view;
    struct json *field = add_field(fields, "is_boxes", name, NULL);
    const char *list = fields->again ? admin_words(view, name) : checked, *word;
    size_t length;
    while (text_next_word(&words, ' ', &word, &length)) {
        const char *option = arena_strndup(view->call->arena, word, length);
        add_option(fields, field, option, option, list != NULL && text_has_word(list, ' ', option));
    }
    put_current(fields, field, checked, list);
}

void admin_box(struct admin_fields *fields, const char *name, bool checked)
{
    struct json *field = add_field(fields, "is_box", name, NULL);
    bool typed = fields->again ? form_value(&fields->view->call->form, name) != NULL : checked;
    json_put_boolean(field, "checked", typed);
    put_current(fields, field, admin_word(fields->view, checked ? "yes" : "no"),
                admin_word(fields->view, typed ? "yes" : "no"));
}

void admin_wrong(struct view *view, const char *field, const char *text_key)
{
    view_error(view, id_of(view, form_value(&view->call->form, "form"), field), text_key);
}

/* Why rules refuse what is usually typed wrong, by how the reason begins: beside which field it is told, and
 * in which words. Whatever else there is stands in the rule's own, English words. */
static const struct reason {
    const char *begins, *field, *text;
} reasons[] = {
    { "redirect_uris must name", "redirect_uris", "admin_problem_redirect_missing" },
    { "redirect_uris must", "redirect_uris", "admin_problem_redirect" },
    { "post_logout_redirect_uris must", "post_logout_redirect_uris", "admin_problem_redirect" },
    { "client_name must", "client_name", "admin_problem_name_form" },
    { "scope must", "scope", "admin_problem_scope" },
    { "client_uri must", "client_uri", "admin_problem_https" },
    { "logo_uri must", "logo_uri", "admin_problem_https" },
    { "policy_uri must", "policy_uri", "admin_problem_https" },
    { "tos_uri must", "tos_uri", "admin_problem_https" },
    { "jwks_uri must", "jwks_uri", "admin_problem_https" },
    { "jwks ", "jwks", "admin_problem_keys" },
    { "allowed_addresses must", "allowed_addresses", "admin_problem_addresses" },
    { "enhanced_security needs", "enhanced_security", "admin_problem_enhanced" },
    { "tls_client_auth_", "tls_client_auth_subject_dn", "admin_problem_certificate_name" },
    { "the name must", NULL, "admin_problem_name_form" },
    { "the slug must", "slug", "admin_problem_slug" },
    { "another service has this slug", "slug", "admin_problem_slug_taken" },
    { "addresses must", "addresses", "admin_problem_addresses" },
    { "name must be 1 to 40", "provider_name", "admin_problem_provider_name" },
    { "name must not be the word", "provider_name", "admin_problem_provider_word" },
    { "name is missing", "provider_name", "admin_problem_provider_name" },
    { "there is a provider of this name", "provider_name", "admin_problem_provider_taken" },
    { "the configuration has a provider of this name", "provider_name", "admin_problem_provider_taken" },
    { "accounts are connected by the provider", NULL, "admin_problem_provider_used" },
    { "client_id ", "client_id", "admin_problem_missing" },
    { "client_secret is missing", "provider_secret", "admin_problem_missing" },
    { "client_secret must be the private key", "provider_secret", "admin_problem_provider_key" },
    { "display_name must", "display_name", "admin_problem_name_form" },
    { "issuer is missing", "issuer", "admin_problem_https" },
    { "issuer must", "issuer", "admin_problem_https" },
    { "scopes must", "scope", "admin_problem_scope" },
    { "scopes are given", "provider_scopes", "admin_problem_provider_scopes" },
    { "a redirect URI must", "provider_redirect_uris", "admin_problem_https" },
    { "a name of a provider in sign_in", "sign_in_providers", "admin_problem_provider_name" },
    { "team_id is missing", "team_id", "admin_problem_missing" },
    { "key_id is missing", "key_id", "admin_problem_missing" },
    { "name must", "plan_name", "admin_problem_name_form" },
    { "currency must", "currency", "admin_problem_currency" },
    { "features must", "plan_features", "admin_problem_features" },
    { "the service has a plan of this name", "plan_name", "admin_problem_plan_taken" },
    { "somebody subscribes to the plan", NULL, "admin_problem_plan_used" },
};

static const struct reason *find_reason(const char *text)
{
    for (size_t i = 0; text != NULL && i < ARRAY_SIZE(reasons); i++) {
        if (text_starts(text, reasons[i].begins))
            return &reasons[i];
    }
    return NULL;
}

static void tell_reason(struct view *view)
{
    const char *text = view->call->context.reason;
    const struct reason *known = find_reason(text);
    view_value(view, "reason", view_inert(view->call->arena, text));
    if (known != NULL && known->field != NULL)
        admin_wrong(view, known->field, known->text);
    else
        view_error(view, NULL, known == NULL ? "admin_problem_refused" : known->text);
}

enum outcome admin_refused(struct view *view, enum outcome outcome)
{
    if (outcome == OUTCOME_PRECONDITION_FAILED) {
        view_value(view, "stale", "yes");
        view_error(view, NULL, "admin_problem_stale");
        return OUTCOME_OK;
    }
    static const enum outcome about_input[] = { OUTCOME_INVALID_REQUEST, OUTCOME_INVALID_REDIRECT_URI,
                                                OUTCOME_INVALID_CLIENT_METADATA, OUTCOME_ALREADY_EXISTS,
                                                OUTCOME_LIMIT_REACHED };
    for (size_t i = 0; i < ARRAY_SIZE(about_input); i++) {
        if (outcome != about_input[i])
            continue;
        tell_reason(view);
        return OUTCOME_OK;
    }
    return outcome;
}

bool admin_has(const struct view *view, const char *name)
{
    return form_times(&view->call->form, name) > 0;
}

const char *admin_words(struct view *view, const char *name)
{
    static const char white[] = " \t\r\n";
    const struct form *form = &view->call->form;
    struct strbuf words = strbuf_start(view->call->arena);
    for (size_t i = 0; i < form->count; i++) {
        const char *at = text_equal(form->fields[i].name, name) ? form->fields[i].value : "";
        for (at += strspn(at, white); *at; at += strspn(at, white)) {
            size_t length = strcspn(at, white);
            strbuf_add_text(&words, words.length > 0 ? " " : "");
            strbuf_add(&words, at, length);
            at += length;
        }
    }
    return words.data;
}
