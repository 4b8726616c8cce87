/* connect.c: see connect.h. What comes from a provider is written in one transaction with the grant and the
 * end of the request, so that nothing of it stands alone. */
#include "domain/providers/connect.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "domain/events/event.h"
#include "domain/providers/granting.h"
#include "domain/providers/vault.h"

static const char gone[] = "there is no such request, or it is over";
static const char mismatch[] = "PROVIDER_EMAIL_MISMATCH";

/* --- making --- */

enum outcome connect_make(struct context *context, const struct new_connect_request *wanted,
                          const char **url_out)
{
    struct handle handle;
    struct provider_request_row row = { .provider = wanted->provider,
                                        .scopes = wanted->scopes,
                                        .redirect_uri = wanted->redirect_uri,
                                        .client_state = wanted->client_state,
                                        .created_at = context->now,
                                        .expires_at = context->now + CONNECT_REQUEST_S };
    random_uuid_timed(context->now_ms, row.id);
    handle_make(HANDLE_PROVIDER_REQUEST, row.id, 0, &handle);
    memcpy(row.secret_hash, handle.hash, sizeof(row.secret_hash));
    memcpy(row.service_id, wanted->service_id, sizeof(row.service_id));
    memcpy(row.user_id, wanted->user_id, sizeof(row.user_id));
    if (wanted->connection_id)
        memcpy(row.connection_id, wanted->connection_id, sizeof(row.connection_id));
    *url_out = arena_printf(context->arena, "%s/connect/provider-token/%s", context->settings->issuer,
                            handle_print(context->keyfile, context->arena, &handle));
    return store_outcome(context, provider_requests_add(context->db, &row), OUTCOME_NOT_FOUND,
                         "no such user");
}

/* --- looking --- */

static bool is_bound(const struct provider_request_row *row)
{
    static const unsigned char any[16];
    return memcmp(row->connection_id, any, sizeof(any)) != 0;
}

/* What the service may ask for can have changed since it asked. */
static bool may_still_ask(struct arena *arena, struct connect_request *request)
{
    const char *error, *allowed;
    const struct provider_request_row *row = &request->row;
    if (!service_providers_read(arena, row->service_providers, &request->settings, &error))
        return false;
    allowed = service_providers_scopes(&request->settings, row->provider);
    return allowed && provider_scopes_cover(allowed, row->scopes) &&
           service_providers_redirect_uri(&request->settings, row->redirect_uri);
}

enum outcome connect_find(struct context *context, const char *text, struct connect_request *request_out)
{
    struct handle handle;
    struct provider_request_row *row = &request_out->row;
    if (!handle_parse(context->keyfile, context->arena, HANDLE_PROVIDER_REQUEST, text, &handle))
        return refuse(context, OUTCOME_NOT_FOUND, gone);
    request_out->text = text;
    enum store_result result = provider_requests_find(context->db, context->arena, handle.id, row);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, gone);
    if (!secret_equal_hash(row->secret_hash, handle.hash) || !text_equal(row->status, "pending") ||
        row->expires_at <= context->now || !may_still_ask(context->arena, request_out))
        return refuse(context, OUTCOME_NOT_FOUND, gone);
    if (!text_equal(row->service_status, "active"))
        return refuse(context, OUTCOME_NOT_ACTIVE, "the service is switched off");
    if (!text_equal(row->user_status, "active"))
        return refuse(context, OUTCOME_FORBIDDEN, "the user is disabled");
    return OUTCOME_OK;
}

const char *connect_path(struct arena *arena, const struct connect_request *request)
{
    return arena_printf(arena, "/connect/provider-token/%s", request->text);
}

enum outcome connect_accounts(struct context *context, const struct connect_request *request,
                              struct provider_situation **accounts_out, size_t *count_out)
{
    const struct provider_request_row *row = &request->row;
    enum store_result result = provider_grants_situation(
        context->db, context->arena, row->service_id, row->user_id, row->provider, accounts_out, count_out);
    if (result == STORE_OK && *count_out == 1 && !(*accounts_out)->has_connection)
        *count_out = 0;
    return store_outcome(context, result, OUTCOME_NOT_FOUND, gone);
}

