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
    enum store_result result = db_transact(context->db, add_with_plan, &new_service);
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

struct status_change {
    unsigned char id[16];
    const char *status;
    int64_t now;
};

static enum store_result set_status(struct db *db, void *argument)
{
    const struct status_change *change = argument;
    return services_set_status(db, change->id, change->status, change->now);
}

enum outcome service_set_active(struct context *context, const char *id, bool active)
{
    struct status_change change = { .status = active ? "active" : "disabled", .now = context->now };
    if (!uuid_decode(id, change.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, change_directory(context, set_status, &change), OUTCOME_NOT_FOUND, unknown);
}

struct sign_in_change {
    struct service_row service;
    int64_t now;
};

static enum store_result set_sign_in(struct db *db, void *argument)
{
    const struct sign_in_change *change = argument;
    return services_set_sign_in(db, change->service.id, change->service.pin_gate,
                                change->service.sign_in_form, change->now);
}

enum outcome service_set_sign_in(struct context *context, const char *id,
                                 const struct service_sign_in *sign_in)
{
    struct sign_in_change change = { .now = context->now };
    enum outcome outcome = service_find(context, id, &change.service);
    if (outcome == OUTCOME_OK)
        outcome = take_sign_in(context, sign_in, &change.service);
    if (outcome != OUTCOME_OK)
        return outcome;
    return store_outcome(context, change_directory(context, set_sign_in, &change), OUTCOME_NOT_FOUND,
                         unknown);
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

static enum outcome take_profile(struct context *context, const struct service_profile *profile,
                                 struct service_row *row)
{
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

struct profile_change {
    struct context *context;
    unsigned char id[16];
    const struct service_profile *profile;
    const char *if_match;
    struct service_row service; /* out */
    enum outcome outcome;       /* out: why it wasn't done */
};

static enum store_result set_profile(struct db *db, void *argument)
{
    struct profile_change *change = argument;
    struct context *context = change->context;
    enum store_result result = services_lock(db, context->arena, change->id, &change->service);
    if (result != STORE_OK)
        return result;
    if (!precondition_holds(change->if_match, service_tag(context->arena, &change->service)))
        change->outcome = refuse(context, OUTCOME_PRECONDITION_FAILED, "the service has changed since");
    else
        change->outcome = take_profile(context, change->profile, &change->service);
    if (change->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    change->service.updated_at = context->now;
    return services_set_profile(db, &change->service, context->now);
}

enum outcome service_set_profile(struct context *context, const char *id,
                                 const struct service_profile *profile, const char *if_match,
                                 struct service_row *row_out)
{
    struct profile_change change = { .context = context, .profile = profile, .if_match = if_match };
    if (!uuid_decode(id, change.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = change_directory(context, set_profile, &change);
    if (change.outcome != OUTCOME_OK)
        return change.outcome;
    *row_out = change.service;
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "another service has this slug");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

/* --- its workspace --- */

struct workspace_change {
    unsigned char id[16];
    const char *workspace;
    int64_t now;
};

static enum store_result set_workspace(struct db *db, void *argument)
{
    const struct workspace_change *change = argument;
    return services_set_workspace(db, change->id, change->workspace, change->now);
}

enum outcome service_set_workspace(struct context *context, const char *id, const char *workspace)
{
    struct workspace_change change = { .workspace = workspace, .now = context->now };
    if (!uuid_decode(id, change.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome =
        workspace == NULL ? OUTCOME_OK : workspace_settings_check(context, change.id, workspace);
    if (outcome != OUTCOME_OK)
        return outcome;
    return store_outcome(context, change_directory(context, set_workspace, &change), OUTCOME_NOT_FOUND,
                         unknown);
}

/* --- how it uses providers --- */

struct providers_change {
    struct context *context;
    unsigned char id[16];
    const struct service_providers_change *wanted;
    enum outcome outcome; /* out: why it wasn't done */
};

static enum store_result set_providers(struct db *db, void *argument)
{
    struct providers_change *change = argument;
    struct context *context = change->context;
    struct service_row row;
    const char *error = NULL;
    enum store_result result = services_lock(db, context->arena, change->id, &row);
    if (result != STORE_OK)
        return result;
    const char *providers = service_providers_changed(context->arena, row.providers, change->wanted, &error);
    if (!providers) {
        change->outcome = refuse(context, OUTCOME_INVALID_REQUEST, error);
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    }
    return services_set_providers(db, change->id, providers, context->now);
}

enum outcome service_set_providers(struct context *context, const char *id,
                                   const struct service_providers_change *change)
{
    struct providers_change work = { .context = context, .wanted = change };
    if (!change->sign_in && !change->scopes && !change->redirect_uris)
        return OUTCOME_OK;
    if (!uuid_decode(id, work.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = change_directory(context, set_providers, &work);
    if (work.outcome != OUTCOME_OK)
        return work.outcome;
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}
