/* registration.c: see registration.h. */
#include "domain/account/registration.h"

#include "core/text.h"
#include "crypto/random.h"
#include "domain/account/account.h"
#include "domain/account/link_mail.h"
#include "domain/login/canonical.h"

static const char taken[] = "there is an account with this address";

enum { SAME_AGAIN_S = 60 };

/* What is known once the fields have been read. */
struct newcomer {
    struct user_row user;
    const char *password; /* NFC */
    const struct sign_in_place *place;
    bool by_form;
};

static enum outcome refuse_field(struct context *context, struct registered *registered_out,
                                 enum person_field field, const char *reason)
{
    registered_out->field = field;
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

/* Checks all fields in the order of the form; the first wrong one is named. */
static enum outcome read_fields(struct context *context, const struct registration *registration,
                                struct newcomer *newcomer_out, struct registered *registered_out)
{
    struct user_row *user = &newcomer_out->user;
    *user = (struct user_row) { .email = registration->email,
                                .email_key = email_canonical_new(context->arena, registration->email),
                                .name = account_clean_name(context->arena, registration->name),
                                .status = "active",
                                .created_at = context->now,
                                .updated_at = context->now,
                                .self_registered = true,
                                .languages = context->languages };
    if (!user->name)
        return refuse_field(context, registered_out, PERSON_NAME,
                            "the name is too short, too long or not plain text");
    if (!user->email_key)
        return refuse_field(context, registered_out, PERSON_EMAIL, "the address is not an e-mail address");
    const struct password_owner owner = { user->email, user->name };
    registered_out->password_problem =
        password_judge(context, registration->password, &owner, &newcomer_out->password);
    if (registered_out->password_problem != PASSWORD_FINE)
        return refuse_field(context, registered_out, PERSON_PASSWORD,
                            password_problem_words(registered_out->password_problem));
    return OUTCOME_OK;
}

/* --- a password for an account that is there --- */

/* It takes effect when the owner of the mailbox says so (domain/account/address.h): nobody else can add
 * a password of theirs to an account that signs in by a provider. */
static enum outcome link_password(struct context *context, const struct newcomer *newcomer,
                                  const struct user_row *there, struct registered *registered_out)
{
    const char *hash;
    enum outcome outcome = password_hash_new(context, newcomer->password, &hash);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct link_mail mail = { .kind = CHALLENGE_ADD_PASSWORD,
                                    .user = there,
                                    .email = there->email,
                                    .email_key = there->email_key,
                                    .place = newcomer->place,
                                    .data = json_new_object(context->arena) };
    json_put_text(mail.data, "password_hash", hash);
    outcome = link_mail_send(context, &mail);
    registered_out->is_linking = outcome == OUTCOME_OK;
    return outcome;
}

static void tell(const struct user_row *user, struct registered *registered_out)
{
    memcpy(registered_out->user_id, user->id, sizeof(registered_out->user_id));
    registered_out->email = user->email;
    registered_out->email_key = user->email_key;
    registered_out->name = user->name;
    registered_out->created_at = user->created_at;
    registered_out->has_password = true;
    registered_out->login_methods = "password";
}

/* Whether the account is what this very form has just made: it knows the password. A guess like any other,
 * and counted as one. */
static bool is_same_again(struct context *context, const struct newcomer *newcomer,
                          const struct user_row *there)
{
    struct password_guess guess = { .user = there,
                                    .email_key = there->email_key,
                                    .password = newcomer->password };
    if (!newcomer->by_form || !there->self_registered || !there->password_hash ||
        context->now - there->created_at > SAME_AGAIN_S)
        return false;
    return password_try(context, &guess) == OUTCOME_OK && guess.right;
}

static enum outcome meet_account(struct context *context, const struct newcomer *newcomer,
                                 const struct user_row *there, struct registered *registered_out)
{
    registered_out->has_password = there->password_hash != NULL;
    enum outcome outcome = account_login_methods(context, there, &registered_out->login_methods);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (is_same_again(context, newcomer, there)) {
        tell(there, registered_out);
        return OUTCOME_OK;
    }
    if (!there->password_hash && text_equal(there->status, "active") && mail_is_possible(context))
        return link_password(context, newcomer, there, registered_out);
    registered_out->field = PERSON_EMAIL;
    return refuse(context, OUTCOME_ALREADY_EXISTS, taken);
}

/* --- a new account --- */

struct registration_work {
    const struct user_row *user;
    const struct link_mail_rows *mail; /* NULL where no mail is sent */
};

static enum store_result add_in_transaction(struct db *db, void *argument)
{
    const struct registration_work *work = argument;
    enum store_result result = users_add(db, work->user);
    return result == STORE_OK && work->mail ? link_mail_add(db, work->mail) : result;
}

/* A lost answer is settled by looking for our own id. */
static enum outcome add_account(struct context *context, const struct newcomer *newcomer)
{
    struct link_mail_rows mail;
    struct user_row there;
    const struct link_mail wanted = { .kind = CHALLENGE_VERIFY_EMAIL,
                                      .user = &newcomer->user,
                                      .email = newcomer->user.email,
                                      .email_key = newcomer->user.email_key,
                                      .place = newcomer->place };
    struct registration_work work = { .user = &newcomer->user };
    if (mail_is_possible(context)) {
        enum outcome outcome = link_mail_prepare(context, &wanted, &mail);
        if (outcome != OUTCOME_OK)
            return outcome;
        work.mail = &mail;
    }
    enum store_result result = db_transact(context->db, add_in_transaction, &work);
    if (result == STORE_UNCERTAIN)
        result = users_find(context->db, context->arena, newcomer->user.id, &there);
    enum outcome outcome = store_outcome(context, result, OUTCOME_UNAVAILABLE, "no account was added");
    if (outcome == OUTCOME_OK && work.mail)
        mail_wake(context);
    return outcome;
}

static enum outcome make_account(struct context *context, struct newcomer *newcomer,
                                 struct registered *registered_out)
{
    enum outcome outcome = password_hash_new(context, newcomer->password, &newcomer->user.password_hash);
    if (outcome != OUTCOME_OK)
        return outcome;
    random_uuid_timed(context->now_ms, newcomer->user.id);
    outcome = add_account(context, newcomer);
    if (outcome == OUTCOME_OK)
        tell(&newcomer->user, registered_out);
    return outcome;
}

static enum outcome find_account(struct context *context, const char *email_key, struct user_row *there_out)
{
    return store_outcome(context, users_find_by_email_key(context->db, context->arena, email_key, there_out),
                         OUTCOME_NOT_FOUND, "no such account");
}

enum outcome account_register(struct context *context, const struct registration *registration,
                              const struct sign_in_place *place, struct registered *registered_out)
{
    struct newcomer newcomer = { .place = place, .by_form = registration->by_form };
    struct user_row there;
    *registered_out = (struct registered) { .role = "user", .login_methods = "" };
    if (!context->settings->registration)
        return refuse(context, OUTCOME_FORBIDDEN, "registration is closed");
    enum outcome outcome = read_fields(context, registration, &newcomer, registered_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = find_account(context, newcomer.user.email_key, &there);
    if (outcome == OUTCOME_NOT_FOUND) {
        outcome = make_account(context, &newcomer, registered_out);
        if (outcome != OUTCOME_ALREADY_EXISTS)
            return outcome;
        outcome = find_account(context, newcomer.user.email_key, &there); /* somebody was faster */
    }
    return outcome == OUTCOME_OK ? meet_account(context, &newcomer, &there, registered_out) : outcome;
}
