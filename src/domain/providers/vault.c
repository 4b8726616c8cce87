/*
 * vault.c: see vault.h.
 *
 * A refresh token of many providers is good for one use, and what comes for it is its only successor: so one
 * process asks at a time (a claim in the row, which one UPDATE gives to one), and what was answered is
 * written before anything else is done, even when there is no access token in it. A claim runs out when its
 * holder is dead. A writer who finds another version of the row drops what it has: the person has connected
 * the account anew meanwhile.
 */
#include "domain/providers/vault.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/providers/unwritten.h"
#include "domain/sealed.h"

#include <time.h>

enum {
    FRESH_S = 5 * 60,
    FAILED_PAUSE_MS = 2 * 1000, /* after a refresh that failed, nobody tries */
    WAIT_MS = 10 * 1000,        /* for another's refresh */
    ASK_MS = 8500,              /* a provider may take 8 seconds */
    WRITE_MS = 2 * 1000,        /* then the answer is kept in the process */
    FIRST_PAUSE_MS = 20,
    LONGEST_PAUSE_MS = 500,
    MAX_SCOPES = 2000 /* as the column */
};

/* --- sealing --- */

static struct bytes seal(struct context *context, enum sealed_column column, const struct connection_row *row,
                         const char *token)
{
    return sealed_seal_text(context->keyfile, context->arena, column, sealed_by_id(row->id), token);
}

static const char *unseal(struct context *context, enum sealed_column column,
                          const struct connection_row *row, struct bytes sealed)
{
    return sealed_open_text(context->keyfile, context->arena, column, sealed_by_id(row->id), sealed);
}

const char *vault_access_token(struct context *context, const struct connection_row *row)
{
    return unseal(context, SEALED_ACCESS_TOKEN, row, row->access_sealed);
}

const char *vault_refresh_token(struct context *context, const struct connection_row *row)
{
    return unseal(context, SEALED_REFRESH_TOKEN, row, row->refresh_sealed);
}

void vault_seal(struct context *context, const struct provider_tokens *tokens, struct connection_row *row)
{
    bool fits = strlen(tokens->scopes) <= MAX_SCOPES && text_is_printable(tokens->scopes);
    row->access_sealed = seal(context, SEALED_ACCESS_TOKEN, row, tokens->access_token);
    if (tokens->refresh_token)
        row->refresh_sealed = seal(context, SEALED_REFRESH_TOKEN, row, tokens->refresh_token);
    row->scopes = fits ? tokens->scopes : "";
    row->token_expires_at = tokens->expires_at;
    row->status = "active";
}

void vault_empty(struct connection_row *row)
{
    row->access_sealed = row->refresh_sealed = (struct bytes) { NULL, 0 };
    row->token_expires_at = 0;
    row->status = "broken";
}

/* --- writing what was answered --- */

static void sleep_ms(int64_t ms)
{
    const struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000L };
    (void)nanosleep(&pause, NULL);
}

static int64_t longer(int64_t pause_ms)
{
    return pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause_ms * 2;
}

bool vault_settle(struct context *context)
{
    return unwritten_settle(context);
}

bool vault_is_owing(void)
{
    return unwritten_count() > 0;
}

/* The token is good whether it is written yet or not, unless the account was taken off: then false. What a
 * database that is away doesn't take within a moment, the process keeps. */
static bool write_answer(struct context *context, const struct connection_row *row)
{
    int64_t end_ms = clock_mono_ms() + WRITE_MS;
    for (int64_t pause = FIRST_PAUSE_MS; clock_mono_ms() < end_ms; pause = longer(pause)) {
        enum unwritten_end end = unwritten_write(context, row);
        if (end != UNWRITTEN_LATER)
            return end == UNWRITTEN_DONE;
        sleep_ms(pause);
    }
    unwritten_keep(row);
    return true;
}

/* --- one refresh at a time --- */

struct refresh {
    struct context *context;
    const struct provider *provider;
    struct connection_row *row; /* as it was read last */
    unsigned char claim[16];
    int64_t begin_until_ms, wait_until_ms; /* as of clock_mono_ms() */
    const char *token;                     /* out */
};

static bool is_broken(const struct connection_row *row)
{
    return text_equal(row->status, "broken");
}

/* Whether the row's token does; then it is taken. */
static bool take_fresh(struct refresh *refresh)
{
    const struct connection_row *row = refresh->row;
    if (is_broken(row) || (row->token_expires_at && row->token_expires_at <= clock_now_s() + FRESH_S))
        return false;
    refresh->token = vault_access_token(refresh->context, row);
    return refresh->token != NULL;
}

