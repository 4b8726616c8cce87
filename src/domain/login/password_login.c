/*
 * password_login.c: see password_login.h. The order is the protection: count before checking, at most so
 * many at once (T-87, T-97), and the same work whether the account exists or not (T-86).
 */
#include "domain/login/password_login.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "store/users.h"

#include <time.h>

enum { GATE_WAIT_MS = 1000, GATE_PAUSE_MS = 10, GATE_RETRY_S = 2 };
enum { NAME_MIN_CHARACTERS = 2, NAME_MAX_CHARACTERS = 100 };

/* Where the account stands; amount 1 counts a try first, 0 only looks. TOO_MANY_REQUESTS past the limit. */
static enum outcome count_try(struct context *context, uint64_t account, int amount)
{
    const struct settings *settings = context->settings;
    struct limit_state state;
    if (shared_limit_take(context->shared, account, context->now_ms, settings->sign_in_window_s,
                          settings->sign_in_limit_per_account, amount, &state))
        return OUTCOME_OK;
    context->retry_after_s = state.retry_after_s;
    return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many failed tries for this account");
}

static struct scrypt_cost wanted_cost(const struct settings *settings)
{
    return (struct scrypt_cost) { settings->scrypt_log_n, settings->scrypt_r, settings->scrypt_p };
}

/* Hashing is what a flood of sign-ins would exhaust the machine with, so only so many at once. A few
 * people who sign in in the same moment wait for one another; a flood is told to come back. */
static enum outcome enter_gate(struct context *context)
{
    static const struct timespec pause = { .tv_nsec = GATE_PAUSE_MS * 1000000L };
    int64_t until_ms = clock_mono_ms() + GATE_WAIT_MS;
    while (!shared_gate_enter(context->shared, context->settings->max_concurrent_hashes)) {
        if (clock_mono_ms() >= until_ms) {
            context->retry_after_s = GATE_RETRY_S;
            return refuse(context, OUTCOME_UNAVAILABLE, "too many passwords are being checked");
        }
        nanosleep(&pause, NULL);
    }
    return OUTCOME_OK;
}

/* The same work for each kind of mismatch; true only for an active user with this password. */
static bool check_password(struct context *context, const struct user_row *user, const char *password)
{
    struct scrypt_cost cost = wanted_cost(context->settings);
    if (user == NULL || text_empty(user->password_hash)) {
        password_check_nobody(context->arena, password, &cost);
        return false;
    }
    return password_check(context->arena, password, user->password_hash) &&
           text_equal(user->status, "active");
}

/* A sign-in is the one moment at which a hash can be made stronger. A failure leaves the old one. */
static void upgrade_hash(struct context *context, const struct user_row *user, const char *password)
{
    struct scrypt_cost cost = wanted_cost(context->settings);
    if (!password_is_outdated(user->password_hash, &cost))
        return;
    const char *hash = password_hash(context->arena, password, &cost);
    if (users_upgrade_hash(context->db, user->id, user->password_hash, hash) != STORE_OK)
        log_warn("password.upgrade_failed");
}

/* The user of a canonical address; *user_out is NULL when there is none. */
static enum outcome find_user(struct context *context, const char *email_key, struct user_row *row,
                              const struct user_row **user_out)
{
    enum store_result found = users_find_by_email_key(context->db, context->arena, email_key, row);
    *user_out = found == STORE_OK ? row : NULL;
    if (found == STORE_NOT_FOUND)
        return OUTCOME_OK;
    return store_outcome(context, found, OUTCOME_WRONG_PASSWORD, "no such user");
}

/* Inside the gate: counted before it is checked, so that parallel guesses can't outrun the limit. */
static enum outcome try_password(struct context *context, uint64_t account, const struct user_row *user,
                                 const char *password)
{
    enum outcome counted = count_try(context, account, 1);
    if (counted != OUTCOME_OK)
        return counted;
    if (!check_password(context, user, password))
        return refuse(context, OUTCOME_WRONG_PASSWORD, "wrong address or password");
    upgrade_hash(context, user, password);
    shared_limit_clear(context->shared, account); /* only failures count */
    return OUTCOME_OK;
}

