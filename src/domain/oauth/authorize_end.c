/* authorize_end.c: how an authorization request ends: allowed, issued or failed; see authorize.h. */
#include "core/encode.h"
#include "core/text.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "domain/members/member.h"
#include "domain/oauth/binding.h"
#include "domain/oauth/authorize.h"
#include "domain/analytics/usage.h"
#include "domain/oauth/scope.h"
#include "store/authorizations.h"
#include "store/grants.h"
#include "store/sign_ins.h"
#include "store/tickets.h"

struct allow_work {
    const struct context *context;
    const struct ticket *ticket;
    struct grant_row grant; /* as it shall be; comes back as it is */
    struct member_link link;
    bool was_member; /* out */
};

/* Scope and membership stand or fall together. */
static enum store_result allow_in_transaction(struct db *db, void *argument)
{
    struct allow_work *work = argument;
    work->grant.scope = work->ticket->scope;
    enum store_result result = grants_put(db, work->context->arena, &work->grant);
    return result == STORE_OK ? member_link_store(db, &work->link, &work->was_member) : result;
}

/* Whoever allows an application something is a member of its service from then on. */
static void make_link(struct context *context, const struct ticket *ticket, const struct session *session,
                      struct member_link *link_out)
{
    struct member_row member = { .email = session->user_email, .created_at = context->now };
    memcpy(member.user_id, session->user_id, sizeof(member.user_id));
    const char *actor = arena_printf(context->arena, "user:%s", uuid_encode(context->arena, member.user_id));
    member_link_make(context, ticket->client->service->id, &member, "grant", actor, link_out);
}

enum outcome authorize_allow(struct context *context, struct ticket *ticket, const struct session *session)
{
    struct allow_work work = { .context = context, .ticket = ticket };
    random_uuid_timed(context->now_ms, work.grant.id);
    memcpy(work.grant.user_id, session->user_id, sizeof(work.grant.user_id));
    work.grant.client_number = ticket->client->number;
    work.grant.created_at = work.grant.updated_at = context->now;
    make_link(context, ticket, session, &work.link);
    enum store_result result = db_transact(context->db, allow_in_transaction, &work);
    /* not found: the user or the client, deleted meanwhile */
    enum outcome outcome =
        store_outcome(context, result, OUTCOME_FLOW_ENDED, "the account or the application has been removed");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!work.was_member)
        event_wake(context);
    memcpy(ticket->grant_id, work.grant.id, sizeof(work.grant.id));
    ticket->has_grant = true;
    ticket->granted_scope = work.grant.scope;
    ticket->consent_shown = true;
    return OUTCOME_OK;
}

static struct authorize_answer answer_to(const struct context *context, const struct ticket *ticket)
{
    return (struct authorize_answer) {
        .response_mode = ticket->response_mode,
        .redirect_uri = ticket->redirect_uri,
        .state = ticket->state,
        .iss = context->settings->issuer, /* RFC 9207 §2 */
    };
}

struct issue_work {
    const struct context *context;
    const struct ticket *ticket;
    const struct authorization_row *authorization;
    const struct sign_in_row *sign_in;
};

/* A stored ticket gives one code, however often its form is sent. The code is a sign-in of the service's. */
static enum store_result issue_in_transaction(struct db *db, void *argument)
{
    const struct issue_work *work = argument;
    enum store_result result = STORE_OK;
    if (work->ticket->text)
        result = tickets_finish(db, work->ticket->id, work->context->now);
    if (result == STORE_OK)
        result = authorizations_add(db, work->authorization);
    return result == STORE_OK ? sign_ins_add(db, work->sign_in) : result;
}

