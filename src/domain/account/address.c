/*
 * address.c: see address.h. A link is used up in the transaction of what it does, which locks the user's row
 * first; who has the address in the end is decided by its unique key.
 */
#include "domain/account/address.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/account/account.h"
#include "domain/account/link_mail.h"
#include "domain/login/canonical.h"
#include "domain/providers/disconnect.h"
#include "store/email_changes.h"
#include "store/members.h"
#include "store/sessions.h"

static const char ended[] = "the link has been used or has expired";
static const char no_address[] = "the address is not an e-mail address";

enum outcome address_request_verification(struct context *context, const char *email,
                                          const struct sign_in_place *place)
{
    struct user_row user;
    const char *email_key = email_canonical(context->arena, email);
    if (!email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, no_address);
    enum store_result found = users_find_by_email_key(context->db, context->arena, email_key, &user);
    if (found != STORE_OK && found != STORE_NOT_FOUND)
        return store_outcome(context, found, OUTCOME_UNAVAILABLE, "no user could be looked up");
    bool is_asked = found == STORE_OK && text_equal(user.status, "active") && !user.email_verified;
    const struct link_mail mail = { .kind = CHALLENGE_VERIFY_EMAIL,
                                    .user = is_asked ? &user : NULL,
                                    .email = is_asked ? user.email : email,
                                    .email_key = email_key,
                                    .place = place };
    return link_mail_send(context, &mail);
}

/* --- using a link --- */

struct confirm_work {
    struct context *context;
    const struct challenge *challenge;
    const struct user_row *user;    /* as it was when the link was looked at */
    struct email_change_row change; /* of a change of address */
    struct notice notice;
    bool changed; /* out: the address is another now */
    bool dropped; /* out: so may be tokens of accounts elsewhere */
};

static enum store_result lock_and_use(struct db *db, const struct confirm_work *work,
                                      struct user_row *user_out)
{
    const struct challenge *challenge = work->challenge;
    enum store_result result = users_lock(db, work->context->arena, challenge->user_id, user_out);
    return result == STORE_OK ? challenge_use(db, challenge) : result;
}

/* A change that was begun before asked nothing of this mailbox, so it ends. */
static enum store_result verify(struct db *db, void *argument)
{
    const struct confirm_work *work = argument;
    struct user_row user;
    const char *email_key = work->challenge->email_key;
    enum store_result result = lock_and_use(db, work, &user);
    if (result == STORE_OK)
        result = users_verify_email(db, user.id, email_key, work->context->now);
    return result == STORE_OK ? email_changes_remove(db, user.id) : result;
}

/* Whoever made an account of an address that they hadn't proven is out of it when somebody proves it. */
static enum store_result drop_unproven(struct db *db, struct confirm_work *work, const struct user_row *user)
{
    if (user->email_verified)
        return STORE_OK;
    work->dropped = true;
    enum store_result result = account_sign_off(db, user->id, work->context->now);
    return result == STORE_OK ? disconnect_all(db, work->context, user->id) : result;
}

static enum store_result add_password(struct db *db, void *argument)
{
    struct confirm_work *work = argument;
    struct user_row user;
    int64_t now = work->context->now;
    const char *hash = json_member_text(work->challenge->data, "password_hash");
    enum store_result result = lock_and_use(db, work, &user);
    if (result == STORE_OK)
        result = drop_unproven(db, work, &user);
    if (result == STORE_OK)
        result = users_add_password(db, user.id, hash, now);
    return result == STORE_OK ? users_verify_email(db, user.id, work->challenge->email_key, now) : result;
}

/* Links to the old address are dead with it; the session that began the change stays. */
static enum store_result change_address(struct db *db, struct confirm_work *work)
{
    unsigned char sid[16] = { 0 };
    const struct email_change_row *change = &work->change;
    const char *sid_text = json_member_text(work->challenge->data, "sid");
    if (sid_text && !hex_decode(sid_text, sid, sizeof(sid)))
        memset(sid, 0, sizeof(sid));
    enum store_result result =
        users_change_email(db, change->user_id, change->email, change->email_key, work->context->now);
    if (result == STORE_OK)
        result = members_follow_user(db, change->user_id);
    if (result == STORE_OK)
        result = sessions_end_others(db, change->user_id, sid);
    if (result == STORE_OK)
        result = challenges_end_of_user(db, change->user_id);
    if (result == STORE_OK)
        result = email_changes_remove(db, change->user_id);
    if (result == STORE_OK)
        result = notice_add(db, &work->notice);
    work->changed = result == STORE_OK;
    return result;
}

