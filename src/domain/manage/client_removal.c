/* client_removal.c: the end of a client, as clients.h has it. */
#include "core/clock.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "domain/manage/change.h"
#include "domain/manage/clients.h"
#include "domain/precondition.h"
#include "domain/workspace/settings.h"
#include "store/authorizations.h"
#include "store/services.h"

enum { PART = 500, BUDGET_MS = 15 * 1000, AGAIN_S = 5 };

static const char unknown[] = "no such client";

struct removal {
    struct context *context;
    const char *if_match;
    struct client_row row; /* out: as it was */
    struct record record;  /* out */
    bool more;             /* out: too much hangs from it to go at once */
    enum outcome outcome;  /* out: why it wasn't done */
};

static struct record record_of(struct context *context, const struct client_row *row)
{
    const char *error;
    struct client client = { .client_id = NULL };
    struct json_writer data = json_writer_start(context->arena);
    if (!client_from_metadata(context->arena, row->metadata, &client, &error))
        client.client_name = NULL;
    json_open_object(&data, NULL);
    json_write_text(&data, "client_id", row->client_id);
    json_write_text(&data, "client_name", client.client_name);
    json_close_object(&data);
    return (struct record) { .type = "client.deleted",
                             .service_id = row->service_id,
                             .subject = row->client_id,
                             .data = data.text.data };
}

/* What would be left without its client. */
static enum outcome check(struct removal *removal, const struct service_row *service)
{
    const char *error;
    struct workspace_settings workspace;
    struct context *context = removal->context;
    const struct client_row *row = &removal->row;
    if (!precondition_holds(removal->if_match, client_tag(context->arena, row)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the client has changed since");
    if (service->workspace &&
        workspace_settings_read(context->arena, service->workspace, &workspace, &error) &&
        text_equal(workspace.client_id, row->client_id))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "the service's workspace signs people in by this client: give it another one first");
    return OUTCOME_OK;
}

static enum store_result remove_part(struct db *db, void *argument)
{
    struct removal *removal = argument;
    enum store_result result = authorizations_remove_part(db, removal->row.number, PART);
    return result == STORE_OK ? clients_remove_part(db, removal->row.number, PART, &removal->more) : result;
}

/* The service is locked first, as by who gives it a workspace. */
static enum store_result remove_in_transaction(struct db *db, void *argument)
{
    struct removal *removal = argument;
    struct arena *arena = removal->context->arena;
    struct service_row service;
    enum store_result result = services_lock(db, arena, removal->row.service_id, &service);
    if (result == STORE_OK)
        result = clients_find_locked(db, arena, removal->row.client_id, &removal->row);
    if (result != STORE_OK)
        return result;
    removal->outcome = check(removal, &service);
    if (removal->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    removal->record = record_of(removal->context, &removal->row);
    result = remove_part(db, removal);
    if (result != STORE_OK || removal->more)
        return result == STORE_OK ? STORE_CONFLICT : result;
    return clients_remove(db, removal->row.number);
}

static enum outcome go_on_later(struct context *context)
{
    context->retry_after_s = AGAIN_S;
    return refuse(
        context, OUTCOME_UNAVAILABLE,
        "a great deal hangs from the client: it is switched off, and its removal goes on when it is "
        "asked for again");
}

/* Next to nothing new comes to one that is switched off. A part whose fate isn't known is gone, or comes
 * again. */
static enum outcome take_apart(struct removal *removal)
{
    struct context *context = removal->context;
    int64_t end_ms = clock_mono_ms() + BUDGET_MS;
    enum store_result result = STORE_OK;
    enum outcome outcome = client_set_active(context, removal->row.client_id, false);
    while (outcome == OUTCOME_OK && result == STORE_OK && removal->more && clock_mono_ms() < end_ms) {
        result = db_transact(context->db, remove_part, removal);
        if (result == STORE_UNCERTAIN)
            result = STORE_OK;
    }
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
    return outcome == OUTCOME_OK && removal->more ? go_on_later(context) : outcome;
}

/* With outcome OK it is gone, or there is more of it than goes at once. */
static enum outcome remove_at_once(struct removal *removal)
{
    struct context *context = removal->context;
    struct client_row there;
    enum store_result result = change_recorded(context, &removal->record, remove_in_transaction, removal);
    if (removal->outcome != OUTCOME_OK)
        return removal->outcome;
    if (result == STORE_UNCERTAIN)
        result = clients_find(context->db, context->arena, removal->row.client_id, &there) == STORE_NOT_FOUND
                     ? STORE_OK
                     : STORE_FAILED;
    if (result == STORE_CONFLICT && removal->more)
        return OUTCOME_OK;
    removal->more = false;
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome client_remove(struct context *context, const char *client_id, const char *if_match)
{
    struct removal removal = { .context = context, .if_match = if_match };
    if (!text_is_printable(client_id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome =
        store_outcome(context, clients_find(context->db, context->arena, client_id, &removal.row),
                      OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK)
        outcome = remove_at_once(&removal);
    if (outcome != OUTCOME_OK || !removal.more)
        return outcome;
    removal.if_match = NULL; /* it held, and the switch is ours */
    outcome = take_apart(&removal);
    context->now_ms++; /* in history it comes behind the switch */
    if (outcome == OUTCOME_OK)
        outcome = remove_at_once(&removal);
    return outcome == OUTCOME_OK && removal.more ? go_on_later(context) : outcome;
}
