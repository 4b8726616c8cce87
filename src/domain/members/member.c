/* member.c: see member.h. */
#include "domain/members/member.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/account/link_mail.h"
#include "domain/login/canonical.h"
#include "domain/providers/granting.h"
#include "domain/subscriptions/subscription.h"

enum { MAX_NAME_CHARACTERS = 200 };

static const char unknown[] = "no such user";

bool member_order_read(const char *word, enum member_order *order_out)
{
    static const char *const words[MEMBER_ORDERS] = {
        [MEMBERS_OLDEST_FIRST] = "created_at",
        [MEMBERS_NEWEST_FIRST] = "-created_at",
        [MEMBERS_BY_EMAIL] = "email",
        [MEMBERS_BY_EMAIL_DOWN] = "-email",
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (text_equal(word, words[i])) {
            *order_out = (enum member_order)i;
            return true;
        }
    }
    return false;
}

/* --- reading --- */

static enum store_result find_by_email(struct context *context, const unsigned char service_id[16],
                                       const char *email, struct member_row *row_out)
{
    struct user_row user;
    const char *email_key = email_canonical(context->arena, email);
    if (!email_key)
        return STORE_NOT_FOUND;
    enum store_result result = users_find_by_email_key(context->db, context->arena, email_key, &user);
    return result == STORE_OK ? members_find(context->db, context->arena, service_id, user.id, row_out)
                              : result;
}

static bool is_within(const struct member_filter *filter, const struct member_row *row)
{
    return (!filter->created_after || row->created_at > filter->created_after) &&
           (!filter->created_before || row->created_at < filter->created_before);
}

/* The list of one that an address makes. */
static enum store_result list_one(struct context *context, const unsigned char service_id[16],
                                  const struct member_search *search, const struct page *page,
                                  struct member_row **rows_out, size_t *count_out, int64_t *total_out)
{
    *rows_out = arena_alloc(context->arena, sizeof(**rows_out));
    *count_out = 0;
    *total_out = 0;
    enum store_result result = find_by_email(context, service_id, search->email, *rows_out);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    *total_out = is_within(&search->filter, *rows_out);
    *count_out = page->offset == 0 ? (size_t)*total_out : 0;
    return STORE_OK;
}