static enum store_result confirm_side(struct db *db, void *argument)
{
    struct confirm_work *work = argument;
    struct user_row user;
    struct email_change_row wanted = { 0 };
    enum email_side side =
        work->challenge->kind == CHALLENGE_CONFIRM_OLD_EMAIL ? EMAIL_SIDE_OLD : EMAIL_SIDE_NEW;
    const char *id = json_member_text(work->challenge->data, "change");
    work->changed = false;
    memcpy(wanted.user_id, work->challenge->user_id, sizeof(wanted.user_id));
    if (!id || !hex_decode(id, wanted.id, sizeof(wanted.id)))
        return STORE_NOT_FOUND;
    enum store_result result = lock_and_use(db, work, &user);
    if (result == STORE_OK)
        result = email_changes_confirm(db, &wanted, side, work->context->now);
    if (result == STORE_OK)
        result = email_changes_find(db, work->context->arena, user.id, &work->change);
    if (result != STORE_OK || !work->change.old_confirmed_at || !work->change.new_confirmed_at)
        return result;
    return change_address(db, work);
}

/* The change that a link belongs to, as it stands; FLOW_ENDED when it doesn't wait any more. */
static enum outcome find_change(struct context *context, struct confirm_work *work)
{
    const char *id = json_member_text(work->challenge->data, "change");
    enum store_result found =
        email_changes_find(context->db, context->arena, work->challenge->user_id, &work->change);
    enum outcome outcome = store_outcome(context, found, OUTCOME_FLOW_ENDED, ended);
    if (outcome == OUTCOME_OK && (!text_equal(id, hex_encode(context->arena, work->change.id, 16)) ||
                                  work->change.expires_at <= context->now))
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    return outcome;
}

/* Before the transaction: what it will need beside the link. The notice goes to the old address, unless it
 * may be a stranger's. */
static enum outcome prepare_change(struct context *context, struct confirm_work *work)
{
    enum outcome outcome = find_change(context, work);
    if (outcome != OUTCOME_OK || !work->user->email_verified)
        return outcome;
    return notice_prepare(context, MAIL_EMAIL_CHANGED, work->user, NULL, work->change.email, &work->notice);
}

static enum outcome prepare_nothing(struct context *context, struct confirm_work *work)
{
    (void)context;
    (void)work;
    return OUTCOME_OK;
}

static const struct {
    enum challenge_kind kind;
    enum address_result result;
    enum outcome (*prepare)(struct context *context, struct confirm_work *work);
    db_work_fn work;
} confirmations[] = {
    { CHALLENGE_VERIFY_EMAIL, ADDRESS_VERIFIED, prepare_nothing, verify },
    { CHALLENGE_ADD_PASSWORD, ADDRESS_PASSWORD_ADDED, prepare_nothing, add_password },
    { CHALLENGE_CONFIRM_OLD_EMAIL, ADDRESS_CHANGE_WAITS, prepare_change, confirm_side },
    { CHALLENGE_CONFIRM_NEW_EMAIL, ADDRESS_CHANGE_WAITS, prepare_change, confirm_side },
};

static enum outcome look(struct context *context, const char *token, struct challenge *challenge_out,
                         size_t *which_out)
{
    enum outcome outcome = OUTCOME_FLOW_ENDED;
    for (size_t i = 0; i < ARRAY_SIZE(confirmations) && outcome == OUTCOME_FLOW_ENDED; i++) {
        *which_out = i;
        outcome = challenge_look(context, confirmations[i].kind, token, challenge_out);
    }
    if (outcome == OUTCOME_OK && !challenge_out->has_user)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    return outcome;
}

enum outcome address_look(struct context *context, const char *token, struct challenge *challenge_out)
{
    size_t which;
    return look(context, token, challenge_out, &which);
}