static bool is_claimed_by(const struct connection_row *row, const unsigned char claim[16])
{
    return memcmp(row->refresh_claim, claim, sizeof(row->refresh_claim)) == 0;
}

static enum outcome tell_failure(struct refresh *refresh, enum outcome outcome, const char *reason)
{
    log_info("provider_token.not_refreshed provider=%s connection=%s reason=\"%s\"", refresh->row->provider,
             uuid_encode(refresh->context->arena, refresh->row->id), reason ? reason : "");
    return refuse(refresh->context, outcome, reason);
}

static enum outcome give_up(struct refresh *refresh, enum outcome outcome)
{
    struct context *context = refresh->context;
    const char *reason = context->reason;
    enum store_result result =
        outcome == OUTCOME_PROVIDER_REFUSED
            ? connections_break(context->db, refresh->row, clock_now_s())
            : connections_release(context->db, refresh->row, refresh->claim, FAILED_PAUSE_MS);
    if (outcome == OUTCOME_PROVIDER_REFUSED && result == STORE_OK)
        refresh->row->status = "broken";
    return tell_failure(refresh, outcome, reason);
}

/* Writing gave the claim back: it is taken once more, for the pause behind a failure. What isn't written yet
 * keeps its claim, so that nobody goes by the old token meanwhile. */
static void pause_after_writing(struct refresh *refresh)
{
    struct context *context = refresh->context;
    struct connection_row written = *refresh->row;
    written.version++;
    if (connections_claim(context->db, &written, refresh->claim) != STORE_OK ||
        connections_release(context->db, &written, refresh->claim, FAILED_PAUSE_MS) != STORE_OK)
        log_debug("provider_token.no_pause connection=%s", uuid_encode(context->arena, written.id));
}

/*
 * What came is no access token, but the refresh token beside it may well have taken the place of the one that
 * was shown, which is worth nothing then: it is kept as one of a good answer is. The access token stays as
 * old as it was, so that the next one who wants it asks again.
 */
static enum outcome give_up_by_half(struct refresh *refresh, const char *token)
{
    struct context *context = refresh->context;
    struct connection_row *row = refresh->row;
    const char *reason = context->reason, *access = vault_access_token(context, row);
    row->refresh_sealed = seal(context, SEALED_REFRESH_TOKEN, row, token);
    if (access)
        row->access_sealed = seal(context, SEALED_ACCESS_TOKEN, row, access);
    if (!write_answer(context, row))
        return refuse(context, OUTCOME_PROVIDER_REFUSED, "the account was taken off meanwhile");
    pause_after_writing(refresh);
    log_info("provider_token.refresh_token_kept provider=%s connection=%s", row->provider,
             uuid_encode(context->arena, row->id));
    return tell_failure(refresh, OUTCOME_PROVIDER_FAILED, reason);
}

/* This process alone asks. */
static enum outcome refresh_now(struct refresh *refresh)
{
    struct context *context = refresh->context;
    struct connection_row *row = refresh->row;
    struct provider_tokens tokens;
    const char *old = vault_refresh_token(context, row);
    if (!old)
        return give_up(refresh, refuse(context, OUTCOME_PROVIDER_FAILED,
                                       "the refresh token doesn't open: is its key gone from the key file?"));
    const struct provider_refreshing refreshing = { .token = old,
                                                    .subject = row->subject,
                                                    .scopes = row->scopes };
    enum outcome outcome = provider_refresh(context, refresh->provider, &refreshing, &tokens);
    if (outcome == OUTCOME_PROVIDER_FAILED && tokens.refresh_token && !text_equal(tokens.refresh_token, old))
        return give_up_by_half(refresh, tokens.refresh_token);
    if (outcome != OUTCOME_OK)
        return give_up(refresh, outcome);
    vault_seal(context, &tokens, row);
    if (!write_answer(context, row))
        return refuse(context, OUTCOME_PROVIDER_REFUSED, "the account was taken off meanwhile");
    refresh->token = tokens.access_token;
    log_info("provider_token.refreshed provider=%s connection=%s", row->provider,
             uuid_encode(context->arena, row->id));
    return OUTCOME_OK;
}

static enum outcome look_again(struct refresh *refresh)
{
    struct context *context = refresh->context;
    const struct connection_row seen = *refresh->row;
    return store_outcome(context,
                         connections_find(context->db, context->arena, seen.user_id, seen.id, refresh->row),
                         OUTCOME_PROVIDER_REFUSED, "the connection is gone");
}

