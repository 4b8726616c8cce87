/* once.c: see once.h. */
#include "domain/once.h"

#include "crypto/digest.h"
#include "domain/context.h"
#include "store/used_ids.h"

/* lengths first, so that no owner and name can spell another's */
static void hash(struct context *context, const char *kind, const char *owner, const char *name,
                 unsigned char id_out[32])
{
    sha256_text(arena_printf(context->arena, "%s %zu %s %s", kind, strlen(owner), owner, name), id_out);
}

void once_note(struct context *context, const char *kind, const char *owner, const char *name,
               struct once_item item)
{
    struct once *once = &context->once;
    if (once->count == ONCE_MAX)
        bug("a request brings more than can be spent");
    hash(context, kind, owner, name, item.id);
    once->items[once->count++] = item;
}

bool once_is_first(struct context *context, const char *kind, const char *owner, const char *name,
                   int64_t expires_at)
{
    unsigned char id[32];
    hash(context, kind, owner, name, id);
    return used_ids_add(context->db, id, expires_at) == STORE_OK;
}

struct spending {
    const struct once *once;
    db_work_fn work; /* NULL: none */
    void *argument;
    const struct once_item *used; /* the one that had been spent before */
};

static enum store_result spend(struct db *db, void *argument)
{
    struct spending *spending = argument;
    spending->used = NULL;
    for (size_t i = 0; i < spending->once->count; i++) {
        const struct once_item *item = &spending->once->items[i];
        enum store_result added = used_ids_add(db, item->id, item->expires_at);
        if (added == STORE_CONFLICT)
            spending->used = item;
        if (added != STORE_OK)
            return added;
    }
    return spending->work ? spending->work(db, spending->argument) : STORE_OK;
}

static enum outcome used_before(struct context *context, const struct once_item *item)
{
    if (item->on_used)
        item->on_used(context, item->about);
    return refuse(context, item->used, item->reason);
}

/* A single statement commits by itself. */
static enum store_result run(struct context *context, struct spending *spending)
{
    bool alone = context->once.count == 1 && !spending->work;
    return alone ? spend(context->db, spending) : db_transact(context->db, spend, spending);
}

enum outcome once_run(struct context *context, db_work_fn work, void *argument, enum store_result *result_out)
{
    struct spending spending = { .once = &context->once, .work = work, .argument = argument };
    if (!context->once.count) {
        *result_out = work(context->db, argument);
        return OUTCOME_OK;
    }
    *result_out = run(context, &spending);
    /* of an uncertain one work's row tells, whose caller looks it up */
    if (*result_out == STORE_OK || *result_out == STORE_UNCERTAIN || spending.used)
        context->once.count = 0;
    return spending.used ? used_before(context, spending.used) : OUTCOME_OK;
}

enum outcome once_spend(struct context *context)
{
    struct spending spending = { .once = &context->once };
    if (!context->once.count)
        return OUTCOME_OK;
    enum store_result result = run(context, &spending);
    context->once.count = 0;
    if (spending.used)
        return used_before(context, spending.used);
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "what may be used once was not noted");
}