bool connect_covers(const struct connect_request *request, const struct connection_row *connection)
{
    const struct provider_request_row *row = &request->row;
    if (is_bound(row) && memcmp(row->connection_id, connection->id, sizeof(row->connection_id)) != 0)
        return false;
    return text_equal(connection->status, "active") && connection->access_sealed.data &&
           provider_scopes_cover(connection->scopes, row->scopes);
}

/* What the service holds of an account once the request is granted. */
static const char *granted_then(struct arena *arena, const struct connect_request *request,
                                const struct provider_situation *account)
{
    const char *allowed = service_providers_scopes(&request->settings, request->row.provider);
    const char *had = account && account->has_grant ? account->grant.scopes : "";
    return granting_join(arena, granting_common(arena, had, allowed), request->row.scopes);
}

static bool has_excess(struct context *context, const struct connect_request *request,
                       const struct provider_kind *kind, const struct provider_situation *account)
{
    return *granting_excess(context->arena, kind, account->connection.scopes,
                            granted_then(context->arena, request, account)) != '\0';
}

bool connect_fits(struct context *context, const struct connect_request *request,
                  const struct provider_situation *account)
{
    const struct provider_kind *kind;
    if (!connect_covers(request, &account->connection) ||
        granting_kind(context, request->row.provider, &kind) != OUTCOME_OK || !kind)
        return false;
    return !has_excess(context, request, kind, account);
}

/* --- what is asked for --- */

/* The account that the token is most likely for: the one that the request is bound to, or the one that the
 * service knows, or the only one; NULL: that can't be said. */
static const struct provider_situation *likely(const struct connect_request *request,
                                               const struct provider_situation *accounts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool meant = is_bound(&request->row)
                         ? memcmp(accounts[i].connection.id, request->row.connection_id, 16) == 0
                         : accounts[i].has_grant || count == 1;
        if (meant)
            return &accounts[i];
    }
    return NULL;
}

/*
 * What an account has already stays where the provider can add to it (or is asked for again where it can't),
 * but never more than the service then holds: a token that can do more isn't handed to it.
 */
enum outcome connect_wishes(struct context *context, const struct connect_request *request,
                            const struct provider *provider, struct provider_authorization *wishes_out)
{
    struct arena *arena = context->arena;
    struct provider_situation *accounts;
    size_t count;
    enum outcome outcome = connect_accounts(context, request, &accounts, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct provider_situation *account = likely(request, accounts, count);
    const char *scopes = granted_then(arena, request, account);
    const char *had = account ? account->connection.scopes : "";
    *wishes_out = (struct provider_authorization) {
        .login_hint = account ? account->connection.email : request->row.user_email,
        .offline = provider->kind->refreshes,
        .adding = provider->kind->adding_parameters && account &&
                  text_equal(account->connection.status, "active") && *had &&
                  *provider_scopes_missing(arena, had, scopes) &&
                  !has_excess(context, request, provider->kind, account),
    };
    /* what is asked for in every case, and told to be given only to who asked for it, is named here */
    if (wishes_out->adding)
        scopes = granting_join(arena, granting_common(arena, scopes, "openid offline_access"),
                               provider_scopes_missing(arena, had, scopes));
    /* so that it can be seen whose account it is */
    wishes_out->scopes = provider->kind->is_oidc ? granting_join(arena, scopes, "email") : scopes;
    return OUTCOME_OK;
}

/* --- the end of a request --- */

struct ending {
    struct context *context;
    const struct connect_request *request;
    struct connection_row connection;
    bool is_new, writes;    /* whether the connection is added, or written */
    bool has_refresh_token; /* a new one came */
    const char *actor;
};

static enum store_result write_connection(struct db *db, struct ending *ending)
{
    struct connection_row there;
    const struct connection_row *row = &ending->connection;
    if (ending->is_new)
        return connections_add(db, row);
    enum store_result result = connections_lock(db, ending->context->arena, row->user_id, row->id, &there);
    if (result != STORE_OK || !ending->writes)
        return result;
    struct connection_row written = *row;
    written.version = there.version;
    /* what a refresh has put there since the row was read is newer than what was read */
    if (!ending->has_refresh_token)
        written.refresh_sealed = there.refresh_sealed;
    return connections_write(db, &written, ending->context->now);
}

static enum store_result end_in_transaction(struct db *db, void *argument)
{
    struct ending *ending = argument;
    const struct provider_request_row *row = &ending->request->row;
    struct granting granting = {
        .context = ending->context,
        .connection_id = ending->connection.id,
        .service_id = row->service_id,
        .user_id = row->user_id,
        .provider = row->provider,
        .scopes = row->scopes,
        .allowed = service_providers_scopes(&ending->request->settings, row->provider),
        .actor = ending->actor,
    };
    enum store_result result = provider_requests_complete(db, row->id, ending->context->now);
    if (result == STORE_OK)
        result = write_connection(db, ending);
    return result == STORE_OK ? granting_store(db, &granting) : result;
}

/* One whose fate isn't known: the request says whether it was done. */
static enum store_result look_up(struct ending *ending)
{
    struct context *context = ending->context;
    struct provider_request_row there;
    enum store_result result =
        provider_requests_find(context->db, context->arena, ending->request->row.id, &there);
    if (result == STORE_OK && text_equal(there.status, "pending"))
        result = db_transact(context->db, end_in_transaction, ending);
    return result;
}

static enum outcome end_request(struct ending *ending)
{
    struct context *context = ending->context;
    enum store_result result = db_transact(context->db, end_in_transaction, ending);
    if (result == STORE_UNCERTAIN)
        result = look_up(ending);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "PROVIDER_ACCOUNT_CONFLICT");
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, gone);
    if (outcome == OUTCOME_OK)
        event_wake(context);
    return outcome;
}