static enum store_result store_authorization(struct context *context, const struct ticket *ticket,
                                             const struct authorization_row *authorization)
{
    struct sign_in_row sign_in = { .user_id = authorization->user_id,
                                   .kind = SIGN_IN_DONE,
                                   .provider = usage_provider(context->arena, authorization->amr),
                                   .at = context->now };
    struct issue_work work = { context, ticket, authorization, &sign_in };
    struct authorization_state there;
    memcpy(sign_in.id, authorization->id, sizeof(sign_in.id));
    memcpy(sign_in.service_id, ticket->client->service->id, sizeof(sign_in.service_id));
    enum store_result stored = db_transact(context->db, issue_in_transaction, &work);
    if (stored != STORE_UNCERTAIN)
        return stored;
    /* Its id is its own: the row is there, or nothing of it has happened. */
    stored = authorizations_find(context->db, context->arena, authorization->id, &there);
    return stored == STORE_NOT_FOUND ? STORE_FAILED : stored;
}

static struct authorization_row make_authorization(const struct context *context, const struct ticket *ticket,
                                                   const struct session *session, const struct handle *code)
{
    const struct token_binding key = { .jkt = ticket->dpop_jkt };
    struct authorization_row authorization = {
        .client_number = ticket->client->number,
        .scope = ticket->scope,
        .redirect_uri = ticket->redirect_uri,
        .redirect_uri_sent = ticket->redirect_uri_sent,
        .nonce = ticket->nonce,
        .code_challenge = ticket->code_challenge,
        .bound_to = binding_print(context->arena, &key),
        .auth_time = session->authenticated_at,
        .amr = session->method,
        .code_expires_at = context->now + context->settings->code_lifetime_s,
        .created_at = context->now,
        /* A code that nobody redeems is of use to nobody once it has expired. */
        .expires_at = context->now + context->settings->code_lifetime_s,
    };
    memcpy(authorization.id, code->id, sizeof(authorization.id));
    memcpy(authorization.grant_id, ticket->grant_id, sizeof(authorization.grant_id));
    memcpy(authorization.user_id, session->user_id, sizeof(authorization.user_id));
    memcpy(authorization.sid, session->sid, sizeof(authorization.sid));
    memcpy(authorization.code_hash, code->hash, sizeof(authorization.code_hash));
    return authorization;
}

enum outcome authorize_issue(struct context *context, struct ticket *ticket, const struct session *session,
                             struct authorize_answer *answer_out)
{
    struct handle code;
    unsigned char id[16];
    /* A first-party client skips the page, not the grant: it can be seen and withdrawn like any other. */
    if (!ticket->has_grant || *scope_minus(context->arena, ticket->scope, ticket->granted_scope)) {
        if (!ticket->client->skip_consent)
            return refuse(context, OUTCOME_CONSENT_REQUIRED, "the user has not allowed this");
        enum outcome outcome = authorize_allow(context, ticket, session);
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    random_uuid_timed(context->now_ms, id);
    handle_make(HANDLE_CODE, id, 0, &code);
    struct authorization_row authorization = make_authorization(context, ticket, session, &code);
    enum store_result stored = store_authorization(context, ticket, &authorization);
    enum outcome outcome =
        store_outcome(context, stored, OUTCOME_FLOW_ENDED, "this sign-in has been finished");
    if (outcome != OUTCOME_OK)
        return outcome;
    *answer_out = answer_to(context, ticket);
    answer_out->code = handle_print(context->keyfile, context->arena, &code);
    return OUTCOME_OK;
}

enum outcome authorize_fail(struct context *context, const struct ticket *ticket, enum outcome outcome,
                            const char *description, struct authorize_answer *answer_out)
{
    if (ticket->text) {
        enum store_result finished = tickets_finish(context->db, ticket->id, context->now);
        enum outcome stored =
            store_outcome(context, finished, OUTCOME_FLOW_ENDED, "this sign-in has been finished");
        if (stored != OUTCOME_OK)
            return stored;
    }
    *answer_out = answer_to(context, ticket);
    answer_out->error = authorize_error_name(outcome);
    answer_out->error_description = description;
    return OUTCOME_OK;
}
