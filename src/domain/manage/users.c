/* users.c: see users.h. */
#include "domain/manage/users.h"

#include "core/encode.h"
#include "crypto/random.h"
#include "domain/account/account.h"
#include "domain/login/canonical.h"

enum { MAX_NAME_CHARACTERS = 200 };

static const char unknown[] = "no such user";

enum outcome new_password_hash(struct context *context, const char *password,
                               const struct password_owner *owner, const char **hash_out)
{
    const char *prepared;
    enum password_problem problem = password_judge(context, password, owner, &prepared);
    if (problem != PASSWORD_FINE)
        return refuse(context, OUTCOME_INVALID_REQUEST, password_problem_words(problem));
    return password_hash_new(context, prepared, hash_out);
}

static enum outcome check(struct context *context, const struct new_user *user, struct user_row *row_out)
{
    *row_out = (struct user_row) { .email = user->email,
                                   .email_key = email_canonical(context->arena, user->email),
                                   .email_verified = user->email_verified,
                                   .name = user->name,
                                   .status = "active",
                                   .created_at = context->now,
                                   .updated_at = context->now };
    if (!row_out->email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, "that is no e-mail address");
    if (!person_name_is_plain(user->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    const struct password_owner owner = { user->email, user->name };
    return user->password ? new_password_hash(context, user->password, &owner, &row_out->password_hash)
                          : OUTCOME_OK;
}

enum outcome user_add(struct context *context, const struct new_user *user, struct user_row *row_out)
{
    enum outcome outcome = check(context, user, row_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    random_uuid_timed(context->now_ms, row_out->id);
    enum store_result result = users_add(context->db, row_out);
    if (result == STORE_UNCERTAIN)
        result = users_find(context->db, context->arena, row_out->id, row_out);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "there is a user with this address");
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the user was not written");
}

enum outcome user_find(struct context *context, const char *id_or_email, struct user_row *row_out)
{
    unsigned char id[16];
    enum store_result result = STORE_NOT_FOUND;
    const char *email_key = email_canonical(context->arena, id_or_email);
    if (uuid_decode(id_or_email, id))
        result = users_find(context->db, context->arena, id, row_out);
    else if (email_key)
        result = users_find_by_email_key(context->db, context->arena, email_key, row_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

struct user_change {
    const unsigned char *id;
    int64_t now;
    const char *status;        /* NULL: stays */
    const char *password_hash; /* NULL: stays */
    bool keep_signed_in;
};

static enum store_result change_user(struct db *db, void *argument)
{
    const struct user_change *change = argument;
    enum store_result result = STORE_OK;
    if (change->status)
        result = users_set_status(db, change->id, change->status, change->now);
    if (result == STORE_OK && change->password_hash)
        result = users_change_password(db, change->id, change->password_hash, change->now);
    if (result != STORE_OK || change->keep_signed_in)
        return result;
    return account_sign_off(db, change->id, change->now);
}

enum outcome user_set_active(struct context *context, const unsigned char id[16], bool active)
{
    struct user_change change = {
        .id = id, .now = context->now, .status = active ? "active" : "disabled", .keep_signed_in = active
    };
    return store_outcome(context, db_transact(context->db, change_user, &change), OUTCOME_NOT_FOUND, unknown);
}

enum outcome user_set_password(struct context *context, const struct user_row *user, const char *password)
{
    struct user_change change = { .id = user->id, .now = context->now };
    const struct password_owner owner = { user->email, user->name };
    enum outcome outcome = new_password_hash(context, password, &owner, &change.password_hash);
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(context, db_transact(context->db, change_user, &change), OUTCOME_NOT_FOUND,
                                unknown);
    return outcome == OUTCOME_OK ? password_unlock(context, user->email_key) : outcome;
}

struct sign_off {
    struct context *context;
    const unsigned char *id;
};

static enum store_result sign_off_in_transaction(struct db *db, void *argument)
{
    const struct sign_off *work = argument;
    struct user_row user;
    enum store_result result = users_lock(db, work->context->arena, work->id, &user);
    return result == STORE_OK ? account_sign_off(db, work->id, work->context->now) : result;
}

enum outcome user_sign_out(struct context *context, const unsigned char id[16])
{
    struct sign_off work = { context, id };
    return store_outcome(context, db_transact(context->db, sign_off_in_transaction, &work), OUTCOME_NOT_FOUND,
                         unknown);
}
