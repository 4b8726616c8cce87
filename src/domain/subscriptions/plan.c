/* plan.c: see plan.h. */
#include "domain/subscriptions/plan.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/events/record.h"
#include "domain/login/canonical.h"
#include "domain/precondition.h"

#define MAX_PRICE_CENTS INT64_C(100000000000)

enum {
    MAX_NAME_CHARACTERS = 200,
    MAX_FEATURES = 100,
    MAX_FEATURE_CHARACTERS = 200,
    MAX_FEATURES_BYTES = 16000,
    CURRENCY_LETTERS = 3
};

static const char unknown[] = "no such plan";
static const char name_taken[] = "the service has a plan of this name";

void plan_make_free(const struct context *context, const unsigned char service_id[16],
                    struct plan_row *row_out)
{
    *row_out = (struct plan_row) { .name = "Free",
                                   .currency = "usd",
                                   .features = "[]",
                                   .created_at = context->now,
                                   .updated_at = context->now };
    memcpy(row_out->service_id, service_id, sizeof(row_out->service_id));
    random_uuid_timed(context->now_ms, row_out->id);
}

/* --- what a plan may be like --- */

static bool read_features(struct arena *arena, const struct json *features, const char **text_out)
{
    if (json_kind(features) != JSON_ARRAY || json_count(features) > MAX_FEATURES)
        return false;
    for (size_t i = 0; i < json_count(features); i++) {
        const char *feature = json_text(json_item(features, i));
        if (!feature || !person_name_is_plain(feature, 1, MAX_FEATURE_CHARACTERS))
            return false;
    }
    *text_out = json_print(arena, features);
    return strlen(*text_out) <= MAX_FEATURES_BYTES;
}

static bool read_currency(struct arena *arena, const char *word, const char **currency_out)
{
    *currency_out = text_lower(arena, word);
    return strlen(word) == CURRENCY_LETTERS &&
           strspn(*currency_out, "abcdefghijklmnopqrstuvwxyz") == CURRENCY_LETTERS;
}

