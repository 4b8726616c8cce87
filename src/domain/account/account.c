/*
 * account.c: see account.h. Each change that others could race is one transaction that locks the user's
 * row first: so two of them never wait for one another crosswise.
 */
#include "domain/account/account.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/account/link_mail.h"
#include "domain/login/canonical.h"
#include "domain/precondition.h"
#include "domain/providers/disconnect.h"
#include "domain/providers/linking.h"
#include "store/authorizations.h"
#include "store/connections.h"
#include "store/email_changes.h"
#include "store/members.h"
#include "store/sessions.h"
#include "store/sign_ins.h"

enum { NAME_MIN_CHARACTERS = 2, NAME_MAX_CHARACTERS = 100 };

static const char gone[] = "the account has been removed";
static const char has_password[] = "the account has a password, which is changed behind the present one";

/* --- reading --- */

const char *account_clean_name(struct arena *arena, const char *name)
{
    const char *trimmed = name ? text_trim(arena, name) : "";
    return person_name_is_plain(trimmed, NAME_MIN_CHARACTERS, NAME_MAX_CHARACTERS) ? trimmed : NULL;
}

/* "password google": each provider once, though a person may have two accounts there. */
static const char *join_methods(struct arena *arena, const struct user_row *user,
                                const struct connection_row *rows, size_t count)
{
    struct strbuf methods = strbuf_start(arena);
    if (user->password_hash)
        strbuf_add_text(&methods, "password");
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].sign_in || text_has_word(methods.data, ' ', rows[i].provider))
            continue;
        if (methods.length)
            strbuf_add_char(&methods, ' ');
        strbuf_add_text(&methods, rows[i].provider);
    }
    return methods.data;
}

static enum outcome list_connections(struct context *context, const unsigned char user_id[16],
                                     struct connection_row **rows_out, size_t *count_out)
{
    return store_outcome(context, connections_list(context->db, context->arena, user_id, rows_out, count_out),
                         OUTCOME_NOT_FOUND, "no connected accounts");
}

enum outcome account_login_methods(struct context *context, const struct user_row *user,
                                   const char **methods_out)
{
    struct connection_row *rows;
    size_t count;
    enum outcome outcome = list_connections(context, user->id, &rows, &count);
    if (outcome == OUTCOME_OK)
        *methods_out = join_methods(context->arena, user, rows, count);
    return outcome;
}

static enum outcome find_user(struct context *context, const unsigned char user_id[16],
                              struct user_row *user_out)
{
    return store_outcome(context, users_find(context->db, context->arena, user_id, user_out),
                         OUTCOME_NOT_FOUND, gone);
}

