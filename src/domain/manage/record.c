/* record.c: see record.h. */
#include "domain/manage/record.h"

#include "core/encode.h"
#include "core/log.h"
#include "domain/events/event.h"

static enum store_result store(struct db *db, void *argument)
{
    return event_store(db, argument);
}

void record_change(struct context *context, const struct record *record)
{
    unsigned char service_id[16] = { 0 }; /* what is the installation's is no service's */
    struct event_rows rows;
    if (record->service_id && !uuid_decode(record->service_id, service_id))
        bug("a change of no service");
    const struct event event = { .type = record->type,
                                 .service_id = service_id,
                                 .subject = record->subject,
                                 .actor = record->actor,
                                 .data = record->data };
    event_make(context, &event, &rows);
    log_info("%s %s of service %s by %s", record->type, record->subject,
             record->service_id ? record->service_id : "-", record->actor);
    if (db_transact(context->db, store, &rows) == STORE_OK)
        event_wake(context);
    else
        log_error("history.not_written type=%s subject=%s", record->type, record->subject);
}
