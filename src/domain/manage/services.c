/* services.c: see services.h. */
#include "domain/manage/services.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/directory.h"
#include "domain/login/canonical.h"
#include "domain/manage/change.h"
#include "domain/workspace/settings.h"
#include "domain/precondition.h"
#include "domain/subscriptions/plan.h"

enum { MAX_NAME_CHARACTERS = 200, MAX_SLUG = 64, MAX_FEATURE = 64, MAX_FEATURES_BYTES = 2000 };

static const char unknown[] = "no such service";

/* Puts the words into the row, those that are given. */
static enum outcome take_sign_in(struct context *context, const struct service_sign_in *sign_in,
                                 struct service_row *row)
{
    enum pin_gate gate;
    const char *pin_gate = text_equal(sign_in->pin_gate, "default") ? "" : sign_in->pin_gate;
    const char *form = text_equal(sign_in->sign_in_form, "default") ? "" : sign_in->sign_in_form;
    if (!text_empty(pin_gate) && !pin_gate_read(pin_gate, &gate))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "the PIN gate is off, always, new_browser, periodic or default");
    if (!text_empty(form) && !text_equal(form, "both") && !text_equal(form, "identifier_first"))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "the sign-in form is both, identifier_first or default");
    if (pin_gate != NULL)
        row->pin_gate = pin_gate;
    if (form != NULL)
        row->sign_in_form = form;
    return OUTCOME_OK;
}

/* --- what history tells of a service --- */

static struct record record_of(struct context *context, const char *type, const unsigned char id[16],
                               struct json *data)
{
    const char *subject = uuid_encode(context->arena, id);
    json_put_text(data, "service_id", subject);
    return (struct record) {
        .type = type, .service_id = id, .subject = subject, .data = json_print(context->arena, data)
    };
}

/* A text where it is another than before. */
static void put_other(struct json *data, const char *name, const char *before, const char *after)
{
    if (!text_equal(before, after))
        json_put_text(data, name, after);
}

/* JSON text likewise. */
static void put_other_json(struct arena *arena, struct json *data, const char *name, const char *before,
                           const char *after)
{
    const char *error;
    if (!text_equal(before, after))
        json_put(data, name, after ? json_parse(arena, after, strlen(after), &error) : NULL);
}

static struct json *differences(struct context *context, const struct service_row *before,
                                const struct service_row *after)
{
    struct json *data = json_new_object(context->arena);
    put_other(data, "name", before->name, after->name);
    put_other(data, "slug", before->slug, after->slug);
    put_other(data, "service_type", before->service_type, after->service_type);
    put_other(data, "status", before->status, after->status);
    put_other(data, "pin_gate", before->pin_gate, after->pin_gate);
    put_other(data, "sign_in_form", before->sign_in_form, after->sign_in_form);
    put_other_json(context->arena, data, "features", before->features, after->features);
    put_other_json(context->arena, data, "workspace", before->workspace, after->workspace);
    put_other_json(context->arena, data, "providers", before->providers, after->providers);
    return data;
}

/* All that a new one has. */
static struct json *put_all(struct context *context, const struct service_row *row)
{
    const struct service_row nothing = { .pin_gate = "", .sign_in_form = "" };
    return differences(context, &nothing, row);
}

/* Nothing is written where nothing is different. */
static struct record record_of_change(struct context *context, const char *type,
                                      const struct service_row *before, const struct service_row *after)
{
    struct json *data = differences(context, before, after);
    bool same = json_count(data) == 0;
    return record_of(context, same ? NULL : type, after->id, data);
}

/* --- making one --- */

struct new_service {
    const struct service_row *service;
    struct plan_row plan;
};

static enum store_result add_with_plan(struct db *db, void *argument)
{
    const struct new_service *new_service = argument;
    enum store_result result = services_add(db, new_service->service);
    return result == STORE_OK ? plans_add(db, &new_service->plan) : result;
}

