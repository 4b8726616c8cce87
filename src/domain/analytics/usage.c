/* usage.c: see usage.h. */
#include "domain/analytics/usage.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "store/sign_ins.h"
#include "store/usage_counts.h"

enum { MOST_AT_ONCE = 1000 };

static const char *const kind_names[] = { [USAGE_TOKENS] = USAGE_COUNT_TOKENS };
_Static_assert(ARRAY_SIZE(kind_names) == USAGE_KINDS, "a kind of usage without its name");

const char *usage_provider(struct arena *arena, const char *method)
{
    static const struct {
        const char *method, *provider;
    } own[] = { { "pwd", "password" }, { "otp", "mail" } };
    const char *word;
    size_t length;
    if (!text_next_word(&method, ' ', &word, &length))
        return "unknown";
    const char *first = arena_strndup(arena, word, length);
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (text_equal(own[i].method, first))
            return own[i].provider;
    return first;
}

void usage_note_failure(struct context *context, const struct service *service, const char *provider)
{
    struct sign_in_row row = { .kind = SIGN_IN_FAILED, .provider = provider, .at = context->now };
    if (!service)
        return;
    random_uuid_timed(context->now_ms, row.id);
    memcpy(row.service_id, service->id, sizeof(row.service_id));
    if (sign_ins_add(context->db, &row) != STORE_OK)
        log_warn("sign_in.failure_not_noted");
}

static const char *counts_text(struct arena *arena, const struct usage_count *counts, size_t count)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++) {
        json_open_array(&writer, NULL);
        json_write_text(&writer, NULL, hex_encode(arena, counts[i].service_id, sizeof(counts[i].service_id)));
        json_write_integer(&writer, NULL, counts[i].hour);
        json_write_text(&writer, NULL, kind_names[counts[i].kind]);
        json_write_integer(&writer, NULL, counts[i].count);
        json_close_array(&writer);
    }
    json_close_array(&writer);
    return writer.text.data;
}

enum store_result usage_store(struct context *context)
{
    struct usage_count *counts = arena_array(context->arena, MOST_AT_ONCE, sizeof(*counts));
    size_t count = shared_usage_changes(context->shared, counts, MOST_AT_ONCE);
    if (count) {
        const char *text = counts_text(context->arena, counts, count);
        enum store_result result = usage_counts_put(context->db, shared_id(context->shared), text);
        if (result != STORE_OK)
            return result;
        shared_usage_stored(context->shared, counts, count);
    }
    shared_usage_forget(context->shared, context->now);
    return STORE_OK;
}
