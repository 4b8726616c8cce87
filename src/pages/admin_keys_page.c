/* admin_keys_page.c: a service's API keys: listed by what may be shown of them, made (shown once), revoked.
 */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/api_keys.h"
#include "pages/admin_page.h"

enum { DAY_S = 24 * 3600, MAX_DAYS = 3650 };

#define PERMISSIONS                                                                                          \
    "read:users write:users delete:users read:subscriptions write:subscriptions delete:subscriptions"        \
    " read:analytics read:service write:service read:provider_tokens"

static void put_key(struct view *view, struct json *table, const struct api_key_row *row)
{
    bool active = text_equal(row->status, "active");
    const char *id = uuid_encode(view->call->arena, row->id);
    admin_row(view, table);
    admin_cell(view, table, row->name, NULL);
    admin_cell_code(view, table, row->prefix);
    admin_cell_code(view, table, row->permissions);
    admin_cell(view, table, admin_word(view, row->status), NULL);
    admin_cell(view, table, admin_moment_or_never(view, row->expires_at), NULL);
    admin_cell(view, table, admin_moment_or_never(view, row->last_used_at), NULL);
    if (active && memcmp(row->rotated_to, (const unsigned char[16]) { 0 }, sizeof(row->rotated_to)) == 0)
        admin_button(view, table, &(struct admin_button) { "key_rotate", id, "rotate", row->name, false });
    if (active)
        admin_button(view, table, &(struct admin_button) { "key_revoke", id, "revoke", row->name, true });
}

static enum outcome list_keys(struct view *view, const struct page *page, struct api_key_row **rows_out,
                              size_t *count_out)
{
    struct service_row service;
    struct context *context = &view->call->context;
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    return store_outcome(context,
                         api_keys_list(context->db, context->arena, service.id, page, rows_out, count_out),
                         OUTCOME_NOT_FOUND, "the keys could not be read");
}

static enum outcome fill(struct view *view)
{
    struct api_key_row *rows;
    size_t count;
    struct page page = admin_list_page(view);
    enum outcome found = list_keys(view, &page, &rows, &count);
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "keys", "name key permissions status expires used");
    size_t shown = admin_list_ends(view, &page, count, false);
    for (size_t i = 0; i < shown; i++)
        put_key(view, table, &rows[i]);
    struct admin_fields fields = admin_form(view, "key_add", false);
    admin_text(&fields, "key_name", NULL);
    admin_boxes(&fields, "permissions", PERMISSIONS, "");
    admin_text(&fields, "addresses", NULL);
    admin_select(&fields, "environment", "live test", "live");
    admin_number(&fields, "days", "365");
    return OUTCOME_OK;
}

static enum outcome act_add(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct api_key_row row;
    const char *key = NULL, *days = call_parameter(call, "days");
    int64_t lasts = 0;
    struct new_api_key wanted = { .service_id = call->values[0],
                                  .name = call_parameter(call, "key_name"),
                                  .permissions = admin_words(view, "permissions"),
                                  .addresses = call_parameter(call, "addresses"),
                                  .created_by = admin_actor(view),
                                  .test = text_equal(call_parameter(call, "environment"), "test") };
    if (wanted.name == NULL)
        admin_wrong(view, "key_name", "admin_problem_name");
    if (text_empty(wanted.permissions))
        admin_wrong(view, "permissions", "admin_problem_permissions");
    if (days != NULL && !text_to_int(days, 1, MAX_DAYS, &lasts))
        admin_wrong(view, "days", "admin_problem_days");
    if (json_count(view->errors) > 0)
        return OUTCOME_OK;
    wanted.lifetime_s = lasts * DAY_S;
    enum outcome outcome = api_key_add(&call->context, &wanted, &row, &key);
    return admin_shown(view, outcome, "api_key", key, done);
}

/* The old one works on for a day, so that programs can be given the new one. */
static enum outcome act_rotate(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    struct api_key_row row;
    const char *key = NULL, *id = call_parameter(call, "id");
    const struct key_rotation rotation = {
        .service_id = call->values[0], .id = id, .overlap_s = DAY_S, .created_by = admin_actor(view)
    };
    enum outcome outcome = api_key_rotate(&call->context, &rotation, &row, &key);
    return admin_shown(view, outcome, "api_key", key, done);
}

static enum outcome act_revoke(struct view *view, struct admin_done *done)
{
    struct call *call = view->call;
    const char *id = call_parameter(call, "id");
    /* only a key of this service: one of another isn't there (T-103) */
    enum outcome outcome = api_key_revoke(&call->context, call->values[0], id == NULL ? "" : id);
    return admin_said(view, outcome, "key_revoked", done);
}

const struct admin_page admin_keys_page = {
    .path = "/admin/services/{service}/keys",
    .name = "keys",
    .in_navigation = true,
    .fill = fill,
    .forms = { { "key_add", ADMIN_RECENT | ADMIN_MAKES, act_add },
               { "key_rotate", ADMIN_RECENT | ADMIN_MAKES, act_rotate },
               { "key_revoke", ADMIN_RECENT, act_revoke } },
};
