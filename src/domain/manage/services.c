/* services.c: see services.h. */
#include "domain/manage/services.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/directory.h"
#include "domain/login/canonical.h"
#include "domain/manage/change.h"
#include "domain/workspace/features.h"

enum { MAX_NAME_CHARACTERS = 200 };

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
                                      .sign_in_form = "" };
    enum outcome taken = take_sign_in(context, sign_in, row_out);
    if (taken != OUTCOME_OK)
        return taken;
    random_uuid_timed(context->now_ms, row_out->id);
    enum store_result result = services_add(context->db, row_out);
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

struct features_change {
    unsigned char id[16];
    const char *features;
    int64_t now;
};

static enum store_result set_features(struct db *db, void *argument)
{
    const struct features_change *change = argument;
    return services_set_features(db, change->id, change->features, change->now);
}

enum outcome service_set_features(struct context *context, const char *id, const char *features)
{
    struct features_change change = { .features = features, .now = context->now };
    if (!uuid_decode(id, change.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome = workspace_features_check(context, change.id, features);
    if (outcome != OUTCOME_OK)
        return outcome;
    return store_outcome(context, change_directory(context, set_features, &change), OUTCOME_NOT_FOUND,
                         unknown);
}
