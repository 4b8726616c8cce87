/*
 * provider_token.c: see provider_token.h. The contract's decision table is steps[] below; which step an
 * account stands at is look_at(). One statement reads all that it takes; a token that is used again within a
 * minute writes nothing.
 */
#include "domain/providers/provider_token.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/events/event.h"
#include "domain/providers/connect.h"
#include "domain/providers/granting.h"
#include "domain/providers/vault.h"

enum { TOUCH_INTERVAL_S = 60, MAX_STATE = 2000 };

/* From what is farthest from a token to the token. Of several accounts, the one that is nearest counts. */
enum step {
    NO_ACCOUNT,
    ACCOUNT_TOO_NARROW,
    NO_GRANT,
    GRANT_TOO_NARROW,
    TOKEN_TOO_WIDE,
    TOKEN_STALE,
    TOKEN_GOOD,
};

enum missing { NONE_MISSING, ALL_MISSING, NOT_GRANTED };

static const struct {
    const char *code;
    enum missing missing;
    bool is_bound; /* to the account that it is about */
} steps[] = {
    [NO_ACCOUNT] = { "PROVIDER_LINK_REQUIRED", ALL_MISSING, false },
    [ACCOUNT_TOO_NARROW] = { "PROVIDER_SCOPE_CONSENT_REQUIRED", ALL_MISSING, false },
    [NO_GRANT] = { "PROVIDER_GRANT_REQUIRED", NONE_MISSING, false },
    [GRANT_TOO_NARROW] = { "PROVIDER_SCOPE_CONSENT_REQUIRED", NOT_GRANTED, true },
    [TOKEN_TOO_WIDE] = { "PROVIDER_REAUTH_REQUIRED", NONE_MISSING, true },
    [TOKEN_STALE] = { "PROVIDER_REAUTH_REQUIRED", NONE_MISSING, true },
    [TOKEN_GOOD] = { NULL, NONE_MISSING, true },
};

struct decision {
    struct context *context;
    const struct provider_token_request *request;
    const struct provider_kind *kind;
    const char *allowed, *scopes; /* scopes: that are asked for */
    enum step step;
    struct provider_situation *account; /* NULL: none */
    const char *access_token;
};

/* --- the table --- */

static enum step look_at(const struct decision *decision, const struct provider_situation *account)
{
    struct arena *arena = decision->context->arena;
    const struct connection_row *connection = &account->connection;
    if (!account->has_connection)
        return NO_ACCOUNT;
    bool covers = provider_scopes_cover(connection->scopes, decision->scopes);
    if (!account->has_grant)
        return covers ? NO_GRANT : ACCOUNT_TOO_NARROW;
    if (!provider_scopes_cover(account->grant.scopes, decision->scopes))
        return GRANT_TOO_NARROW;
    if (!covers)
        return ACCOUNT_TOO_NARROW;
    const char *may = granting_common(arena, account->grant.scopes, decision->allowed);
    if (*granting_excess(arena, decision->kind, connection->scopes, may))
        return TOKEN_TOO_WIDE;
    return text_equal(connection->status, "active") ? TOKEN_GOOD : TOKEN_STALE;
}

static void choose(struct decision *decision, struct provider_situation *accounts, size_t count)
{
    decision->step = NO_ACCOUNT;
    for (size_t i = 0; i < count; i++) {
        enum step step = look_at(decision, &accounts[i]);
        if (step > decision->step) {
            decision->step = step;
            decision->account = &accounts[i];
        }
    }
}

/* --- the answers --- */

static const char *missing_scopes(const struct decision *decision)
{
    switch (steps[decision->step].missing) {
    case ALL_MISSING:
        return decision->scopes;
    case NOT_GRANTED:
        return provider_scopes_missing(decision->context->arena, decision->account->grant.scopes,
                                       decision->scopes);
    case NONE_MISSING:
        break;
    }
    return "";
}

/* A token that holds whatever was allowed before can't be had narrower, and is handed only to who may have
 * all of it: so the person is asked for that. */
static const char *scopes_to_grant(const struct decision *decision)
{
    struct arena *arena = decision->context->arena;
    if (!decision->account || !decision->kind->accumulates)
        return decision->scopes;
    return granting_join(arena, decision->scopes,
                         granting_common(arena, decision->account->connection.scopes, decision->allowed));
}

static enum outcome ask_person(const struct decision *decision, struct provider_token_answer *answer)
{
    struct context *context = decision->context;
    const struct provider_token_request *request = decision->request;
    const char *redirect_uri = service_providers_redirect_uri(request->settings, request->redirect_uri);
    answer->code = steps[decision->step].code;
    answer->missing_scopes = missing_scopes(decision);
    if (request->only_asks)
        return OUTCOME_OK;
    if (!redirect_uri)
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      request->redirect_uri ? "redirect_uri is not a registered one"
                                            : "the service has no redirect URI for providers registered");
    if (request->client_state && strlen(request->client_state) > MAX_STATE)
        return refuse(context, OUTCOME_INVALID_REQUEST, "state must have at most 2000 bytes");
    const struct new_connect_request wanted = {
        .service_id = request->service_id,
        .user_id = request->user_id,
        .provider = request->provider,
        .scopes = scopes_to_grant(decision),
        .redirect_uri = redirect_uri,
        .client_state = request->client_state,
        .connection_id = steps[decision->step].is_bound ? decision->account->connection.id : NULL,
    };
    return connect_make(context, &wanted, &answer->reauth_url);
}

struct use {
    const struct provider_grant_row *grant;
    int64_t now;
    struct history_row history;
};