/* The account is still there and active. */
static enum outcome find_owner(struct context *context, const struct challenge *challenge,
                               struct user_row *user_out)
{
    enum outcome outcome =
        store_outcome(context, users_find(context->db, context->arena, challenge->user_id, user_out),
                      OUTCOME_FLOW_ENDED, ended);
    if (outcome == OUTCOME_OK && !text_equal(user_out->status, "active"))
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    return outcome;
}

/* After a lost answer: the link is gone when, and only when, what it was for is done. */
static enum store_result settle(struct context *context, struct confirm_work *work)
{
    struct user_row now;
    struct challenge_row row;
    const struct challenge *challenge = work->challenge;
    enum store_result result = users_find(context->db, context->arena, challenge->user_id, &now);
    if (result != STORE_OK)
        return STORE_FAILED;
    work->changed = !text_empty(work->change.email_key) && text_equal(now.email_key, work->change.email_key);
    result = challenges_find(context->db, context->arena, challenge->id, challenge_kind_name(challenge->kind),
                             &row);
    return result == STORE_NOT_FOUND ? STORE_OK : STORE_FAILED;
}

/* Somebody else has taken the address: nothing will come of this change, so it needn't wait. */
static enum outcome refuse_taken(struct context *context, const unsigned char user_id[16])
{
    if (email_changes_remove(context->db, user_id) != STORE_OK)
        log_warn("address.change_not_removed");
    return refuse(context, OUTCOME_ALREADY_EXISTS, "somebody else has this address by now");
}

static void tell(const struct confirm_work *work, enum address_result result,
                 struct address_confirmed *confirmed_out)
{
    const struct challenge *challenge = work->challenge;
    *confirmed_out = (struct address_confirmed) {
        .result = work->changed ? ADDRESS_CHANGED : result,
        .email = work->user->email,
        .new_email = work->change.email,
        .flow = json_member_text(challenge->data, "flow"),
        .return_to = json_member_text(challenge->data, "return_to"),
    };
}

enum outcome address_confirm(struct context *context, const char *token,
                             struct address_confirmed *confirmed_out)
{
    struct challenge challenge;
    struct user_row user;
    size_t which;
    struct confirm_work work = { .context = context, .challenge = &challenge, .user = &user };
    enum outcome outcome = look(context, token, &challenge, &which);
    if (outcome == OUTCOME_OK)
        outcome = find_owner(context, &challenge, &user);
    if (outcome == OUTCOME_OK)
        outcome = confirmations[which].prepare(context, &work);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = db_transact(context->db, confirmations[which].work, &work);
    if (result == STORE_UNCERTAIN)
        result = settle(context, &work);
    if (result == STORE_CONFLICT)
        return refuse_taken(context, user.id);
    outcome = store_outcome(context, result, OUTCOME_FLOW_ENDED, ended);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (work.changed)
        notice_wake(context, &work.notice);
    if (work.dropped)
        disconnect_wake(context);
    tell(&work, confirmations[which].result, confirmed_out);
    return OUTCOME_OK;
}

/* --- changing --- */

struct change_work {
    struct context *context;
    const struct session *session;
    struct email_change_row change;
    struct link_mail_rows old_side, new_side;
    bool asks_old;
    const char *old_email_key;
};

static enum store_result begin_in_transaction(struct db *db, void *argument)
{
    const struct change_work *work = argument;
    struct user_row user;
    enum store_result result = users_lock(db, work->context->arena, work->change.user_id, &user);
    /* it was proven or changed in this moment, and another mailbox has a say then */
    if (result == STORE_OK &&
        (user.email_verified != work->asks_old || !text_equal(user.email_key, work->old_email_key)))
        return STORE_FAILED;
    if (result == STORE_OK)
        result = email_changes_put(db, &work->change);
    if (result == STORE_OK && work->asks_old)
        result = link_mail_add(db, &work->old_side);
    return result == STORE_OK ? link_mail_add(db, &work->new_side) : result;
}

static struct json *change_data(struct context *context, const struct change_work *work)
{
    struct json *data = json_new_object(context->arena);
    json_put_text(data, "change", hex_encode(context->arena, work->change.id, 16));
    json_put_text(data, "sid", hex_encode(context->arena, work->session->sid, 16));
    return data;
}

