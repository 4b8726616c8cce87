/* unwritten.c: see unwritten.h. Each one has an arena of its own, since it outlives the request. */
#include "domain/providers/unwritten.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/providers/revocation.h"
#include "domain/providers/vault.h"

enum { ARENA_LIMIT = 1024 * 1024 };

struct unwritten {
    struct arena *arena; /* holds this too */
    struct connection_row row;
    struct unwritten *next;
};

/* One list per process. */
static struct unwritten *first;
static size_t kept;

size_t unwritten_count(void)
{
    return kept;
}

static bool has_tokens(const struct connection_row *row)
{
    return row->access_sealed.data || row->refresh_sealed.data;
}

struct dropped {
    struct context *context;
    const struct connection_row *row;
};

static enum store_result revoke_in_transaction(struct db *db, void *argument)
{
    const struct dropped *dropped = argument;
    return revocation_store(db, dropped->context, dropped->row, 1);
}

/* The account was taken off while its token was being refreshed, and with it only the token that it had then.
 * One whose fate isn't known is written down again: revoking a token twice does no harm. */
static enum unwritten_end revoke(struct context *context, const struct connection_row *row)
{
    struct dropped dropped = { context, row };
    if (db_transact(context->db, revoke_in_transaction, &dropped) != STORE_OK)
        return UNWRITTEN_LATER;
    revocation_wake(context);
    return UNWRITTEN_TAKEN_OFF;
}

/* The refresh token as well: it may have come alone. */
static bool has_same_tokens(struct context *context, const struct connection_row *a,
                            const struct connection_row *b)
{
    const char *access = vault_access_token(context, a);
    return access && text_equal(access, vault_access_token(context, b)) &&
           text_equal(vault_refresh_token(context, a), vault_refresh_token(context, b));
}

/* The row isn't what the tokens are for: because they are in it already (an answer of the database that was
 * lost), because of newer ones, or because it is to have none any more. Newer ones are of the same consent,
 * which at many providers ends with any of its tokens: then the ones that are dropped are left to run out. */
static enum unwritten_end look_up(struct context *context, const struct connection_row *row)
{
    struct connection_row there;
    enum store_result result = connections_find(context->db, context->arena, row->user_id, row->id, &there);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return UNWRITTEN_LATER;
    bool is_off = result == STORE_NOT_FOUND || !has_tokens(&there);
    if (!is_off && has_same_tokens(context, &there, row))
        return UNWRITTEN_DONE;
    log_info("provider_token.out_of_date provider=%s connection=%s", row->provider,
             uuid_encode(context->arena, row->id));
    return is_off ? revoke(context, row) : UNWRITTEN_DONE;
}

enum unwritten_end unwritten_write(struct context *context, const struct connection_row *row)
{
    enum store_result result = connections_write(context->db, row, clock_now_s());
    if (result == STORE_NOT_FOUND)
        return look_up(context, row);
    return result == STORE_OK ? UNWRITTEN_DONE : UNWRITTEN_LATER;
}

void unwritten_keep(const struct connection_row *row)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    struct unwritten *one = arena_alloc(arena, sizeof(*one));
    *one = (struct unwritten) { .arena = arena, .row = *row };
    const char **const texts[] = { &one->row.provider, &one->row.subject, &one->row.label,
                                   &one->row.email,    &one->row.scopes,  &one->row.display_name,
                                   &one->row.status };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *texts[i] = arena_strdup(arena, *texts[i]);
    one->row.access_sealed = arena_copy(arena, row->access_sealed.data, row->access_sealed.length);
    one->row.refresh_sealed = arena_copy(arena, row->refresh_sealed.data, row->refresh_sealed.length);
    struct unwritten **end = &first;
    while (*end)
        end = &(*end)->next;
    *end = one;
    kept++;
    log_warn("provider_token.not_written_yet provider=%s connection=%s", row->provider,
             uuid_encode(arena, row->id));
}

bool unwritten_settle(struct context *context)
{
    enum unwritten_end end;
    while (first && (end = unwritten_write(context, &first->row)) != UNWRITTEN_LATER) {
        struct unwritten *done = first;
        if (end == UNWRITTEN_DONE)
            log_info("provider_token.written_at_last connection=%s",
                     uuid_encode(context->arena, done->row.id));
        first = done->next;
        kept--;
        arena_destroy(done->arena);
    }
    return first != NULL;
}
