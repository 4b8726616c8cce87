/* admins.c: see admins.h. */
#include "domain/manage/admins.h"

#include "core/text.h"
#include "crypto/random.h"
#include "domain/events/record.h"
#include "domain/login/canonical.h"
#include "domain/manage/users.h"
#include "store/admin_sessions.h"

enum { MAX_NAME_CHARACTERS = 200 };

static const char unknown[] = "no such admin";

struct admin_change {
    const struct admin_row *admin;
    const char *status, *password_hash; /* NULL: stays */
    bool second_step;                   /* is to be set up anew */
    int64_t now;
};

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    const struct admin_change *change = argument;
    const unsigned char *id = change->admin->id;
    enum store_result result = STORE_OK;
    if (change->status)
        return admins_set_status(db, id, change->status, change->now);
    if (change->password_hash)
        result = admins_change_password(db, id, change->password_hash, change->now);
    else if (change->second_step)
        result = admins_reset_second_step(db, id, change->now);
    return result == STORE_OK ? admin_sessions_end_of_admin(db, id) : result;
}

/* A commit of which nobody knows is told as one that failed: each of these can be said again. */
static enum outcome run_change(struct context *context, const char *type, struct admin_change change)
{
    const struct record record = record_of_admin(context, type, change.admin->id, change.admin->email);
    change.now = context->now;
    return store_outcome(context, record_change(context, &record, change_in_transaction, &change),
                         OUTCOME_NOT_FOUND, unknown);
}

static enum store_result add(struct db *db, void *argument)
{
    return admins_add(db, argument);
}

enum outcome admin_add(struct context *context, const char *email, const char *name, const char *password,
                       struct admin_row *row_out)
{
    *row_out = (struct admin_row) { .email = email,
                                    .email_key = email_canonical_new(context->arena, email),
                                    .name = name,
                                    .status = "active",
                                    .created_at = context->now,
                                    .updated_at = context->now };
    if (!row_out->email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, "that is no e-mail address");
    if (!person_name_is_plain(name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    const struct password_owner owner = { email, name };
    enum outcome outcome = new_password_hash(context, password, &owner, &row_out->password_hash);
    if (outcome != OUTCOME_OK)
        return outcome;
    random_uuid_timed(context->now_ms, row_out->id);
    const struct record record = record_of_admin(context, "admin.created", row_out->id, email);
    enum store_result result = record_change(context, &record, add, row_out);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "there is an admin with this address");
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the admin was not written");
}

enum outcome admin_find(struct context *context, const char *email, struct admin_row *row_out)
{
    const char *email_key = email_canonical(context->arena, email);
    if (!email_key)
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, admins_find_by_email_key(context->db, context->arena, email_key, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

/* Who is as wanted already isn't changed. */
enum outcome admin_set_active(struct context *context, const struct admin_row *admin, bool active)
{
    const struct admin_change change = { .admin = admin, .status = active ? "active" : "disabled" };
    if (text_equal(admin->status, change.status))
        return OUTCOME_OK;
    return run_change(context, active ? "admin.enabled" : "admin.disabled", change);
}

enum outcome admin_set_password(struct context *context, const struct admin_row *admin, const char *password)
{
    struct admin_change change = { .admin = admin };
    const struct password_owner owner = { admin->email, admin->name };
    enum outcome outcome = new_password_hash(context, password, &owner, &change.password_hash);
    if (outcome == OUTCOME_OK)
        outcome = run_change(context, "admin.password_set", change);
    return outcome == OUTCOME_OK ? password_unlock_admin(context, admin->email_key) : outcome;
}

enum outcome admin_reset_second_step(struct context *context, const struct admin_row *admin)
{
    const struct admin_change change = { .admin = admin, .second_step = true };
    return run_change(context, "admin.second_step_reset", change);
}
