/* users.c: see users.h. */
#include "domain/manage/users.h"

#include "core/encode.h"
#include "crypto/random.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "domain/account/account.h"
#include "domain/events/event.h"
#include "domain/events/record.h"
#include "domain/login/canonical.h"
#include "store/members.h"

enum { MAX_NAME_CHARACTERS = 200, MAX_SERVICES_TOLD = 1000 };

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
                                   .email_key = email_canonical_new(context->arena, user->email),
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

/* --- what an administrator does to an account --- */

/* Tells each service that the user is a member of, since it is done to its member. */
static enum store_result record_for_services(struct db *db, struct context *context, const char *type,
                                             const unsigned char user_id[16])
{
    unsigned char(*services)[16];
    size_t count = 0;
    const char *subject = uuid_encode(context->arena, user_id);
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "id", subject);
    json_close_object(&data);
    enum store_result result =
        members_services_of_user(db, context->arena, user_id, MAX_SERVICES_TOLD, &services, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        const struct record record = {
            .type = type, .service_id = services[i], .subject = subject, .data = data.text.data
        };
        result = record_store(db, context, &record);
    }
    return result;
}

struct user_change {
    struct context *context;
    const unsigned char *id;
    const char *type;          /* of its record */
    const char *status;        /* NULL: stays */
    const char *password_hash; /* NULL: stays */
    bool keep_signed_in;
};

static enum store_result write_user(struct db *db, const struct user_change *change)
{
    int64_t now = change->context->now;
    struct user_row user;
    if (change->status)
        return users_set_status(db, change->id, change->status, now);
    if (change->password_hash)
        return users_change_password(db, change->id, change->password_hash, now);
    return users_lock(db, change->context->arena, change->id, &user);
}

static enum store_result change_user(struct db *db, void *argument)
{
    const struct user_change *change = argument;
    enum store_result result = write_user(db, change);
    if (result == STORE_OK && !change->keep_signed_in)
        result = account_sign_off(db, change->id, change->context->now);
    return result == STORE_OK ? record_for_services(db, change->context, change->type, change->id) : result;
}

static enum outcome change(struct user_change *change)
{
    struct context *context = change->context;
    enum outcome outcome =
        store_outcome(context, db_transact(context->db, change_user, change), OUTCOME_NOT_FOUND, unknown);
    if (outcome != OUTCOME_OK)
        return outcome;
    log_info("%s %s by %s", change->type, uuid_encode(context->arena, change->id), context->actor);
    event_wake(context);
    return outcome;
}

enum outcome user_set_active(struct context *context, const unsigned char id[16], bool active)
{
    struct user_change wanted = { .context = context,
                                  .id = id,
                                  .type = active ? "user.enabled" : "user.disabled",
                                  .status = active ? "active" : "disabled",
                                  .keep_signed_in = active };
    return change(&wanted);
}

enum outcome user_set_password(struct context *context, const struct user_row *user, const char *password)
{
    struct user_change wanted = { .context = context, .id = user->id, .type = "user.password_set" };
    const struct password_owner owner = { user->email, user->name };
    enum outcome outcome = new_password_hash(context, password, &owner, &wanted.password_hash);
    if (outcome == OUTCOME_OK)
        outcome = change(&wanted);
    return outcome == OUTCOME_OK ? password_unlock(context, user->email_key) : outcome;
}

enum outcome user_sign_out(struct context *context, const unsigned char id[16])
{
    struct user_change wanted = { .context = context, .id = id, .type = "user.signed_out" };
    return change(&wanted);
}
