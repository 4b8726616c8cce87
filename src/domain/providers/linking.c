/* linking.c: see linking.h. */
#include "domain/providers/linking.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "domain/account/link_mail.h"
#include "store/challenges.h"
#include "store/connections.h"

static const char ended[] = "the connection has been made, or waits no more";
static const char taken[] = "the account at the provider is somebody else's here";

/* NULL when there is none, or it is switched off, or that can't be told. */
static const struct provider *find_active(struct context *context, const char *provider)
{
    const struct provider *const *list;
    size_t count;
    if (provider_list(context, &list, &count) != OUTCOME_OK)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (text_equal(list[i]->name, provider))
            return list[i];
    return NULL;
}

const char *linking_provider_name(struct context *context, const char *provider)
{
    const struct provider *found = find_active(context, provider);
    return found ? found->display_name : provider;
}

bool linking_is_open(struct context *context, const char *provider)
{
    const struct provider *found = find_active(context, provider);
    return found && found->offers_sign_in;
}

enum store_result linking_has_way_in(struct db *db, struct context *context, const struct user_row *user,
                                     bool *there_out)
{
    struct connection_row *rows;
    size_t count;
    *there_out = user->password_hash != NULL;
    enum store_result result = connections_list(db, context->arena, user->id, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        *there_out |= rows[i].sign_in && linking_is_open(context, rows[i].provider);
    return result;
}

void linking_row(struct context *context, const char *provider, const struct provider_identity *identity,
                 const unsigned char user_id[16], struct connection_row *row_out)
{
    const char *name = text_empty(identity->name) ? NULL : identity->name;
    *row_out = (struct connection_row) {
        .provider = provider,
        .subject = identity->subject,
        .label = identity->email ? identity->email
                 : name          ? name
                                 : "",
        .email = identity->email,
        .email_verified = identity->email_vouched,
        .display_name = name,
        .sign_in = true,
        .scopes = "",
        .status = "active",
        .created_at = context->now,
        .updated_at = context->now,
    };
    random_uuid_timed(context->now_ms, row_out->id);
    memcpy(row_out->user_id, user_id, sizeof(row_out->user_id));
}

/* --- waiting --- */

static const char *browser_print(struct context *context, const char *browser)
{
    unsigned char hash[32];
    sha256_text(browser, hash);
    return hex_encode(context->arena, hash, sizeof(hash));
}

static bool is_of_browser(const struct challenge *challenge, const char *browser)
{
    unsigned char kept[32], own[32];
    const char *text = json_member_text(challenge->data, "browser");
    if (!browser || !text || !hex_decode(text, kept, sizeof(kept)))
        return false;
    sha256_text(browser, own);
    return secret_equal_hash(kept, own);
}

static enum store_result store_in_transaction(struct db *db, void *argument)
{
    return challenge_store(db, argument);
}

enum outcome linking_begin(struct context *context, const struct provider *provider,
                           const struct provider_identity *identity, const struct user_row *user,
                           const char *browser, const char **text_out)
{
    struct challenge challenge;
    struct challenge_row row, there;
    struct json *data = json_new_object(context->arena);
    json_put_text(data, "browser", browser_print(context, browser));
    json_put_text(data, "provider", provider->name);
    json_put_text(data, "subject", identity->subject);
    json_put_text(data, "email", identity->email);
    json_put_boolean(data, "vouched", identity->email_vouched);
    json_put_text(data, "name", identity->name);
    const struct new_challenge wanted = { .kind = CHALLENGE_CONNECTION,
                                          .user_id = user->id,
                                          .email = user->email,
                                          .email_key = user->email_key,
                                          .data = data };
    challenge_make(context, &wanted, &challenge, &row);
    enum store_result result = db_transact(context->db, store_in_transaction, &row);
    if (result == STORE_UNCERTAIN)
        result = challenges_find(context->db, context->arena, row.id, row.kind, &there);
    *text_out = challenge.token;
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the account has just been removed");
}

enum outcome linking_look(struct context *context, const char *text, const char *browser,
                          struct linking *linking_out)
{
    struct challenge *challenge = &linking_out->challenge;
    *linking_out = (struct linking) { .text = text };
    if (!text)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    enum outcome outcome = challenge_look(context, CHALLENGE_CONNECTION, text, challenge);
    if (outcome != OUTCOME_OK)
        return outcome;
    linking_out->provider = json_member_text(challenge->data, "provider");
    if (!is_of_browser(challenge, browser) || !linking_out->provider || !challenge->has_user)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    linking_out->provider_name = linking_provider_name(context, linking_out->provider);
    linking_out->email = challenge->email;
    memcpy(linking_out->user_id, challenge->user_id, sizeof(linking_out->user_id));
    return OUTCOME_OK;
}

/* --- connecting --- */

struct link_work {
    struct context *context;
    const struct challenge *challenge; /* to be used up by it; NULL: none */
    struct connection_row row;
    struct notice notice;
    bool was_there; /* out: nothing new */
};

/* Of the same person it may be there already, for its tokens alone. */
static enum store_result put_connection(struct db *db, struct link_work *work)
{
    struct connection_row there, row = work->row;
    enum store_result found =
        connections_find_by_subject(db, work->context->arena, row.provider, row.subject, &there);
    if (found == STORE_NOT_FOUND)
        return connections_add(db, &row);
    if (found != STORE_OK)
        return found;
    if (memcmp(there.user_id, row.user_id, sizeof(row.user_id)) != 0)
        return STORE_CONFLICT;
    work->was_there = there.sign_in;
    memcpy(row.id, there.id, sizeof(row.id));
    return connections_change_profile(db, &row);
}

static enum store_result link_in_transaction(struct db *db, void *argument)
{
    struct link_work *work = argument;
    struct user_row user;
    work->was_there = false;
    enum store_result result = users_lock(db, work->context->arena, work->row.user_id, &user);
    if (result == STORE_OK && !text_equal(user.status, "active"))
        result = STORE_NOT_FOUND;
    if (result == STORE_OK && work->challenge)
        result = challenge_use(db, work->challenge);
    if (result == STORE_OK)
        result = put_connection(db, work);
    return result == STORE_OK && !work->was_there ? notice_add(db, &work->notice) : result;
}

/* A lost answer: whether the account there is this person's by now. */
static enum store_result settle(struct context *context, const struct connection_row *row)
{
    struct connection_row there;
    enum store_result found =
        connections_find_by_subject(context->db, context->arena, row->provider, row->subject, &there);
    if (found != STORE_OK)
        return STORE_FAILED;
    return memcmp(there.user_id, row->user_id, sizeof(row->user_id)) == 0 ? STORE_OK : STORE_CONFLICT;
}

static enum outcome link_account(struct context *context, struct link_work *work)
{
    struct user_row user;
    enum outcome outcome =
        store_outcome(context, users_find(context->db, context->arena, work->row.user_id, &user),
                      OUTCOME_FLOW_ENDED, ended);
    if (outcome == OUTCOME_OK)
        outcome =
            notice_prepare_connection(context, MAIL_CONNECTION_ADDED, &user,
                                      linking_provider_name(context, work->row.provider), &work->notice);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = db_transact(context->db, link_in_transaction, work);
    if (result == STORE_UNCERTAIN)
        result = settle(context, &work->row);
    if (result == STORE_OK && !work->was_there)
        notice_wake(context, &work->notice);
    return store_outcome(context, result, OUTCOME_FLOW_ENDED, result == STORE_CONFLICT ? taken : ended);
}

enum outcome linking_finish(struct context *context, const struct linking *linking,
                            const unsigned char user_id[16])
{
    const struct json *data = linking->challenge.data;
    struct provider_identity identity = { .subject = json_member_text(data, "subject"),
                                          .email = json_member_text(data, "email"),
                                          .name = json_member_text(data, "name") };
    struct link_work work = { .context = context, .challenge = &linking->challenge };
    if (memcmp(linking->user_id, user_id, sizeof(linking->user_id)) != 0)
        return refuse(context, OUTCOME_FORBIDDEN, "the connection waits for somebody else");
    if (!json_boolean(json_member(data, "vouched"), &identity.email_vouched) || !identity.subject)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    linking_row(context, linking->provider, &identity, user_id, &work.row);
    return link_account(context, &work);
}

enum outcome linking_add(struct context *context, const struct provider *provider,
                         const struct provider_identity *identity, const struct session *session)
{
    struct link_work work = { .context = context };
    linking_row(context, provider->name, identity, session->user_id, &work.row);
    return link_account(context, &work);
}