enum outcome account_find(struct context *context, const unsigned char user_id[16],
                          struct account *account_out)
{
    struct connection_row *rows;
    size_t count;
    *account_out = (struct account) { .role = "user" };
    enum outcome outcome = find_user(context, user_id, &account_out->user);
    if (outcome == OUTCOME_OK)
        outcome = list_connections(context, user_id, &rows, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    account_out->login_methods = join_methods(context->arena, &account_out->user, rows, count);
    account_out->connections = arena_alloc(context->arena, (count + 1) * sizeof(*account_out->connections));
    account_out->connection_count = count;
    for (size_t i = 0; i < count; i++)
        account_out->connections[i] =
            (struct account_connection) { rows[i].provider, rows[i].label, rows[i].created_at };
    return OUTCOME_OK;
}

void account_session_of_token(const struct access *access, struct session *session_out)
{
    *session_out = (struct session) {
        .authenticated_at = access->auth_time,
        .user_email = access->user_email,
        .user_name = access->user_name,
        .user_email_verified = access->user_email_verified,
        .client_number = access->client->number,
    };
    memcpy(session_out->user_id, access->user_id, sizeof(session_out->user_id));
    memcpy(session_out->authorization_id, access->authorization_id, sizeof(session_out->authorization_id));
}

enum outcome account_needs_recent(struct context *context, const struct session *session)
{
    if (context->now - session->authenticated_at <= context->settings->recent_sign_in_s)
        return OUTCOME_OK;
    return refuse(context, OUTCOME_REAUTHENTICATION_REQUIRED, "the sign-in is too long ago for this");
}

/* --- name and password --- */

const char *account_tag(struct arena *arena, const struct user_row *user)
{
    return precondition_tag_of_text(arena,
                                    arena_printf(arena, "%lld\n%s", (long long)user->updated_at, user->name));
}

struct name_change {
    struct arena *arena;
    const unsigned char *user_id;
    const char *name, *if_match;
    int64_t now;
    bool changed_since; /* out */
};

static enum store_result change_name(struct db *db, void *argument)
{
    struct name_change *change = argument;
    struct user_row user;
    enum store_result result = users_lock(db, change->arena, change->user_id, &user);
    if (result != STORE_OK)
        return result;
    change->changed_since = !precondition_holds(change->if_match, account_tag(change->arena, &user));
    if (change->changed_since)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    if (!change->name || text_equal(user.name, change->name))
        return STORE_OK;
    result = users_change_name(db, change->user_id, change->name, change->now);
    return result == STORE_OK ? members_follow_user(db, change->user_id) : result;
}

enum outcome account_change_name(struct context *context, const unsigned char user_id[16], const char *name)
{
    return account_change_name_if(context, user_id, name ? name : "", NULL);
}

enum outcome account_change_name_if(struct context *context, const unsigned char user_id[16],
                                    const char *name, const char *if_match)
{
    const char *clean = name ? account_clean_name(context->arena, name) : NULL;
    if (name && !clean)
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name is too short, too long or not plain text");
    /* The same again changes nothing, so that a lost answer is asked for once more by the person. */
    struct name_change change = {
        .arena = context->arena, .user_id = user_id, .name = clean, .if_match = if_match, .now = context->now
    };
    enum store_result result = db_transact(context->db, change_name, &change);
    if (change.changed_since)
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the account has changed since");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, gone);
}

enum store_result account_sign_off(struct db *db, const unsigned char user_id[16], int64_t now)
{
    enum store_result result = sessions_end_of_user(db, user_id);
    if (result == STORE_OK)
        result = authorizations_revoke_by_user(db, user_id, now);
    if (result == STORE_OK)
        result = challenges_end_of_user(db, user_id);
    return result == STORE_OK ? email_changes_remove(db, user_id) : result;
}

/* What a change under a session needs. The session must still be there: of two changes that begin with
 * the same one, the first ends it, and the second one changes nothing. */
struct change_work {
    struct context *context;
    const struct session *session;
    struct notice notice;
    const char *password_hash;
    const char *provider;
    bool last_way; /* out: refused, since nothing would be left to sign in by */
};

static enum store_result lock_with_session(struct db *db, const struct change_work *work,
                                           struct user_row *user_out)
{
    const struct session *session = work->session;
    enum store_result result = users_lock(db, work->context->arena, session->user_id, user_out);
    if (result != STORE_OK)
        return result;
    if (session->client_number)
        return authorizations_revoke_by_client(db, session->authorization_id, session->client_number,
                                               work->context->now);
    return sessions_end_by_sid(db, session->user_id, session->sid);
}

static enum store_result password_in_transaction(struct db *db, void *argument)
{
    struct change_work *work = argument;
    struct user_row user;
    const unsigned char *user_id = work->session->user_id;
    enum store_result result = lock_with_session(db, work, &user);
    if (result == STORE_OK)
        result = account_sign_off(db, user_id, work->context->now);
    if (result == STORE_OK)
        result = users_change_password(db, user_id, work->password_hash, work->context->now);
    return result == STORE_OK ? notice_add(db, &work->notice) : result;
}

static enum outcome store_password(struct context *context, struct change_work *work)
{
    struct user_row there;
    enum store_result result = db_transact(context->db, password_in_transaction, work);
    if (result == STORE_UNCERTAIN) {
        result = users_find(context->db, context->arena, work->session->user_id, &there);
        if (result == STORE_OK && !text_equal(there.password_hash, work->password_hash))
            result = STORE_FAILED;
    }
    enum outcome outcome =
        store_outcome(context, result, OUTCOME_UNAUTHENTICATED, "the session has ended meanwhile");
    if (outcome == OUTCOME_OK)
        notice_wake(context, &work->notice);
    return outcome;
}

/* Counted by the account, apart from sign-ins: whoever has got hold of a session can neither guess for
 * long nor lock the person out of signing in. */
static enum outcome check_current(struct context *context, const struct user_row *user, const char *current)
{
    struct password_guess guess = { .user = user,
                                    .email_key = user->email_key,
                                    .password = current,
                                    .known_browser = arena_printf(context->arena, "account %s",
                                                                  uuid_encode(context->arena, user->id)) };
    enum outcome outcome = password_try(context, &guess);
    if (outcome == OUTCOME_OK && !guess.right)
        return refuse(context, OUTCOME_WRONG_PASSWORD, "the current password is another");
    return outcome;
}

enum outcome account_change_password(struct context *context, const struct session *session,
                                     const char *current, const char *password,
                                     enum password_problem *problem_out)
{
    struct user_row user;
    const char *prepared;
    struct change_work work = { .context = context, .session = session };
    *problem_out = PASSWORD_FINE;
    enum outcome outcome = find_user(context, session->user_id, &user);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!user.password_hash)
        return refuse(context, OUTCOME_PASSWORD_NOT_SET, "the account has no password");
    const struct password_owner owner = { user.email, user.name };
    *problem_out = password_judge(context, password, &owner, &prepared);
    if (*problem_out != PASSWORD_FINE)
        return refuse(context, OUTCOME_INVALID_REQUEST, password_problem_words(*problem_out));
    outcome = check_current(context, &user, current);
    if (outcome == OUTCOME_OK)
        outcome = password_hash_new(context, prepared, &work.password_hash);
    if (outcome == OUTCOME_OK)
        outcome =
            notice_prepare(context, MAIL_PASSWORD_CHANGED, &user, "/forgot-password", NULL, &work.notice);
    return outcome == OUTCOME_OK ? store_password(context, &work) : outcome;
}

