/* service_errors.c: see service_errors.h. */
#include "api/service_errors.h"

#include "core/encode.h"
#include "core/rfc3339.h"
#include "core/text.h"
#include "domain/events/event.h"

enum { DEFAULT_LIMIT = 50, MAX_LIMIT = 100, MAX_WORDS = 100 };

/* --- the query --- */

static enum outcome refuse_member(struct call *call, const char *name, const char *what)
{
    return refuse(&call->context, OUTCOME_INVALID_REQUEST,
                  arena_printf(call->arena, "%s must be %s", name, what));
}

/* A whole number; one that no integer holds is brought to the nearest that does. */
static bool read_whole(const char *text, int64_t *number_out)
{
    const char *digits = *text == '-' ? text + 1 : text;
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    if (!text_to_int(text, INT64_MIN, INT64_MAX, number_out))
        *number_out = *text == '-' ? INT64_MIN : INT64_MAX;
    return true;
}

enum outcome service_check_query(struct call *call)
{
    const struct form *query = &call->request->query;
    for (size_t i = 0; i < query->count; i++) {
        if (form_times(query, query->fields[i].name) > 1)
            return refuse(&call->context, OUTCOME_INVALID_REQUEST, "a parameter came more than once");
    }
    return OUTCOME_OK;
}

enum outcome service_read_page(struct call *call, struct page *page_out)
{
    const char *limit = form_value(&call->request->query, "limit");
    const char *offset = form_value(&call->request->query, "offset");
    *page_out = (struct page) { .limit = DEFAULT_LIMIT };
    enum outcome outcome = service_check_query(call);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (limit && !read_whole(limit, &page_out->limit))
        return refuse_member(call, "limit", "a whole number");
    if (offset && (!read_whole(offset, &page_out->offset) || page_out->offset < 0))
        return refuse_member(call, "offset", "a whole number and not negative");
    if (page_out->limit < 1)
        page_out->limit = 1;
    if (page_out->limit > MAX_LIMIT)
        page_out->limit = MAX_LIMIT;
    return OUTCOME_OK;
}

enum outcome service_query_time(struct call *call, const char *name, int64_t *seconds_out)
{
    const char *text = form_value(&call->request->query, name);
    *seconds_out = 0;
    if (text && !rfc3339_read(text, seconds_out))
        return refuse_member(call, name, "a time as in RFC 3339");
    /* 0 says that none was sent */
    if (text && *seconds_out < 1)
        *seconds_out = 1;
    return OUTCOME_OK;
}

/* --- the body --- */

enum outcome service_body_text(struct call *call, const char *name, const char **text_out)
{
    const struct json *member = json_member(call->json, name);
    *text_out = json_text(member);
    if (member && text_empty(*text_out))
        return refuse_member(call, name, "a text that isn't empty");
    return OUTCOME_OK;
}

enum outcome service_body_time(struct call *call, const char *name, int64_t *seconds_out)
{
    const struct json *member = json_member(call->json, name);
    *seconds_out = 0;
    if (member && (!rfc3339_read(json_text(member), seconds_out) || *seconds_out < 1))
        return refuse_member(call, name, "a time as in RFC 3339, after the beginning of 1970");
    return OUTCOME_OK;
}

enum outcome service_body_flag(struct call *call, const char *name, int *flag_out)
{
    bool flag = false;
    const struct json *member = json_member(call->json, name);
    if (member && !json_boolean(member, &flag))
        return refuse_member(call, name, "true or false");
    *flag_out = member ? flag : -1;
    return OUTCOME_OK;
}

enum outcome service_body_status(struct call *call, const char **status_out)
{
    *status_out = json_member_text(call->json, "status");
    if (!json_has_member(call->json, "status") || text_equal(*status_out, "active") ||
        text_equal(*status_out, "disabled"))
        return OUTCOME_OK;
    return refuse_member(call, "status", "one of: active disabled");
}

static void put_unless_status(const char *name, struct json *member, void *rest)
{
    if (!text_equal(name, "status"))
        json_put(rest, name, member);
}

struct json *service_body_without_status(struct call *call)
{
    struct json *rest = json_new_object(call->arena);
    json_each(call->json, put_unless_status, rest);
    return rest;
}

enum outcome service_body_words(struct call *call, const char *name, const char **list_out)
{
    const struct json *array = json_member(call->json, name);
    struct strbuf list = strbuf_start(call->arena);
    *list_out = NULL;
    if (!array)
        return OUTCOME_OK;
    bool fine = json_kind(array) == JSON_ARRAY && json_count(array) <= MAX_WORDS;
    for (size_t i = 0; fine && i < json_count(array); i++) {
        const char *word = json_text(json_item(array, i));
        fine = !text_empty(word) && !strchr(word, ' ');
        if (fine)
            strbuf_add_format(&list, "%s%s", i ? " " : "", word);
    }
    *list_out = list.data;
    return fine ? OUTCOME_OK : refuse_member(call, name, "an array of at most 100 words");
}

bool service_read_id(const char *text, unsigned char id_out[16])
{
    return text && uuid_decode(text, id_out);
}

const char *service_if_match(const struct call *call)
{
    return request_header(call->request, "If-Match", NULL);
}

/* --- answers --- */

const char *service_actor(const struct call *call)
{
    return call->api_key ? arena_printf(call->arena, "api_key:%s", call->api_key->id_text) : "";
}

enum outcome service_answer(struct call *call, int status, const struct json_writer *writer, const char *tag)
{
    if (tag)
        response_header(&call->response, "ETag", tag);
    response_json(&call->response, status, writer->text.data);
    return OUTCOME_OK;
}

static void write_entry(struct json_writer *writer, const char *name, const struct history_entry *entry)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "type", entry->type);
    json_write_time(writer, "at", entry->at_ms / 1000);
    json_write_text(writer, "actor", entry->actor);
    json_write_raw(writer, name, entry->data);
    json_close_object(writer);
}

enum outcome service_answer_history(struct call *call, const char *name, const struct history_entry *entries,
                                    size_t count)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "history");
    for (size_t i = 0; i < count; i++)
        write_entry(&writer, name, &entries[i]);
    json_close_array(&writer);
    json_close_object(&writer);
    return service_answer(call, 200, &writer, NULL);
}

void service_write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    if (seconds)
        json_write_time(writer, name, seconds);
    else
        json_write_null(writer, name);
}
