/* account_access.c: where a person is signed in, and what they have allowed; see account.h. */
#include "core/encode.h"
#include "core/log.h"
#include "domain/account/account.h"
#include "domain/directory.h"
#include "domain/login/agent.h"
#include "store/authorizations.h"
#include "store/grants.h"
#include "store/sessions.h"

enum { MOST_LISTED = 200 };

/* --- sessions --- */

static struct account_session session_of_row(struct context *context, const struct session *own,
                                             const struct session_row *row)
{
    return (struct account_session) {
        .sid = uuid_encode(context->arena, row->sid),
        .is_current = memcmp(row->sid, own->sid, sizeof(row->sid)) == 0,
        .created_at = row->created_at,
        .authenticated_at = row->authenticated_at,
        .seen_at = row->seen_at,
        .expires_at = row->expires_at,
        .method = row->method,
        .address = row->address,
        .user_agent = row->user_agent,
        .agent = agent_describe(context->arena, row->user_agent),
    };
}

enum outcome account_sessions(struct context *context, const struct session *session,
                              struct account_session **sessions_out, size_t *count_out)
{
    struct session_row *rows;
    const struct session_limits limits = { context->now, context->settings->session_idle_s, MOST_LISTED };
    enum outcome outcome = store_outcome(
        context, sessions_list(context->db, context->arena, session->user_id, &limits, &rows, count_out),
        OUTCOME_NOT_FOUND, "no sessions");
    if (outcome != OUTCOME_OK)
        return outcome;
    *sessions_out = arena_alloc(context->arena, (*count_out + 1) * sizeof(**sessions_out));
    for (size_t i = 0; i < *count_out; i++)
        (*sessions_out)[i] = session_of_row(context, session, &rows[i]);
    return OUTCOME_OK;
}

enum outcome account_end_session(struct context *context, const unsigned char user_id[16], const char *sid)
{
    unsigned char id[16];
    static const char unknown[] = "no such session";
    if (!sid || !uuid_decode(sid, id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, sessions_end_by_sid(context->db, user_id, id), OUTCOME_NOT_FOUND, unknown);
}

enum outcome account_end_sessions(struct context *context, const unsigned char user_id[16],
                                  const struct session *keep)
{
    enum store_result result = keep ? sessions_end_others(context->db, user_id, keep->sid)
                                    : sessions_end_of_user(context->db, user_id);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, "no sessions");
}

/* --- applications --- */

static struct account_authorization authorization_of_row(struct context *context,
                                                         const struct grant_with_client *row)
{
    struct client client = { .client_name = NULL };
    const char *error;
    if (!client_from_metadata(context->arena, row->client_metadata, &client, &error))
        log_error("client %s: %s", row->client_id, error);
    return (struct account_authorization) {
        .id = uuid_encode(context->arena, row->id),
        .client_id = row->client_id,
        .client_name = client.client_name,
        .client_uri = client.client_uri,
        .logo_uri = client.logo_uri,
        .scope = row->scope,
        .created_at = row->created_at,
        .updated_at = row->updated_at,
    };
}

enum outcome account_authorizations(struct context *context, const unsigned char user_id[16],
                                    struct account_authorization **list_out, size_t *count_out)
{
    struct grant_with_client *rows;
    enum outcome outcome = store_outcome(
        context, grants_list(context->db, context->arena, user_id, MOST_LISTED, &rows, count_out),
        OUTCOME_NOT_FOUND, "no authorizations");
    if (outcome != OUTCOME_OK)
        return outcome;
    *list_out = arena_alloc(context->arena, (*count_out + 1) * sizeof(**list_out));
    for (size_t i = 0; i < *count_out; i++)
        (*list_out)[i] = authorization_of_row(context, &rows[i]);
    return OUTCOME_OK;
}

struct withdrawal {
    const unsigned char *user_id;
    unsigned char grant_id[16];
    int64_t now;
};

static enum store_result withdraw_in_transaction(struct db *db, void *argument)
{
    const struct withdrawal *work = argument;
    enum store_result result = grants_remove(db, work->user_id, work->grant_id);
    return result == STORE_OK ? authorizations_revoke_by_grant(db, work->user_id, work->grant_id, work->now)
                              : result;
}

enum outcome account_withdraw(struct context *context, const unsigned char user_id[16], const char *id)
{
    struct withdrawal work = { .user_id = user_id, .now = context->now };
    static const char unknown[] = "no such authorization";
    if (!id || !uuid_decode(id, work.grant_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = db_transact(context->db, withdraw_in_transaction, &work);
    if (result == STORE_UNCERTAIN) {
        result = db_transact(context->db, withdraw_in_transaction, &work);
        if (result == STORE_NOT_FOUND)
            result = STORE_OK; /* the first one had done it */
    }
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}