/* Both links; the one to an address that somebody has is made all the same, and never sent. */
static enum outcome prepare_links(struct context *context, const struct user_row *user, bool is_taken,
                                  struct change_work *work)
{
    const struct link_mail to_old = { .kind = CHALLENGE_CONFIRM_OLD_EMAIL,
                                      .user = user,
                                      .email = user->email,
                                      .email_key = user->email_key,
                                      .new_email = work->change.email,
                                      .data = change_data(context, work) };
    const struct link_mail to_new = { .kind = CHALLENGE_CONFIRM_NEW_EMAIL,
                                      .user = user,
                                      .email = work->change.email,
                                      .email_key = work->change.email_key,
                                      .new_email = work->change.email,
                                      .data = change_data(context, work),
                                      .for_nobody = is_taken };
    work->asks_old = user->email_verified;
    work->old_email_key = user->email_key;
    enum outcome outcome = OUTCOME_OK;
    if (work->asks_old)
        outcome = link_mail_prepare(context, &to_old, &work->old_side);
    return outcome == OUTCOME_OK ? link_mail_prepare(context, &to_new, &work->new_side) : outcome;
}

static enum outcome store_change(struct context *context, struct change_work *work)
{
    struct email_change_row there;
    enum store_result result = db_transact(context->db, begin_in_transaction, work);
    if (result == STORE_UNCERTAIN) {
        result = email_changes_find(context->db, context->arena, work->change.user_id, &there);
        if (result != STORE_OK || memcmp(there.id, work->change.id, sizeof(there.id)) != 0)
            result = STORE_FAILED;
    }
    enum outcome outcome =
        store_outcome(context, result, OUTCOME_UNAUTHENTICATED, "the account has been removed");
    if (outcome == OUTCOME_OK)
        mail_wake(context);
    return outcome;
}

static struct email_change_row new_change(const struct context *context, const struct user_row *user,
                                          const char *email, const char *email_key)
{
    struct email_change_row change = {
        .email = email,
        .email_key = email_key,
        .old_confirmed_at = user->email_verified ? 0 : context->now,
        .created_at = context->now,
        .expires_at = context->now + challenge_lasts_s(CHALLENGE_CONFIRM_NEW_EMAIL),
    };
    memcpy(change.user_id, user->id, sizeof(change.user_id));
    random_uuid_timed(context->now_ms, change.id);
    return change;
}

enum outcome address_begin_change(struct context *context, const struct session *session, const char *email)
{
    struct user_row user, other;
    struct change_work work = { .context = context, .session = session };
    const char *email_key = email_canonical_new(context->arena, email);
    enum outcome outcome = account_needs_recent(context, session);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!email_key)
        return refuse(context, OUTCOME_INVALID_REQUEST, no_address);
    outcome = store_outcome(context, users_find(context->db, context->arena, session->user_id, &user),
                            OUTCOME_UNAUTHENTICATED, "the account has been removed");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (text_equal(email_key, user.email_key))
        return refuse(context, OUTCOME_INVALID_REQUEST, "this is the account's address already");
    enum store_result found = users_find_by_email_key(context->db, context->arena, email_key, &other);
    if (found != STORE_OK && found != STORE_NOT_FOUND)
        return store_outcome(context, found, OUTCOME_UNAVAILABLE, "no user could be looked up");
    work.change = new_change(context, &user, email, email_key);
    outcome = prepare_links(context, &user, found == STORE_OK, &work);
    return outcome == OUTCOME_OK ? store_change(context, &work) : outcome;
}

enum outcome address_waiting_change(struct context *context, const unsigned char user_id[16],
                                    const char **email_out)
{
    struct email_change_row change;
    *email_out = NULL;
    enum store_result found = email_changes_find(context->db, context->arena, user_id, &change);
    if (found == STORE_NOT_FOUND)
        return OUTCOME_OK;
    enum outcome outcome = store_outcome(context, found, OUTCOME_NOT_FOUND, "no change waits");
    if (outcome == OUTCOME_OK && change.expires_at > context->now)
        *email_out = change.email;
    return outcome;
}

enum outcome address_give_up_change(struct context *context, const struct session *session)
{
    return store_outcome(context, email_changes_remove(context->db, session->user_id), OUTCOME_NOT_FOUND,
                         "no change waits");
}
