/*
 * event_probe.c: an event of a service, for tests: written down in a transaction as a change of a member
 * would.
 *
 *   event_probe CONFIG SHARED SERVICE TYPE SUBJECT DATA commit|rollback
 *
 * SHARED is the shared page of the installation whose couriers are woken.
 */
#include "core/clock.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/events/event.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024 };

struct work {
    struct event_rows rows;
    bool fails;
};

static enum store_result change(struct db *db, void *argument)
{
    const struct work *work = argument;
    enum store_result result = event_store(db, &work->rows);

    return result == STORE_OK && work->fails ? STORE_NOT_FOUND : result;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    const char *error = "usage: event_probe CONFIG SHARED SERVICE TYPE SUBJECT DATA commit|rollback";
    const struct settings *settings = argc == 8 ? settings_load(arena, argv[1], &error) : NULL;
    unsigned char service_id[16];

    if (!settings || !uuid_decode(argv[3], service_id))
        fatal("%s", error);
    struct context context = {
        .arena = arena,
        .now = clock_now_s(),
        .now_ms = clock_now_ms(),
        .settings = settings,
        .db = db_make(settings),
        .shared = shared_map(argv[2]),
    };
    const struct event event = {
        .type = argv[4], .service_id = service_id, .subject = argv[5], .actor = "probe", .data = argv[6]
    };
    struct work work = { .fails = text_equal(argv[7], "rollback") };
    event_make(&context, &event, &work.rows);
    enum store_result result = db_transact(context.db, change, &work);
    event_wake(&context);
    db_destroy(context.db);
    shared_unmap(context.shared);
    arena_destroy(arena);
    return result == (work.fails ? STORE_NOT_FOUND : STORE_OK) ? EXIT_SUCCESS : EXIT_FAILURE;
}