static enum store_result note_in_transaction(struct db *db, void *argument)
{
    const struct use *use = argument;
    enum store_result result =
        provider_grants_touch(db, use->grant->id, use->now, use->now - TOUCH_INTERVAL_S);
    return result == STORE_OK ? history_add(db, &use->history) : result;
}

/* Notes the grant's use, and in history who had the token. A note that fails is nobody's problem. */
static void note_use(const struct decision *decision)
{
    struct context *context = decision->context;
    const struct provider_token_request *request = decision->request;
    const struct provider_grant_row *grant = &decision->account->grant;
    struct json_writer writer = json_writer_start(context->arena);
    struct event_rows rows;
    if (grant->last_used_at > context->now - TOUCH_INTERVAL_S)
        return;
    json_open_object(&writer, NULL);
    json_write_text(&writer, "provider", request->provider);
    json_write_text(&writer, "account_id", uuid_encode(context->arena, decision->account->connection.id));
    json_write_words(&writer, "scopes", grant->scopes, ' ');
    json_close_object(&writer);
    const struct event event = { .type = "provider_token.used",
                                 .service_id = request->service_id,
                                 .subject = uuid_encode(context->arena, request->user_id),
                                 .actor = request->actor,
                                 .data = writer.text.data };
    event_make(context, &event, &rows);
    struct use use = { .grant = grant, .now = context->now, .history = event_history(&rows) };
    enum store_result result = db_transact(context->db, note_in_transaction, &use);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        log_warn("provider_token.use_not_noted");
}

static enum outcome hand_out(const struct decision *decision, struct provider_token_answer *answer)
{
    answer->account = decision->account->connection;
    answer->access_token = decision->access_token;
    answer->scopes = decision->account->grant.scopes;
    /* a database that is away has kept this request for long enough */
    if (!vault_is_owing())
        note_use(decision);
    return OUTCOME_OK;
}

/* --- the checks, in the contract's order --- */

static enum outcome check_scopes(struct decision *decision)
{
    struct context *context = decision->context;
    const struct provider_token_request *request = decision->request;
    enum outcome outcome = granting_kind(context, request->provider, &decision->kind);
    if (outcome != OUTCOME_OK)
        return outcome;
    decision->allowed = service_providers_scopes(request->settings, request->provider);
    if (!decision->allowed || !decision->kind)
        return refuse(context, OUTCOME_FORBIDDEN, "the service may not ask for tokens of this provider");
    decision->scopes =
        *request->scopes ? granting_join(context->arena, request->scopes, "") : decision->allowed;
    if (!provider_scopes_cover(decision->allowed, decision->scopes))
        return refuse(context, OUTCOME_FORBIDDEN, "the service may not ask for all of these scopes");
    return OUTCOME_OK;
}

static enum outcome read_accounts(struct decision *decision, struct provider_situation **accounts_out,
                                  size_t *count_out)
{
    struct context *context = decision->context;
    const struct provider_token_request *request = decision->request;
    enum store_result result =
        provider_grants_situation(context->db, context->arena, request->service_id, request->user_id,
                                  request->provider, accounts_out, count_out);
    if (result == STORE_OK && *count_out == 0)
        result = STORE_NOT_FOUND;
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such user");
    if (!text_equal((*accounts_out)->user_status, "active"))
        return refuse(context, OUTCOME_FORBIDDEN, "the user is disabled");
    return OUTCOME_OK;
}

/* --- fresh --- */

/* Asking a provider takes its time, in which a grant can be withdrawn and the account taken off. */
static enum outcome look_again(struct decision *decision, const unsigned char account_id[16])
{
    struct provider_situation *accounts;
    size_t count;
    enum outcome outcome = read_accounts(decision, &accounts, &count);
    decision->step = NO_ACCOUNT;
    decision->account = NULL;
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
        if (memcmp(accounts[i].connection.id, account_id, sizeof(accounts[i].connection.id)) != 0)
            continue;
        decision->account = &accounts[i];
        decision->step = look_at(decision, &accounts[i]);
    }
    return outcome;
}

/* A token that is about to end is refreshed, whereby its scopes can change. */
static enum outcome freshen(struct decision *decision)
{
    struct connection_row row, *had = &decision->account->connection;
    enum outcome outcome = vault_fresh_token(decision->context, NULL, had, &row, &decision->access_token);
    if (outcome == OUTCOME_UNAVAILABLE)
        return outcome;
    if (outcome != OUTCOME_OK) {
        decision->step = TOKEN_STALE;
        return OUTCOME_OK;
    }
    bool is_other = row.access_sealed.data != had->access_sealed.data;
    *had = row;
    /* a database that is away has nothing newer to tell */
    if (is_other && !vault_is_owing())
        return look_again(decision, row.id);
    decision->step = look_at(decision, decision->account);
    return OUTCOME_OK;
}

enum outcome provider_token_get(struct context *context, const struct provider_token_request *request,
                                struct provider_token_answer *answer_out)
{
    struct decision decision = { .context = context, .request = request };
    struct provider_situation *accounts;
    size_t count;
    *answer_out = (struct provider_token_answer) { .code = NULL };
    enum outcome outcome = read_accounts(&decision, &accounts, &count);
    if (outcome == OUTCOME_OK)
        outcome = check_scopes(&decision);
    if (outcome != OUTCOME_OK)
        return outcome;
    choose(&decision, accounts, count);
    if (decision.step == TOKEN_GOOD)
        outcome = freshen(&decision);
    if (outcome != OUTCOME_OK)
        return outcome;
    return decision.step == TOKEN_GOOD ? hand_out(&decision, answer_out) : ask_person(&decision, answer_out);
}
