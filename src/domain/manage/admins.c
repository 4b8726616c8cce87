/* admins.c: see admins.h. */
#include "domain/manage/admins.h"

#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "domain/manage/users.h"
#include "store/admin_sessions.h"

enum { MAX_NAME_CHARACTERS = 200 };

static const char unknown[] = "no such admin";

enum outcome admin_add(struct context *context, const char *email, const char *name, const char *password,
                       struct admin_row *row_out)
{
    *row_out = (struct admin_row) { .email = email,
                                    .email_key = email_canonical(context->arena, email),
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
    enum store_result result = admins_add(context->db, row_out);
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

enum outcome admin_set_active(struct context *context, const unsigned char id[16], bool active)
{
    return store_outcome(context,
                         admins_set_status(context->db, id, active ? "active" : "disabled", context->now),
                         OUTCOME_NOT_FOUND, unknown);
}

static enum outcome end_sessions(struct context *context, const unsigned char id[16])
{
    return store_outcome(context, admin_sessions_end_of_admin(context->db, id), OUTCOME_NOT_FOUND, unknown);
}

enum outcome admin_set_password(struct context *context, const struct admin_row *admin, const char *password)
{
    const char *hash;
    const struct password_owner owner = { admin->email, admin->name };
    enum outcome outcome = new_password_hash(context, password, &owner, &hash);
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(context, admins_change_password(context->db, admin->id, hash, context->now),
                                OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        outcome = end_sessions(context, admin->id);
    return outcome == OUTCOME_OK ? password_unlock_admin(context, admin->email_key) : outcome;
}

enum outcome admin_reset_second_step(struct context *context, const struct admin_row *admin)
{
    enum outcome outcome = store_outcome(
        context, admins_reset_second_step(context->db, admin->id, context->now), OUTCOME_NOT_FOUND, unknown);
    return outcome == OUTCOME_OK ? end_sessions(context, admin->id) : outcome;
}