enum outcome member_list(struct context *context, const unsigned char service_id[16],
                         const struct member_search *search, const struct page *page,
                         struct member_row **rows_out, size_t *count_out, int64_t *total_out)
{
    enum store_result result;
    if (search->email && search->filter.search)
        return refuse(context, OUTCOME_INVALID_REQUEST, "email and search can't be used together");
    if (search->email) {
        result = list_one(context, service_id, search, page, rows_out, count_out, total_out);
        return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    }
    result = members_count(context->db, context->arena, service_id, &search->filter, total_out);
    *count_out = 0;
    /* nothing is looked for where there is nothing */
    if (result == STORE_OK && page->offset < *total_out)
        result = members_list(context->db, context->arena, service_id, &search->filter, search->order, page,
                              rows_out, count_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome member_find(struct context *context, const unsigned char service_id[16],
                         const unsigned char user_id[16], struct member_row *row_out)
{
    return store_outcome(context, members_find(context->db, context->arena, service_id, user_id, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

/* --- changing --- */

/* What is told of a member to webhooks and history. */
static void make_event(struct context *context, const char *type, const unsigned char service_id[16],
                       const struct member_row *row, const char *actor, struct event_rows *rows_out)
{
    const char *id = uuid_encode(context->arena, row->user_id);
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "user_id", id);
    json_write_text(&writer, "email", row->email);
    json_write_time(&writer, "created_at", row->created_at);
    json_close_object(&writer);
    const struct event event = {
        .type = type, .service_id = service_id, .subject = id, .actor = actor, .data = writer.text.data
    };
    event_make(context, &event, rows_out);
}

void member_link_make(struct context *context, const unsigned char service_id[16],
                      const struct member_row *member, const char *linked_by, const char *actor,
                      struct member_link *link_out)
{
    *link_out = (struct member_link) { .linked_by = linked_by, .now = context->now };
    memcpy(link_out->service_id, service_id, sizeof(link_out->service_id));
    memcpy(link_out->user_id, member->user_id, sizeof(link_out->user_id));
    make_event(context, EVENT_MEMBER_CREATED, service_id, member, actor, &link_out->event);
}

/* One who was linked before makes no event. */
enum store_result member_link_store(struct db *db, const struct member_link *link, bool *was_linked_out)
{
    enum store_result result = members_add(db, link->service_id, link->user_id, link->linked_by, link->now);
    *was_linked_out = result == STORE_CONFLICT;
    if (*was_linked_out)
        return STORE_OK;
    return result == STORE_OK ? event_store(db, &link->event) : result;
}

struct add_work {
    const struct new_member *wanted;
    struct user_row user;
    bool is_new;
    bool invite;
    struct link_mail_rows invitation;
    struct member_link link;
    bool was_linked; /* out */
};

/* One who was linked before gets an invitation once more. */
static enum store_result add_in_transaction(struct db *db, void *argument)
{
    struct add_work *work = argument;
    enum store_result result = work->is_new ? users_add(db, &work->user) : STORE_OK;
    if (result != STORE_OK)
        return result;
    result = member_link_store(db, &work->link, &work->was_linked);
    return result == STORE_OK && work->invite ? link_mail_add(db, &work->invitation) : result;
}

/* Who has no name yet is called as the address begins. */
static const char *name_of(struct context *context, const struct new_member *wanted)
{
    const char *beginning = arena_strndup(context->arena, wanted->email, strcspn(wanted->email, "@"));
    if (wanted->name)
        return wanted->name;
    return person_name_is_plain(beginning, 1, MAX_NAME_CHARACTERS) ? beginning : "User";
}

static enum outcome find_or_make(struct context *context, struct add_work *work)
{
    const struct new_member *wanted = work->wanted;
    const char *email_key = email_canonical(context->arena, wanted->email);
    if (!email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, "email must be an e-mail address");
    if (wanted->name && !person_name_is_plain(wanted->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "name must have 1 to 200 visible characters");
    enum store_result result = users_find_by_email_key(context->db, context->arena, email_key, &work->user);
    work->is_new = result == STORE_NOT_FOUND;
    if (!work->is_new)
        return store_outcome(context, result, OUTCOME_UNAVAILABLE, unknown);
    if (!email_canonical_new(context->arena, wanted->email))
        return refuse(context, OUTCOME_INVALID_REQUEST, "email must have at most 64 bytes before the @");
    work->user = (struct user_row) { .email = wanted->email,
                                     .email_key = email_key,
                                     .name = name_of(context, wanted),
                                     .status = "active",
                                     .created_at = context->now,
                                     .updated_at = context->now };
    random_uuid_timed(context->now_ms, work->user.id);
    return OUTCOME_OK;
}

/* Whoever can sign in already needs no link, and nobody else may have them set a password. */
static enum outcome prepare_invitation(struct context *context, struct add_work *work)
{
    const struct user_row *user = &work->user;
    work->invite = work->wanted->invite && !user->password_hash && !user->has_connection &&
                   text_equal(user->status, "active");
    const struct link_mail mail = { .kind = CHALLENGE_INVITE,
                                    .user = user,
                                    .email = user->email,
                                    .email_key = user->email_key,
                                    .service_id = work->wanted->service_id,
                                    .service_name = work->wanted->service_name };
    if (work->wanted->invite && !mail_is_possible(context))
        return refuse(context, OUTCOME_FORBIDDEN, "this installation sends no mail");
    return work->invite ? link_mail_prepare(context, &mail, &work->invitation) : OUTCOME_OK;
}

/* ALREADY_EXISTS when somebody else made the same user meanwhile. */
static enum outcome add_once(struct context *context, struct add_work *work)
{
    struct member_row row;
    enum outcome outcome = find_or_make(context, work);
    if (outcome == OUTCOME_OK)
        outcome = prepare_invitation(context, work);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct new_member *wanted = work->wanted;
    row = (struct member_row) { .email = work->user.email, .created_at = context->now };
    memcpy(row.user_id, work->user.id, sizeof(row.user_id));
    member_link_make(context, wanted->service_id, &row, wanted->linked_by, wanted->actor, &work->link);
    enum store_result result = db_transact(context->db, add_in_transaction, work);
    if (result == STORE_UNCERTAIN)
        result = members_find(context->db, context->arena, wanted->service_id, work->user.id, &row);
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the member was not written");
}

enum outcome member_add(struct context *context, const struct new_member *wanted,
                        struct added_member *added_out)
{
    struct add_work work = { .wanted = wanted };
    enum outcome outcome = add_once(context, &work);
    if (outcome == OUTCOME_ALREADY_EXISTS)
        outcome = add_once(context, &work);
    if (outcome != OUTCOME_OK)
        return outcome;
    event_wake(context);
    if (work.invite)
        mail_wake(context);
    added_out->was_linked = work.was_linked;
    added_out->invited = work.invite && !text_equal(work.invitation.mail.state, "dropped");
    return member_find(context, wanted->service_id, work.user.id, &added_out->row);
}

struct remove_work {
    struct context *context;
    const unsigned char *service_id, *user_id;
    const char *actor;
    struct event_rows event;
};

static enum store_result remove_in_transaction(struct db *db, void *argument)
{
    struct remove_work *work = argument;
    enum store_result result =
        subscription_remove_within(work->context, work->service_id, work->user_id, work->actor);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = granting_end_of_member(db, work->context, work->service_id, work->user_id, work->actor);
    if (result == STORE_OK)
        result = members_remove(db, work->service_id, work->user_id);
    return result == STORE_OK ? event_store(db, &work->event) : result;
}

enum outcome member_remove(struct context *context, const unsigned char service_id[16],
                           const unsigned char user_id[16], const char *actor)
{
    struct member_row row;
    struct remove_work work = {
        .context = context, .service_id = service_id, .user_id = user_id, .actor = actor
    };
    enum outcome outcome = member_find(context, service_id, user_id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    make_event(context, EVENT_MEMBER_DELETED, service_id, &row, actor, &work.event);
    enum store_result result = db_transact(context->db, remove_in_transaction, &work);
    if (result == STORE_UNCERTAIN) {
        result = members_find(context->db, context->arena, service_id, user_id, &row);
        result = result == STORE_NOT_FOUND ? STORE_OK : result == STORE_OK ? STORE_FAILED : result;
    }
    outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

/* --- roles --- */

struct role_work {
    const unsigned char *service_id, *user_id;
    const char *role;
    struct event_rows event;
};

static enum store_result set_role_in_transaction(struct db *db, void *argument)
{
    struct role_work *work = argument;
    enum store_result result = members_set_role(db, work->service_id, work->user_id, work->role);
    return result == STORE_OK ? event_store(db, &work->event) : result;
}

enum outcome member_set_role(struct context *context, const unsigned char service_id[16],
                             const unsigned char user_id[16], const char *role, const char *actor)
{
    struct member_row row;
    struct role_work work = { .service_id = service_id, .user_id = user_id, .role = role };
    if (!text_has_word("owner admin user", ' ', role))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the role must be owner, admin or user");
    enum outcome outcome = member_find(context, service_id, user_id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    make_event(context, EVENT_MEMBER_UPDATED, service_id, &row, actor, &work.event);
    outcome = store_outcome(context, db_transact(context->db, set_role_in_transaction, &work),
                            OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

enum outcome member_may_manage(struct context *context, const unsigned char service_id[16],
                               const unsigned char user_id[16])
{
    const char *role = NULL;
    enum store_result found = members_role(context->db, context->arena, service_id, user_id, &role);
    enum outcome outcome = store_outcome(context, found, OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK && !text_equal(role, "owner") && !text_equal(role, "admin"))
        return refuse(context, OUTCOME_FORBIDDEN, "only an owner or admin of the service may manage it");
    return outcome;
}