/* Puts the terms into the row, those that are given. */
static enum outcome take_terms(struct context *context, const struct plan_terms *terms, struct plan_row *row)
{
    if (terms->name && !person_name_is_plain(terms->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "name must have 1 to 200 visible characters");
    if (terms->has_price && (terms->price_cents < 0 || terms->price_cents > MAX_PRICE_CENTS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "price_cents must be from 0 to 100000000000");
    if (terms->currency && !read_currency(context->arena, terms->currency, &row->currency))
        return refuse(context, OUTCOME_INVALID_REQUEST, "currency must be three letters such as usd");
    if (terms->features && !read_features(context->arena, terms->features, &row->features))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "features must be an array of at most 100 texts of 1 to 200 visible characters");
    if (terms->name)
        row->name = terms->name;
    if (terms->has_price)
        row->price_cents = terms->price_cents;
    return OUTCOME_OK;
}

/* --- reading --- */

enum outcome plan_find(struct context *context, const unsigned char service_id[16], const char *id,
                       struct plan_row *row_out)
{
    unsigned char bytes[16];
    if (!uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum outcome outcome = store_outcome(context, plans_find(context->db, context->arena, bytes, row_out),
                                         OUTCOME_NOT_FOUND, unknown);
    if (outcome == OUTCOME_OK && memcmp(row_out->service_id, service_id, sizeof(row_out->service_id)) != 0)
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return outcome;
}

/* Somebody else may have been faster, which is as good. */
static enum store_result add_free(struct context *context, const unsigned char service_id[16])
{
    struct plan_row plan;
    plan_make_free(context, service_id, &plan);
    enum store_result result = plans_add(context->db, &plan);
    return result == STORE_CONFLICT ? STORE_OK : result;
}

enum outcome plan_list(struct context *context, const unsigned char service_id[16], const struct page *page,
                       struct plan_row **rows_out, size_t *count_out, int64_t *total_out)
{
    enum store_result result = plans_count(context->db, context->arena, service_id, total_out);
    if (result == STORE_OK && *total_out == 0) {
        *total_out = 1;
        result = add_free(context, service_id);
    }
    if (result == STORE_OK)
        result = plans_list(context->db, context->arena, service_id, page, rows_out, count_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such service");
}

/* --- changing --- */

/* The plan as it is now; type NULL: it is as it was. */
static struct record record_of(struct context *context, const char *type, const struct plan_row *row)
{
    struct json_writer data = json_writer_start(context->arena);
    plan_write(&data, row);
    return (struct record) { .type = type,
                             .service_id = row->service_id,
                             .subject = uuid_encode(context->arena, row->id),
                             .data = data.text.data };
}

static enum store_result add(struct db *db, void *argument)
{
    return plans_add(db, argument);
}

enum outcome plan_add(struct context *context, const unsigned char service_id[16],
                      const struct plan_terms *terms, struct plan_row *row_out)
{
    plan_make_free(context, service_id, row_out);
    if (!terms->name)
        return refuse(context, OUTCOME_INVALID_REQUEST, "name is required");
    enum outcome outcome = take_terms(context, terms, row_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct record record = record_of(context, "plan.created", row_out);
    enum store_result result = record_change(context, &record, add, row_out);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, name_taken);
    if (result == STORE_UNCERTAIN)
        result = plans_find(context->db, context->arena, row_out->id, row_out);
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "the plan was not written");
}

struct plan_work {
    struct context *context;
    const unsigned char *service_id;
    unsigned char id[16];
    const char *if_match;
    const struct plan_terms *terms;
    struct plan_row row;
    struct record record;
    enum outcome outcome; /* of what only the row that is there decides */
};

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct plan_work *work = argument;
    struct arena *arena = work->context->arena;
    work->outcome = OUTCOME_OK;
    enum store_result result = plans_lock(db, arena, work->service_id, work->id, &work->row);
    if (result != STORE_OK)
        return result;
    const char *before = plan_tag(arena, &work->row);
    if (!precondition_holds(work->if_match, before))
        work->outcome =
            refuse(work->context, OUTCOME_PRECONDITION_FAILED, "the plan has been changed meanwhile");
    else
        work->outcome = take_terms(work->context, work->terms, &work->row);
    if (work->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    bool same = text_equal(before, plan_tag(arena, &work->row));
    work->record = record_of(work->context, same ? NULL : "plan.updated", &work->row);
    work->row.updated_at = same ? work->row.updated_at : work->context->now;
    return same ? STORE_OK : plans_change(db, &work->row);
}

/* After a commit of which nobody knows: whether the plan is as it was to become. */
static enum store_result look_up(struct context *context, const struct plan_row *row)
{
    struct plan_row there;
    enum store_result result = plans_find(context->db, context->arena, row->id, &there);
    bool happened =
        result == STORE_OK && text_equal(plan_tag(context->arena, &there), plan_tag(context->arena, row));
    return happened ? STORE_OK : STORE_FAILED;
}

enum outcome plan_change(struct context *context, const unsigned char service_id[16], const char *id,
                         const char *if_match, const struct plan_terms *terms, struct plan_row *row_out)
{
    struct plan_work work = {
        .context = context, .service_id = service_id, .if_match = if_match, .terms = terms
    };
    if (!uuid_decode(id, work.id))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result result = record_change(context, &work.record, change_in_transaction, &work);
    if (work.outcome != OUTCOME_OK)
        return work.outcome;
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, name_taken);
    if (result == STORE_UNCERTAIN)
        result = look_up(context, &work.row);
    *row_out = work.row;
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

static enum store_result remove_row(struct db *db, void *argument)
{
    const struct plan_row *row = argument;
    return plans_remove(db, row->service_id, row->id);
}

enum outcome plan_remove(struct context *context, const unsigned char service_id[16], const char *id)
{
    struct plan_row row;
    enum outcome found = plan_find(context, service_id, id, &row);
    if (found != OUTCOME_OK)
        return found;
    const struct record record = record_of(context, "plan.deleted", &row);
    enum store_result result = record_change(context, &record, remove_row, &row);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_INVALID_REQUEST, "somebody subscribes to the plan");
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

/* --- on the wire --- */

void plan_write(struct json_writer *writer, const struct plan_row *row)
{
    struct arena *arena = writer->text.arena;
    json_open_object(writer, NULL);
    json_write_text(writer, "id", uuid_encode(arena, row->id));
    json_write_text(writer, "service_id", uuid_encode(arena, row->service_id));
    json_write_text(writer, "name", row->name);
    json_write_integer(writer, "price_cents", row->price_cents);
    json_write_text(writer, "currency", row->currency);
    json_write_raw(writer, "features", row->features);
    json_write_time(writer, "created_at", row->created_at);
    json_close_object(writer);
}

const char *plan_tag(struct arena *arena, const struct plan_row *row)
{
    struct json_writer writer = json_writer_start(arena);
    plan_write(&writer, row);
    return precondition_tag_of_text(arena, writer.text.data);
}