static enum store_result first_password_in_transaction(struct db *db, void *argument)
{
    struct change_work *work = argument;
    struct user_row user;
    const unsigned char *user_id = work->session->user_id;
    enum store_result result = users_lock(db, work->context->arena, user_id, &user);
    if (result == STORE_OK && user.password_hash)
        return STORE_CONFLICT;
    if (result == STORE_OK)
        result = users_add_password(db, user_id, work->password_hash, work->context->now);
    return result == STORE_OK ? notice_add(db, &work->notice) : result;
}

static enum outcome store_first_password(struct context *context, struct change_work *work)
{
    struct user_row there;
    enum store_result result = db_transact(context->db, first_password_in_transaction, work);
    if (result == STORE_UNCERTAIN) {
        result = users_find(context->db, context->arena, work->session->user_id, &there);
        if (result == STORE_OK && !text_equal(there.password_hash, work->password_hash))
            result = STORE_FAILED;
    }
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, has_password);
    enum outcome outcome = store_outcome(context, result, OUTCOME_UNAUTHENTICATED, gone);
    if (outcome == OUTCOME_OK)
        notice_wake(context, &work->notice);
    return outcome;
}

enum outcome account_set_password(struct context *context, const struct session *session,
                                  const char *password, enum password_problem *problem_out)
{
    struct user_row user;
    const char *prepared;
    struct change_work work = { .context = context, .session = session };
    *problem_out = PASSWORD_FINE;
    enum outcome outcome = account_needs_recent(context, session);
    if (outcome == OUTCOME_OK)
        outcome = find_user(context, session->user_id, &user);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (user.password_hash)
        return refuse(context, OUTCOME_ALREADY_EXISTS, has_password);
    const struct password_owner owner = { user.email, user.name };
    *problem_out = password_judge(context, password, &owner, &prepared);
    if (*problem_out != PASSWORD_FINE)
        return refuse(context, OUTCOME_INVALID_REQUEST, password_problem_words(*problem_out));
    outcome = password_hash_new(context, prepared, &work.password_hash);
    if (outcome == OUTCOME_OK)
        outcome =
            notice_prepare(context, MAIL_PASSWORD_CHANGED, &user, "/forgot-password", NULL, &work.notice);
    return outcome == OUTCOME_OK ? store_first_password(context, &work) : outcome;
}

/* --- connected accounts --- */

/* The accounts at a provider, while their tokens are still there. */
static enum store_result list_of_provider(struct db *db, struct context *context,
                                          const unsigned char user_id[16], const char *provider,
                                          struct connection_row **rows_out, size_t *count_out)
{
    size_t count = 0;
    *count_out = 0;
    enum store_result result = connections_lock_of_user(db, context->arena, user_id, rows_out, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        if (text_equal((*rows_out)[i].provider, provider))
            (*rows_out)[(*count_out)++] = (*rows_out)[i];
    }
    return result;
}