enum outcome password_login(struct context *context, const struct password_login *login,
                            unsigned char user_id_out[16])
{
    const char *email_key = email_canonical(context->arena, login->email);
    const char *password = password_normalise(context->arena, login->password);
    if (email_key == NULL || password == NULL)
        return refuse(context, OUTCOME_WRONG_PASSWORD, "no usable address or password was sent");

    struct user_row row;
    const struct user_row *user = NULL;
    uint64_t account = shared_limit_key("sign_in.account", email_key);
    enum outcome outcome = count_try(context, account, 0);
    if (outcome == OUTCOME_OK)
        outcome = find_user(context, email_key, &row, &user);
    if (outcome == OUTCOME_OK)
        outcome = enter_gate(context);
    if (outcome != OUTCOME_OK)
        return outcome;

    outcome = try_password(context, account, user, password);
    shared_gate_leave(context->shared);
    if (outcome == OUTCOME_OK)
        memcpy(user_id_out, user->id, sizeof user->id);
    return outcome;
}

/* Trimmed, without characters that reorder or hide text on the pages that show it (T-64). */
static const char *clean_name(struct arena *arena, const char *name)
{
    const char *trimmed = name == NULL ? "" : text_trim(arena, name);
    if (!person_name_is_plain(trimmed, NAME_MIN_CHARACTERS, NAME_MAX_CHARACTERS))
        return NULL;
    return trimmed;
}

/* Checks all fields in the order of the form; the first wrong one is named. */
static enum outcome read_registration(struct context *context, const struct registration *registration,
                                      struct user_row *user_out, const char **password_out,
                                      enum person_field *field_out)
{
    const char *error;
    *user_out = (struct user_row) { .email = registration->email,
                                    .email_key = email_canonical(context->arena, registration->email),
                                    .name = clean_name(context->arena, registration->name),
                                    .status = "active",
                                    .created_at = context->now,
                                    .updated_at = context->now };
    *password_out = password_prepare(context->arena, registration->password, &error);
    *field_out = user_out->name == NULL        ? PERSON_NAME
                 : user_out->email_key == NULL ? PERSON_EMAIL
                 : *password_out == NULL       ? PERSON_PASSWORD
                                               : PERSON_NO_FIELD;
    if (*field_out == PERSON_NO_FIELD)
        return OUTCOME_OK;
    return refuse(context, OUTCOME_INVALID_REQUEST,
                  *field_out == PERSON_NAME    ? "the name is too short, too long or not plain text"
                  : *field_out == PERSON_EMAIL ? "the address is not an e-mail address"
                                               : error);
}

/* Adds the row. A lost answer is settled by looking the address up: ours carries our new id. */
static enum outcome add_user(struct context *context, const struct user_row *user)
{
    enum store_result added = users_add(context->db, user);
    struct user_row there;
    if (added == STORE_UNCERTAIN &&
        users_find_by_email_key(context->db, context->arena, user->email_key, &there) == STORE_OK)
        added = memcmp(there.id, user->id, sizeof there.id) == 0 ? STORE_OK : STORE_CONFLICT;
    return store_outcome(context, added, OUTCOME_SERVER_ERROR, "no user was added");
}

enum outcome register_person(struct context *context, const struct registration *registration,
                             unsigned char user_id_out[16], enum person_field *field_out)
{
    *field_out = PERSON_NO_FIELD;
    if (!context->settings->registration)
        return refuse(context, OUTCOME_FORBIDDEN, "registration is closed");
    struct user_row user;
    const char *password;
    enum outcome read = read_registration(context, registration, &user, &password, field_out);
    if (read != OUTCOME_OK)
        return read;
    enum outcome entered = enter_gate(context);
    if (entered != OUTCOME_OK)
        return entered;
    struct scrypt_cost cost = wanted_cost(context->settings);
    user.password_hash = password_hash(context->arena, password, &cost);
    shared_gate_leave(context->shared);

    random_uuid_timed(context->now_ms, user.id);
    enum outcome added = add_user(context, &user);
    if (added == OUTCOME_ALREADY_EXISTS)
        *field_out = PERSON_EMAIL;
    if (added == OUTCOME_OK)
        memcpy(user_id_out, user.id, sizeof user.id);
    return added;
}
