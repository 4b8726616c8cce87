/* revocation.c: see revocation.h. */
#include "domain/providers/revocation.h"

#include "core/encode.h"
#include "crypto/random.h"
#include "domain/directory.h"
#include "domain/providers/vault.h"
#include "domain/sealed.h"

enum { DAY = 24 * 3600, TRIED_FOR_S = 5 * DAY, KEPT_S = 7 * DAY };

/* Seconds between attempts; the last counts for all that follow. */
static const int64_t pauses_s[] = { 30, 120, 600, 1800, 3600, 4 * 3600 };

/* --- writing it down --- */

/* One is enough where there are both: a provider ends all of a consent with its refresh token. */
static const char *token_of(struct context *context, const struct connection_row *connection)
{
    const char *token = vault_refresh_token(context, connection);
    return token ? token : vault_access_token(context, connection);
}

static enum store_result store_one(struct db *db, struct context *context,
                                   const struct connection_row *connection)
{
    const char *token = token_of(context, connection), *text;
    struct provider_revocation_row row = {
        .provider = connection->provider,
        .created_at = context->now,
        .expires_at = context->now + KEPT_S,
    };
    if (!token)
        return STORE_OK;
    random_uuid_timed(context->now_ms, row.id);
    text = arena_printf(context->arena, "%s %s", token, connection->subject); /* a token has no space */
    row.token_sealed =
        sealed_seal_text(context->keyfile, context->arena, SEALED_REVOKED_TOKEN, sealed_by_id(row.id), text);
    return provider_revocations_add(db, &row);
}

enum store_result revocation_store(struct db *db, struct context *context, const struct connection_row *rows,
                                   size_t count)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        result = store_one(db, context, &rows[i]);
    return result;
}

void revocation_wake(struct context *context)
{
    shared_mail_raise(context->shared);
}

/* --- telling the provider --- */

/* Providers end all of a consent with any of its tokens, so that of an account that has been connected anew
 * meanwhile nothing is revoked. */
static enum outcome check_account(struct context *context, const struct provider *provider,
                                  const char *subject)
{
    struct connection_row there;
    enum store_result result =
        connections_find_by_subject(context->db, context->arena, provider->name, subject, &there);
    if (result == STORE_OK && (there.access_sealed.data || there.refresh_sealed.data))
        return refuse(context, OUTCOME_NOT_FOUND, "the account has been connected anew");
    return result == STORE_NOT_FOUND ? OUTCOME_OK : store_outcome(context, result, OUTCOME_OK, NULL);
}

enum outcome revocation_send(struct context *context, const struct provider_revocation_row *row)
{
    const struct provider *provider;
    enum outcome outcome = directory_refresh(context);
    if (outcome == OUTCOME_OK)
        outcome = provider_find_even_off(context, row->provider, &provider);
    if (outcome == OUTCOME_NOT_FOUND)
        return refuse(context, outcome, "the provider was removed");
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *text = sealed_open_text(context->keyfile, context->arena, SEALED_REVOKED_TOKEN,
                                        sealed_by_id(row->id), row->token_sealed);
    const char *space = text ? strchr(text, ' ') : NULL;
    if (!space)
        return refuse(context, OUTCOME_NOT_FOUND,
                      "it can't be opened: the key that sealed it is gone from the key file");
    outcome = check_account(context, provider, space + 1);
    if (outcome != OUTCOME_OK)
        return outcome;
    return provider_revoke(context, provider, arena_strndup(context->arena, text, (size_t)(space - text)));
}

int64_t revocation_next_at(const struct provider_revocation_row *row, int64_t now)
{
    int64_t last = ARRAY_SIZE(pauses_s) - 1;
    int64_t which = row->attempts - 1 < last ? row->attempts - 1 : last;
    int64_t at = now + pauses_s[which > 0 ? which : 0];
    return at < row->created_at + TRIED_FOR_S ? at : 0;
}
