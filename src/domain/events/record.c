/* record.c: see record.h. */
#include "domain/events/record.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "domain/events/event.h"

struct record record_of_admin(struct context *context, const char *type, const unsigned char id[16],
                              const char *email)
{
    const char *subject = uuid_encode(context->arena, id);
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "id", subject);
    json_write_text(&data, "email", email);
    json_close_object(&data);
    return (struct record) { .type = type, .subject = subject, .data = data.text.data, .untold = true };
}

static enum store_result store_one(struct db *db, struct context *context, const struct record *record)
{
    struct event_rows rows;
    static const unsigned char nobody[16];
    if (!record->type)
        return STORE_OK;
    const struct event event = { .type = record->type,
                                 .service_id = record->service_id ? record->service_id : nobody,
                                 .subject = record->subject,
                                 .actor = context->actor,
                                 .data = record->data };
    event_make(context, &event, &rows);
    if (!record->untold)
        return event_store(db, &rows);
    const struct history_row past = event_history(&rows);
    return history_add(db, &past);
}

bool record_is_empty(const struct record *record)
{
    while (record && !record->type)
        record = record->also;
    return record == NULL;
}

enum store_result record_store(struct db *db, struct context *context, const struct record *record)
{
    enum store_result result = STORE_OK;
    for (; record && result == STORE_OK; record = record->also)
        result = store_one(db, context, record);
    return result;
}

static void tell_one(struct context *context, const struct record *record)
{
    if (!record->type)
        return;
    log_info("%s %s of service %s by %s", record->type, record->subject,
             record->service_id ? uuid_encode(context->arena, record->service_id) : "-", context->actor);
    event_wake(context);
}

void record_tell(struct context *context, const struct record *record)
{
    for (; record; record = record->also)
        tell_one(context, record);
}

struct recorded {
    struct context *context;
    const struct record *record;
    db_work_fn work;
    void *argument;
};

static enum store_result work_and_store(struct db *db, void *argument)
{
    const struct recorded *recorded = argument;
    enum store_result result = recorded->work(db, recorded->argument);
    return result == STORE_OK ? record_store(db, recorded->context, recorded->record) : result;
}

enum store_result record_change(struct context *context, const struct record *record, db_work_fn work,
                                void *argument)
{
    struct recorded recorded = { context, record, work, argument };
    enum store_result result = db_transact(context->db, work_and_store, &recorded);
    if (result == STORE_OK)
        record_tell(context, record);
    return result;
}
