/* disconnect.c: see disconnect.h. */
#include "domain/providers/disconnect.h"

#include "domain/events/event.h"
#include "domain/providers/granting.h"
#include "domain/providers/revocation.h"

enum store_result disconnect_accounts(struct db *db, struct context *context,
                                      const struct connection_row *rows, size_t count, const char *actor)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        result = granting_end_all(db, context, &rows[i], actor);
    if (result == STORE_OK)
        result = revocation_store(db, context, rows, count);
    for (size_t i = 0; result == STORE_OK && i < count; i++)
        result = connections_remove(db, rows[i].user_id, rows[i].id);
    return result;
}

enum store_result disconnect_all(struct db *db, struct context *context, const unsigned char user_id[16])
{
    struct connection_row *rows;
    size_t count;
    enum store_result result = connections_lock_of_user(db, context->arena, user_id, &rows, &count);
    return result == STORE_OK ? disconnect_accounts(db, context, rows, count, NULL) : result;
}

void disconnect_wake(struct context *context)
{
    event_wake(context);
    revocation_wake(context);
}