enum outcome connect_allow(struct context *context, const struct connect_request *request,
                           const unsigned char connection_id[16], const char *actor)
{
    struct ending ending = { .context = context, .request = request, .actor = actor };
    struct connection_row *connection = &ending.connection;
    enum store_result result =
        connections_find(context->db, context->arena, request->row.user_id, connection_id, connection);
    if (result == STORE_OK && !text_equal(connection->provider, request->row.provider))
        result = STORE_NOT_FOUND;
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "there is no such account");
    if (!connect_covers(request, connection))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the account's token doesn't have all scopes");
    enum outcome outcome = end_request(&ending);
    return outcome == OUTCOME_ALREADY_EXISTS ? end_request(&ending) : outcome;
}

/* --- what came from the provider --- */

static enum outcome wrong(struct context *context, const char *word)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, word);
}

const char *connect_address_scope(struct arena *arena, const struct provider *provider)
{
    const char *word, *cursor = provider->sign_in_scopes;
    size_t length;
    while (cursor && text_next_word(&cursor, ' ', &word, &length)) {
        const char *scope = arena_strndup(arena, word, length);
        if (strstr(scope, "email"))
            return scope;
    }
    return NULL;
}

/* Whether an address that is the same there and here says that who came is the user. Of an account to which
 * somebody has come already both have to be proven: one that was only claimed here would get who claimed it
 * the account of its owner, one that was only claimed there would put a stranger's account in the user's
 * place. To one that a service made nobody could have signed in: there the address is all that there is. */
static bool is_told_by_address(const struct provider_request_row *row,
                               const struct provider_identity *identity)
{
    return !row->user_has_come || (row->user_email_verified && identity->email_vouched);
}

/* So that nobody gets another's account by sending them the address of their own request: it has to be of the
 * user's address, and that has to tell who it is, unless the user is known to be there. */
static enum outcome check_address(struct context *context, const struct connect_request *request,
                                  const struct connect_arrival *arrival)
{
    const struct provider_identity *identity = arrival->identity;
    const char *scope = connect_address_scope(context->arena, arrival->provider);
    bool is_same = text_equal_ascii_case(identity->email, request->row.user_email);
    if (arrival->is_known && (is_same || !identity->email))
        return OUTCOME_OK;
    if (is_same)
        return is_told_by_address(&request->row, identity)
                   ? OUTCOME_OK
                   : refuse(context, OUTCOME_UNAUTHENTICATED, mismatch);
    if (!identity->email && scope && !provider_scopes_cover(arrival->asked, scope))
        return refuse(context, OUTCOME_CONSENT_REQUIRED, "the provider has to tell the address");
    return wrong(context, mismatch);
}