/* Whether this process got the claim. One that isn't known to be ours is looked up. */
static enum outcome claim(struct refresh *refresh, bool *ours_out)
{
    struct context *context = refresh->context;
    struct connection_row *row = refresh->row;
    enum store_result result = connections_claim(context->db, row, refresh->claim);
    *ours_out = result == STORE_OK;
    if (*ours_out)
        return OUTCOME_OK;
    enum outcome outcome = look_again(refresh);
    *ours_out = outcome == OUTCOME_OK && is_claimed_by(row, refresh->claim);
    return outcome;
}

/* When nobody holds it and yet it mustn't be claimed, a refresh has just failed. */
static bool has_just_failed(const struct connection_row *row)
{
    static const unsigned char nobody[16];
    return is_claimed_by(row, nobody) && row->is_held;
}

static bool can_refresh(const struct refresh *refresh)
{
    return refresh->provider->kind->refreshes && refresh->row->refresh_sealed.data &&
           !is_broken(refresh->row);
}

/* Milliseconds that asking and writing may take, be the provider slow and the database stuck. */
static int64_t ask_ms(const struct context *context)
{
    return ASK_MS + context->settings->database_timeout_s * 1000;
}

/* A worker that is still busy at the end of its request's time is killed, and with it what it was told. */
static void set_limits(struct refresh *refresh)
{
    int64_t now_ms = clock_mono_ms();
    int64_t left_ms =
        refresh->context->settings->request_deadline_s * 1000 - (clock_now_ms() - refresh->context->now_ms);
    int64_t wait_ms = left_ms - WRITE_MS < WAIT_MS ? left_ms - WRITE_MS : WAIT_MS;
    int64_t spare_ms = left_ms - ask_ms(refresh->context);
    refresh->begin_until_ms = now_ms + (spare_ms > FIRST_PAUSE_MS ? spare_ms : FIRST_PAUSE_MS);
    refresh->wait_until_ms = now_ms + (wait_ms > FIRST_PAUSE_MS ? wait_ms : FIRST_PAUSE_MS);
}

/* Whether this round ended it, and how. */
static bool one_round(struct refresh *refresh, enum outcome *outcome_out)
{
    struct context *context = refresh->context;
    bool ours = false;
    *outcome_out = OUTCOME_OK;
    if (take_fresh(refresh))
        return true;
    if (!can_refresh(refresh))
        *outcome_out = refuse(context, OUTCOME_PROVIDER_REFUSED, "the token can't be refreshed");
    else if (has_just_failed(refresh->row))
        *outcome_out = refuse(context, OUTCOME_PROVIDER_FAILED, "the provider has just failed");
    else if (clock_mono_ms() <= refresh->begin_until_ms)
        *outcome_out = claim(refresh, &ours);
    else
        *outcome_out = look_again(refresh);
    if (*outcome_out == OUTCOME_OK && ours)
        *outcome_out = refresh_now(refresh);
    return ours || *outcome_out != OUTCOME_OK;
}

/* The holder of the claim is slow, or dead: a token that is about to end is better than none. */
static enum outcome end_waiting(struct refresh *refresh)
{
    struct context *context = refresh->context;
    if (refresh->row->token_expires_at > clock_now_s() + LONGEST_PAUSE_MS / 1000)
        refresh->token = vault_access_token(context, refresh->row);
    if (refresh->token)
        return OUTCOME_OK;
    context->retry_after_s = WAIT_MS / 1000;
    return refuse(context, OUTCOME_UNAVAILABLE, "the token is being refreshed elsewhere");
}

static enum outcome refresh_or_wait(struct refresh *refresh)
{
    enum outcome outcome;
    for (int64_t pause = FIRST_PAUSE_MS; clock_mono_ms() < refresh->wait_until_ms; pause = longer(pause)) {
        if (one_round(refresh, &outcome))
            return outcome;
        sleep_ms(pause);
    }
    return end_waiting(refresh);
}

enum outcome vault_fresh_token(struct context *context, const struct provider *provider,
                               const struct connection_row *row, struct connection_row *row_out,
                               const char **access_token_out)
{
    struct refresh refresh = { .context = context, .provider = provider, .row = row_out };
    enum outcome outcome = OUTCOME_OK;
    *row_out = *row;
    if (!take_fresh(&refresh)) {
        if (!provider)
            outcome = provider_find(context, row->provider, &refresh.provider);
        if (outcome != OUTCOME_OK)
            return outcome;
        vault_settle(context);
        random_bytes(refresh.claim, sizeof(refresh.claim));
        set_limits(&refresh);
        outcome = refresh_or_wait(&refresh);
    }
    *access_token_out = refresh.token;
    return outcome;
}
