/* admin_members_page.c: a service's members: searched and listed; one of them shown, signed out everywhere,
 * the account switched off. */
#include "core/encode.h"
#include "core/text.h"
#include "domain/manage/users.h"
#include "domain/members/member.h"
#include "pages/admin_page.h"

/* --- the list --- */

static enum outcome fill_members(struct view *view)
{
    struct service_row service;
    struct member_row *rows;
    size_t count;
    struct call *call = view->call;
    enum outcome found = admin_service(view, &service);
    if (found != OUTCOME_OK)
        return found;
    struct page page = admin_list_page(view);
    const struct member_filter filter = { .search = page.search };
    found = store_outcome(&call->context,
                          members_list(call->context.db, call->arena, service.id, &filter,
                                       MEMBERS_NEWEST_FIRST, &page, &rows, &count),
                          OUTCOME_NOT_FOUND, "the members could not be read");
    if (found != OUTCOME_OK)
        return found;
    struct json *table = admin_table(view, "members", "name email since");
    size_t shown = admin_list_ends(view, &page, count, true);
    for (size_t i = 0; i < shown; i++) {
        admin_row(view, table);
        admin_cell(view, table, text_empty(rows[i].name) ? rows[i].email : rows[i].name,
                   admin_path(view, "members", uuid_encode(call->arena, rows[i].user_id)));
        admin_cell(view, table, rows[i].email, NULL);
        admin_cell(view, table, admin_date(view, rows[i].created_at), NULL);
    }
    return OUTCOME_OK;
}

const struct admin_page admin_members_page = {
    .path = "/admin/services/{service}/members",
    .name = "members",
    .in_navigation = true,
    .fill = fill_members,
};

/* --- one of them --- */

/* A member of this service, or nobody (T-103). */
static enum outcome find(struct view *view, struct member_row *member_out, struct user_row *user_out)
{
    struct service_row service;
    unsigned char id[16];
    struct context *context = &view->call->context;
    enum outcome found = admin_service(view, &service);
    if (found == OUTCOME_OK && !uuid_decode(view->call->values[1], id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such member");
    if (found == OUTCOME_OK)
        found = member_find(context, service.id, id, member_out);
    return found == OUTCOME_OK ? user_find(context, view->call->values[1], user_out) : found;
}

static enum outcome fill_member(struct view *view)
{
    struct member_row member;
    struct user_row user;
    enum outcome found = find(view, &member, &user);
    if (found != OUTCOME_OK)
        return found;
    bool active = text_equal(user.status, "active");
    json_put_text(view->model, "heading",
                  view_inert(view->call->arena, text_empty(user.name) ? user.email : user.name));
    admin_fact_code(view, "email", user.email);
    admin_fact(view, "verified", admin_word(view, user.email_verified ? "yes" : "no"));
    admin_fact(view, "account_status", admin_word(view, user.status));
    admin_fact(view, "member_since", admin_date(view, member.created_at));
    admin_fact(view, "last_sign_in", admin_moment(view, user.last_sign_in_at));
    admin_fact_code(view, "id", uuid_encode(view->call->arena, user.id));
    admin_form(view, "member_sign_out", true);
    admin_form(view, active ? "member_disable" : "member_enable", active);
    return OUTCOME_OK;
}

static enum outcome act_sign_out(struct view *view, struct admin_done *done)
{
    struct member_row member;
    struct user_row user;
    enum outcome outcome = find(view, &member, &user);
    if (outcome == OUTCOME_OK)
        outcome = user_sign_out(&view->call->context, user.id);
    return admin_said(view, outcome, "member_signed_out", done);
}

static enum outcome act_switch(struct view *view, struct admin_done *done)
{
    bool active = admin_sent(view, "member_enable");
    struct member_row member;
    struct user_row user;
    enum outcome outcome = find(view, &member, &user);
    if (outcome == OUTCOME_OK)
        outcome = user_set_active(&view->call->context, user.id, active);
    return admin_said(view, outcome, active ? "enabled" : "disabled", done);
}

const struct admin_page admin_member_page = {
    .path = "/admin/services/{service}/members/{user}",
    .name = "member",
    .fill = fill_member,
    .forms = { { "member_sign_out", ADMIN_RECENT, act_sign_out },
               { "member_disable", ADMIN_RECENT, act_switch },
               { "member_enable", ADMIN_RECENT, act_switch } },
};