struct unlinking {
    struct change_work change;
    struct context *context;
    struct connection_row *rows; /* what is taken off */
    size_t count;
};

static enum store_result remove_connections(struct db *db, struct unlinking *work)
{
    struct context *context = work->context;
    const unsigned char *user_id = work->change.session->user_id;
    enum store_result result =
        list_of_provider(db, context, user_id, work->change.provider, &work->rows, &work->count);
    if (result == STORE_OK && !work->count)
        return STORE_NOT_FOUND;
    return result == STORE_OK ? disconnect_accounts(db, context, work->rows, work->count, NULL) : result;
}

static enum store_result unlink_in_transaction(struct db *db, void *argument)
{
    struct unlinking *work = argument;
    struct change_work *change = &work->change;
    struct user_row user;
    bool other = false;
    enum store_result result = users_lock(db, work->context->arena, change->session->user_id, &user);
    if (result == STORE_OK)
        result = remove_connections(db, work);
    if (result == STORE_OK)
        result = linking_has_way_in(db, work->context, &user, &other);
    change->last_way = result == STORE_OK && !other;
    if (change->last_way)
        return STORE_CONFLICT;
    return result == STORE_OK ? notice_add(db, &change->notice) : result;
}

static enum store_result unlink_settled(struct unlinking *work)
{
    struct context *context = work->context;
    enum store_result result = db_transact(context->db, unlink_in_transaction, work);
    if (result != STORE_UNCERTAIN)
        return result;
    const struct unlinking before = *work;
    result = db_transact(context->db, unlink_in_transaction, work);
    if (result != STORE_NOT_FOUND)
        return result;
    *work = before; /* the first one had done it */
    return STORE_OK;
}

enum outcome account_unlink(struct context *context, const struct session *session, const char *provider)
{
    struct user_row user;
    struct unlinking work = { .context = context,
                              .change = { .context = context, .session = session, .provider = provider } };
    enum outcome outcome = account_needs_recent(context, session);
    if (outcome == OUTCOME_OK)
        outcome = find_user(context, session->user_id, &user);
    if (outcome == OUTCOME_OK)
        outcome = notice_prepare_connection(context, MAIL_CONNECTION_REMOVED, &user,
                                            linking_provider_name(context, provider), &work.change.notice);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = unlink_settled(&work);
    if (work.change.last_way)
        return refuse(context, OUTCOME_FORBIDDEN, "this is the only way to sign in");
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such connected account");
    notice_wake(context, &work.change.notice);
    disconnect_wake(context);
    return OUTCOME_OK;
}

/* --- the end --- */

static enum store_result delete_in_transaction(struct db *db, void *argument)
{
    struct change_work *work = argument;
    struct user_row user;
    unsigned char nobody[16];
    enum store_result result = lock_with_session(db, work, &user);
    if (result == STORE_OK)
        result = disconnect_all(db, work->context, user.id);
    if (result == STORE_OK)
        result = users_remove(db, user.id);
    random_uuid(nobody);
    if (result == STORE_OK)
        result = sign_ins_forget_user(db, user.id, nobody);
    return result == STORE_OK ? notice_add(db, &work->notice) : result;
}

enum outcome account_delete(struct context *context, const struct session *session)
{
    struct change_work work = { .context = context, .session = session };
    struct user_row user;
    enum outcome outcome = account_needs_recent(context, session);
    if (outcome == OUTCOME_OK)
        outcome = find_user(context, session->user_id, &user);
    if (outcome == OUTCOME_OK)
        outcome = notice_prepare(context, MAIL_ACCOUNT_DELETED, &user, NULL, NULL, &work.notice);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = db_transact(context->db, delete_in_transaction, &work);
    if (result == STORE_UNCERTAIN) {
        result = users_find(context->db, context->arena, session->user_id, &user);
        result = result == STORE_NOT_FOUND ? STORE_OK : STORE_FAILED;
    }
    outcome = store_outcome(context, result, OUTCOME_UNAUTHENTICATED, "the session has ended meanwhile");
    if (outcome != OUTCOME_OK)
        return outcome;
    notice_wake(context, &work.notice);
    disconnect_wake(context);
    return OUTCOME_OK;
}
