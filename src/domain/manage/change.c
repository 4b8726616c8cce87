/* change.c: see change.h. */
#include "domain/manage/change.h"

#include "domain/stored_versions.h"

struct change {
    struct context *context;
    const struct record *record;
    db_work_fn work;
    void *argument;
    struct versions versions;
};

static enum store_result work_and_bump(struct db *db, void *argument)
{
    struct change *change = argument;
    enum store_result result = change->work(db, change->argument);
    if (result == STORE_OK)
        result = record_store(db, change->context, change->record);
    if (result != STORE_OK || record_is_empty(change->record))
        return result;
    return versions_bump_directory(db, change->context->arena, change->context->now_ms, &change->versions);
}

enum store_result change_recorded(struct context *context, const struct record *record, db_work_fn work,
                                  void *argument)
{
    struct change change = { .context = context, .record = record, .work = work, .argument = argument };
    enum store_result result = db_transact(context->db, work_and_bump, &change);
    if (result != STORE_OK || record_is_empty(record))
        return result;
    stored_versions_publish(context, &change.versions);
    record_tell(context, record);
    return result;
}