enum outcome service_add(struct context *context, const char *name, const struct service_sign_in *sign_in,
                         struct service_row *row_out)
{
    if (!person_name_is_plain(name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    *row_out = (struct service_row) { .name = name,
                                      .status = "active",
                                      .created_at = context->now,
                                      .updated_at = context->now,
                                      .pin_gate = "",
                                      .sign_in_form = "",
                                      .service_type = "web" };
    enum outcome taken = take_sign_in(context, sign_in, row_out);
    if (taken != OUTCOME_OK)
        return taken;
    random_uuid_timed(context->now_ms, row_out->id);
    struct new_service new_service = { .service = row_out };
    plan_make_free(context, row_out->id, &new_service.plan);
    const struct record record =
        record_of(context, "service.created", row_out->id, put_all(context, row_out));
    enum store_result result = record_change(context, &record, add_with_plan, &new_service);
    if (result == STORE_UNCERTAIN)
        result = services_find(context->db, context->arena, row_out->id, row_out);
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the service was not written");
}

enum outcome service_find(struct context *context, const char *id, struct service_row *row_out)
{
    unsigned char bytes[16];
    if (!uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, services_find(context->db, context->arena, bytes, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

/* --- changing one --- */

struct service_change {
    struct context *context;
    const char *type;   /* of its record */
    const void *wanted; /* what edit() takes */
    enum outcome (*edit)(struct context *context, const void *wanted, struct service_row *row);
    const char *if_match;                                                   /* NULL: none was sent */
    const char *(*tag)(struct arena *arena, const struct service_row *row); /* of the part that is changed */
    unsigned char id[16];
    struct service_row before, after; /* out */
    struct record record;             /* out */
    enum outcome outcome;             /* out: why it wasn't done */
};

static enum outcome edit(struct service_change *change)
{
    struct context *context = change->context;
    change->after = change->before;
    if (change->if_match &&
        !precondition_holds(change->if_match, change->tag(context->arena, &change->before)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the service has changed since");
    return change->edit(context, change->wanted, &change->after);
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct service_change *change = argument;
    struct context *context = change->context;
    enum store_result result = services_lock(db, context->arena, change->id, &change->before);
    if (result != STORE_OK)
        return result;
    change->outcome = edit(change);
    if (change->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    change->record = record_of_change(context, change->type, &change->before, &change->after);
    if (record_is_empty(&change->record))
        return STORE_OK;
    change->after.updated_at = context->now;
    return services_set(db, &change->after);
}

static enum outcome change_service(const char *id, struct service_change *change)
{
    struct context *context = change->context;
    if (!uuid_decode(id, change->id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = change_recorded(context, &change->record, change_in_transaction, change);
    if (change->outcome != OUTCOME_OK)
        return change->outcome;
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "another service has this slug");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

static enum outcome edit_status(struct context *context, const void *wanted, struct service_row *row)
{
    (void)context;
    row->status = wanted;
    return OUTCOME_OK;
}

enum outcome service_set_active(struct context *context, const char *id, bool active)
{
    struct service_change change = { .context = context,
                                     .type = active ? "service.enabled" : "service.disabled",
                                     .wanted = active ? "active" : "disabled",
                                     .edit = edit_status };
    return change_service(id, &change);
}

static enum outcome edit_sign_in(struct context *context, const void *wanted, struct service_row *row)
{
    return take_sign_in(context, wanted, row);
}

const char *service_sign_in_tag(struct arena *arena, const struct service_row *row)
{
    return precondition_tag_of_text(arena, arena_printf(arena, "%s\n%s", row->pin_gate, row->sign_in_form));
}

enum outcome service_set_sign_in(struct context *context, const char *id,
                                 const struct service_sign_in *sign_in, const char *if_match)
{
    struct service_change change = { .context = context,
                                     .type = "service.updated",
                                     .wanted = sign_in,
                                     .if_match = if_match,
                                     .tag = service_sign_in_tag,
                                     .edit = edit_sign_in };
    return change_service(id, &change);
}

/* --- what it is called and has --- */

const char *service_slug(struct arena *arena, const struct service_row *row)
{
    return row->slug ? row->slug : uuid_encode(arena, row->id);
}

const char *service_tag(struct arena *arena, const struct service_row *row)
{
    return precondition_tag_of_text(arena, arena_printf(arena, "%s\n%s\n%s\n%s", row->name,
                                                        row->slug ? row->slug : "", row->service_type,
                                                        row->features ? row->features : ""));
}

enum outcome service_find_by_slug(struct context *context, const char *slug, struct service_row *row_out)
{
    unsigned char bytes[16];
    enum store_result result = uuid_decode(slug, bytes)
                                   ? services_find(context->db, context->arena, bytes, row_out)
                                   : services_find_by_slug(context->db, context->arena, slug, row_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

bool service_has_feature(struct arena *arena, const struct service_row *row, const char *feature)
{
    const char *error;
    const struct json *list =
        row->features ? json_parse(arena, row->features, strlen(row->features), &error) : NULL;
    for (size_t i = 0; i < json_count(list); i++) {
        if (text_equal(json_text(json_item(list, i)), feature))
            return true;
    }
    return false;
}

/* No UUID: what names one service mustn't be the id of another. */
static bool slug_is_fine(const char *slug)
{
    unsigned char bytes[16];
    size_t length = strlen(slug);
    return length > 0 && length <= MAX_SLUG &&
           strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") == length && slug[0] != '-' &&
           slug[length - 1] != '-' && !uuid_decode(slug, bytes);
}

static bool type_is_known(const char *type)
{
    static const char *const types[] = { "web", "api", "mobile", "desktop" };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (text_equal(types[i], type))
            return true;
    }
    return false;
}

/* The words as a JSON array; false for one that can't be. */
static bool read_features(struct arena *arena, const char *list, const char **features_out)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    struct json_writer writer = json_writer_start(arena);
    const char *word, *cursor = list;
    size_t length;
    *features_out = NULL;
    if (text_equal(list, "none"))
        return true;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        if (length > MAX_FEATURE || strspn(word, characters) < length)
            return false;
    }
    json_write_words(&writer, NULL, list, ' ');
    *features_out = writer.text.data;
    return strlen(*features_out) <= MAX_FEATURES_BYTES;
}

static enum outcome edit_profile(struct context *context, const void *wanted, struct service_row *row)
{
    const struct service_profile *profile = wanted;
    if (profile->name && !person_name_is_plain(profile->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    if (profile->slug && !text_equal(profile->slug, "none") && !slug_is_fine(profile->slug))
        return refuse(
            context, OUTCOME_INVALID_REQUEST,
            "the slug must have 1 to 64 of a-z, 0-9 and '-', not begin or end with '-', and be no id");
    if (profile->service_type && !type_is_known(profile->service_type))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the type is web, api, mobile or desktop");
    if (profile->features && !read_features(context->arena, profile->features, &row->features))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "features are words of a-z, 0-9, '.', '_' and '-', separated by spaces, or none");
    if (profile->name)
        row->name = profile->name;
    if (profile->slug)
        row->slug = text_equal(profile->slug, "none") ? NULL : profile->slug;
    if (profile->service_type)
        row->service_type = profile->service_type;
    return OUTCOME_OK;
}

enum outcome service_set_profile(struct context *context, const char *id,
                                 const struct service_profile *profile, const char *if_match,
                                 struct service_row *row_out)
{
    struct service_change change = { .context = context,
                                     .type = "service.updated",
                                     .wanted = profile,
                                     .if_match = if_match,
                                     .tag = service_tag,
                                     .edit = edit_profile };
    enum outcome outcome = change_service(id, &change);
    *row_out = change.after;
    return outcome;
}

/* --- how it uses providers --- */

static enum outcome edit_providers(struct context *context, const void *wanted, struct service_row *row)
{
    const char *error = NULL;
    const struct service_providers_change *change = wanted;
    if (!change->sign_in && !change->scopes && !change->redirect_uris)
        return OUTCOME_OK;
    const char *providers = service_providers_changed(context->arena, row->providers, change, &error);
    if (!providers)
        return refuse(context, OUTCOME_INVALID_REQUEST, error);
    row->providers = providers;
    return OUTCOME_OK;
}

const char *service_providers_tag(struct arena *arena, const struct service_row *row)
{
    return precondition_tag_of_text(arena, row->providers ? row->providers : "");
}

enum outcome service_set_providers(struct context *context, const char *id,
                                   const struct service_providers_change *wanted, const char *if_match)
{
    struct service_change change = { .context = context,
                                     .type = "service.updated",
                                     .wanted = wanted,
                                     .if_match = if_match,
                                     .tag = service_providers_tag,
                                     .edit = edit_providers };
    return change_service(id, &change);
}

/* --- several at once --- */

static enum outcome edit_workspace(struct context *context, const struct service_wish *wish,
                                   struct service_row *row)
{
    if (!wish->sets_workspace)
        return OUTCOME_OK;
    row->workspace = wish->workspace;
    return wish->workspace ? workspace_settings_check(context, row->id, wish->workspace) : OUTCOME_OK;
}

static enum outcome edit_all(struct context *context, const void *wanted, struct service_row *row)
{
    const struct service_wish *wish = wanted;
    enum outcome outcome = edit_workspace(context, wish, row);
    if (outcome == OUTCOME_OK)
        outcome = edit_providers(context, &wish->providers, row);
    if (outcome == OUTCOME_OK)
        outcome = edit_sign_in(context, &wish->sign_in, row);
    return outcome == OUTCOME_OK ? edit_profile(context, &wish->profile, row) : outcome;
}

enum outcome service_set(struct context *context, const char *id, const struct service_wish *wish,
                         struct service_row *row_out)
{
    struct service_change change = {
        .context = context, .type = "service.updated", .wanted = wish, .edit = edit_all
    };
    enum outcome outcome = change_service(id, &change);
    *row_out = change.after;
    return outcome;
}