static enum outcome check_account(struct context *context, const struct connect_request *request,
                                  const struct connect_arrival *arrival, const struct connection_row *there)
{
    const struct provider_request_row *row = &request->row;
    if (there && memcmp(there->user_id, row->user_id, sizeof(row->user_id)) != 0)
        return wrong(context, "PROVIDER_ACCOUNT_CONFLICT");
    if (is_bound(row) && (!there || memcmp(there->id, row->connection_id, sizeof(row->connection_id)) != 0))
        return wrong(context, "PROVIDER_ACCOUNT_CONFLICT");
    /* an account that is theirs already has been proven to be */
    return there ? OUTCOME_OK : check_address(context, request, arrival);
}

/* What the provider says of the person. Without the scopes for it, it says less than it did before: then what
 * is known stays. */
static void fill_person(const struct provider_identity *identity, struct connection_row *row)
{
    if (identity->email) {
        row->email = identity->email;
        row->email_verified = identity->email_vouched;
    }
    if (!text_empty(identity->name))
        row->display_name = identity->name;
    if (row->email || row->display_name)
        row->label = row->email ? row->email : row->display_name;
}

/* The row of the account as it is going to be; there: as it is, NULL: it isn't. */
static void fill_connection(struct context *context, const struct connect_request *request,
                            const struct connect_arrival *arrival, const struct connection_row *there,
                            struct connection_row *row_out)
{
    const struct provider_identity *identity = arrival->identity;
    if (there) {
        *row_out = *there;
    } else {
        *row_out = (struct connection_row) { .provider = arrival->provider->name,
                                             .subject = identity->subject,
                                             .label = "",
                                             .created_at = context->now };
        random_uuid_timed(context->now_ms, row_out->id);
        memcpy(row_out->user_id, request->row.user_id, sizeof(row_out->user_id));
    }
    fill_person(identity, row_out);
    row_out->updated_at = context->now;
    vault_seal(context, arrival->tokens, row_out);
}

static enum outcome complete_once(struct context *context, const struct connect_request *request,
                                  const struct connect_arrival *arrival)
{
    const struct provider_request_row *row = &request->row;
    struct connection_row there;
    struct ending ending = { .context = context,
                             .request = request,
                             .writes = true,
                             .has_refresh_token = arrival->tokens->refresh_token != NULL };
    if (!text_equal(arrival->provider->name, row->provider))
        return wrong(context, "PROVIDER_CONTEXT_MISMATCH");
    if (!provider_scopes_cover(arrival->tokens->scopes, row->scopes))
        return wrong(context, "PROVIDER_SCOPE_CONSENT_REQUIRED");
    enum store_result result = connections_find_by_subject(context->db, context->arena, row->provider,
                                                           arrival->identity->subject, &there);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, gone);
    ending.is_new = result == STORE_NOT_FOUND;
    enum outcome outcome = check_account(context, request, arrival, ending.is_new ? NULL : &there);
    if (outcome != OUTCOME_OK)
        return outcome;
    fill_connection(context, request, arrival, ending.is_new ? NULL : &there, &ending.connection);
    ending.actor = arena_printf(context->arena, "user:%s", uuid_encode(context->arena, row->user_id));
    return end_request(&ending);
}

/* Of two that connect the same account at once, the second finds it. */
enum outcome connect_complete(struct context *context, const struct connect_request *request,
                              const struct connect_arrival *arrival)
{
    enum outcome outcome = complete_once(context, request, arrival);
    if (outcome == OUTCOME_ALREADY_EXISTS)
        outcome = complete_once(context, request, arrival);
    return outcome == OUTCOME_ALREADY_EXISTS ? wrong(context, "PROVIDER_ACCOUNT_CONFLICT") : outcome;
}

/* --- the way back --- */

static void add_pair(struct strbuf *pairs, const char *name, const char *value)
{
    if (value)
        strbuf_add_format(pairs, "%s%s=%s", pairs->length ? "&" : "", name,
                          percent_encode(pairs->arena, value));
}

const char *connect_return_url(struct arena *arena, const struct connect_request *request, const char *error)
{
    struct strbuf pairs = strbuf_start(arena);
    add_pair(&pairs, "provider_grant", error ? "error" : "success");
    add_pair(&pairs, "error", error);
    add_pair(&pairs, "provider", request->row.provider);
    add_pair(&pairs, "state", request->row.client_state);
    return uri_add_query(arena, request->row.redirect_uri, pairs.data);
}
