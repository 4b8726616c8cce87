/* recovery.c: see recovery.h. */
#include "domain/account/recovery.h"

#include "core/log.h"
#include "core/text.h"
#include "domain/account/account.h"
#include "domain/account/link_mail.h"
#include "domain/login/canonical.h"
#include "domain/providers/disconnect.h"

static const char ended[] = "the link has been used or has expired";

enum outcome recovery_request(struct context *context, const char *email, const struct sign_in_place *place)
{
    struct user_row user;
    const char *email_key = email_canonical(context->arena, email);
    if (!email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, "the address is not an e-mail address");
    enum store_result found = users_find_by_email_key(context->db, context->arena, email_key, &user);
    if (found != STORE_OK && found != STORE_NOT_FOUND)
        return store_outcome(context, found, OUTCOME_UNAVAILABLE, "no user could be looked up");
    bool is_known = found == STORE_OK && text_equal(user.status, "active");
    const struct link_mail mail = { .kind = CHALLENGE_RESET_PASSWORD,
                                    .user = is_known ? &user : NULL,
                                    .email = is_known ? user.email : email,
                                    .email_key = email_key,
                                    .place = place };
    return link_mail_send(context, &mail);
}

/* --- the new password --- */

enum outcome recovery_look(struct context *context, const char *token, struct challenge *challenge_out)
{
    enum outcome outcome = challenge_look(context, CHALLENGE_RESET_PASSWORD, token, challenge_out);
    return outcome == OUTCOME_FLOW_ENDED ? challenge_look(context, CHALLENGE_INVITE, token, challenge_out)
                                         : outcome;
}

/* The link's account as it is now: still there, still active, still with the address that the link went to.
 */
static enum outcome find_owner(struct context *context, const struct challenge *challenge,
                               struct user_row *user_out)
{
    if (!challenge->has_user)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    enum outcome outcome =
        store_outcome(context, users_find(context->db, context->arena, challenge->user_id, user_out),
                      OUTCOME_FLOW_ENDED, ended);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!text_equal(user_out->status, "active") || !text_equal(user_out->email_key, challenge->email_key))
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    return OUTCOME_OK;
}

struct reset_work {
    struct context *context;
    const struct challenge *challenge;
    const char *password_hash;
    struct notice notice;
};

/* Of two who hold the link one uses it (T-92). Whoever set the account up before its address was proven
 * may be somebody else: nothing of theirs opens it any more. */
static enum store_result reset_in_transaction(struct db *db, void *argument)
{
    struct reset_work *work = argument;
    struct user_row user;
    const struct challenge *challenge = work->challenge;
    int64_t now = work->context->now;
    enum store_result result = users_lock(db, work->context->arena, challenge->user_id, &user);
    if (result == STORE_OK)
        result = challenge_use(db, challenge);
    if (result == STORE_OK)
        result = account_sign_off(db, challenge->user_id, now);
    if (result == STORE_OK && !user.email_verified)
        result = disconnect_all(db, work->context, challenge->user_id);
    if (result == STORE_OK)
        result = users_change_password(db, challenge->user_id, work->password_hash, now);
    if (result == STORE_OK)
        result = users_verify_email(db, challenge->user_id, challenge->email_key, now);
    return result == STORE_OK ? notice_add(db, &work->notice) : result;
}

static enum outcome store_reset(struct context *context, struct reset_work *work)
{
    struct user_row there;
    const struct challenge *challenge = work->challenge;
    enum store_result result = db_transact(context->db, reset_in_transaction, work);
    if (result == STORE_UNCERTAIN) {
        result = users_find(context->db, context->arena, challenge->user_id, &there);
        if (result == STORE_OK && !text_equal(there.password_hash, work->password_hash))
            result = STORE_FAILED;
    }
    enum outcome outcome = store_outcome(context, result, OUTCOME_FLOW_ENDED, ended);
    if (outcome != OUTCOME_OK)
        return outcome;
    notice_wake(context, &work->notice);
    disconnect_wake(context);
    if (password_unlock(context, challenge->email_key) != OUTCOME_OK)
        log_warn("recovery.not_unlocked"); /* the lock ends by itself */
    return OUTCOME_OK;
}

static struct signed_in signed_in_by(const struct challenge *challenge, const struct user_row *user)
{
    struct signed_in signed_in = {
        .email = user->email,
        .email_key = user->email_key,
        .method = "pwd", /* and nothing more: where a PIN is wanted behind it, that is still asked for */
        .flow = json_member_text(challenge->data, "flow"),
        .return_to = json_member_text(challenge->data, "return_to"),
    };
    memcpy(signed_in.user_id, user->id, sizeof(signed_in.user_id));
    return signed_in;
}

enum outcome recovery_reset(struct context *context, const char *token, const char *password,
                            struct signed_in *signed_in_out, enum password_problem *problem_out)
{
    struct challenge challenge;
    struct user_row user;
    const char *prepared;
    *problem_out = PASSWORD_FINE;
    enum outcome outcome = recovery_look(context, token, &challenge);
    if (outcome == OUTCOME_OK)
        outcome = find_owner(context, &challenge, &user);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct password_owner owner = { user.email, user.name };
    *problem_out = password_judge(context, password, &owner, &prepared);
    if (*problem_out != PASSWORD_FINE)
        return refuse(context, OUTCOME_INVALID_REQUEST, password_problem_words(*problem_out));
    struct reset_work work = { .context = context, .challenge = &challenge };
    outcome = password_hash_new(context, prepared, &work.password_hash);
    if (outcome == OUTCOME_OK)
        outcome =
            notice_prepare(context, MAIL_PASSWORD_CHANGED, &user, "/forgot-password", NULL, &work.notice);
    if (outcome == OUTCOME_OK)
        outcome = store_reset(context, &work);
    if (outcome == OUTCOME_OK)
        *signed_in_out = signed_in_by(&challenge, &user);
    return outcome;
}

/* --- locked accounts --- */

void recovery_mail_unlock(struct context *context, const struct user_row *user, const char *email_key,
                          const char *languages)
{
    if (!mail_is_possible(context))
        return;
    const struct link_mail mail = { .kind = CHALLENGE_UNLOCK,
                                    .user = user,
                                    .email = user ? user->email : email_key,
                                    .email_key = email_key,
                                    .languages = languages };
    if (link_mail_send(context, &mail) != OUTCOME_OK)
        log_warn("recovery.unlock_not_mailed");
}

static enum store_result use_in_transaction(struct db *db, void *argument)
{
    return challenge_use(db, argument);
}

/* The lock comes off before the link is spent: if the second fails, the person isn't left without both. */
enum outcome recovery_unlock(struct context *context, const char *token)
{
    struct challenge challenge;
    enum outcome outcome = challenge_look(context, CHALLENGE_UNLOCK, token, &challenge);
    if (outcome == OUTCOME_OK)
        outcome = password_unlock(context, challenge.email_key);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result used = db_transact(context->db, use_in_transaction, &challenge);
    return used == STORE_UNCERTAIN ? OUTCOME_OK : store_outcome(context, used, OUTCOME_FLOW_ENDED, ended);
}
