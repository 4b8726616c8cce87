/* frame.c: see frame.h. What is written in one order is read in the same: write_X() stands beside read_X().
 */
#include "net/frame.h"

#include "core/strbuf.h"

/* What is left to read; broken for good once something wasn't there. */
struct reader {
    const unsigned char *at;
    size_t left;
    bool broken;
};

static void write_number(struct strbuf *frame, int64_t number)
{
    strbuf_add(frame, &number, sizeof(number));
}

static const unsigned char *take(struct reader *reader, size_t length)
{
    const unsigned char *at = reader->at;

    if (reader->broken || reader->left < length) {
        reader->broken = true;
        return NULL;
    }
    reader->at += length;
    reader->left -= length;
    return at;
}

/* One within bounds; the lower of them when it's broken. */
static int64_t read_number(struct reader *reader, int64_t minimum, int64_t maximum)
{
    const unsigned char *at = take(reader, sizeof(int64_t));
    int64_t number = minimum;

    if (at)
        memcpy(&number, at, sizeof(number));
    if (number < minimum || number > maximum) {
        reader->broken = true;
        return minimum;
    }
    return number;
}

static void write_bytes(struct strbuf *frame, struct bytes bytes)
{
    write_number(frame, (int64_t)bytes.length);
    strbuf_add(frame, bytes.data, bytes.length);
    strbuf_add_char(frame, '\0');
}

/* The NUL behind isn't part of them, but can be relied on. */
static struct bytes read_bytes(struct reader *reader)
{
    size_t length = (size_t)read_number(reader, 0, FRAME_ANSWER_MAX);
    const unsigned char *at = take(reader, length + 1);

    if (at && at[length] == '\0')
        return (struct bytes) { at, length };
    reader->broken = true;
    return (struct bytes) { (const unsigned char *)"", 0 };
}

static void write_text(struct strbuf *frame, const char *text)
{
    write_bytes(frame, (struct bytes) { (const unsigned char *)text, strlen(text) });
}

static const char *read_text(struct reader *reader)
{
    struct bytes bytes = read_bytes(reader);

    if (memchr(bytes.data, '\0', bytes.length) == NULL)
        return (const char *)bytes.data;
    reader->broken = true;
    return "";
}

/* A text or NULL. */
static void write_optional(struct strbuf *frame, const char *text)
{
    write_number(frame, text != NULL);
    if (text)
        write_text(frame, text);
}

static const char *read_optional(struct reader *reader)
{
    return read_number(reader, 0, 1) ? read_text(reader) : NULL;
}

static void write_headers(struct strbuf *frame, const char *const *headers)
{
    int64_t count = 0;

    while (headers && headers[count])
        count++;
    write_number(frame, count);
    for (int64_t i = 0; i < count; i++)
        write_text(frame, headers[i]);
}

static const char *const *read_headers(struct reader *reader, struct arena *arena)
{
    size_t count = (size_t)read_number(reader, 0, FRAME_HEADERS_MAX);
    const char **headers = arena_array(arena, count + 1, sizeof(*headers));

    for (size_t i = 0; i < count; i++)
        headers[i] = read_text(reader);
    return headers;
}

static void write_request(struct strbuf *frame, const struct http_request *request)
{
    write_text(frame, request->url);
    write_headers(frame, request->headers);
    write_optional(frame, request->content_type);
    write_optional(frame, request->method);
    write_bytes(frame, request->body);
    write_number(frame, (int64_t)request->answer_limit);
    write_number(frame, request->connect_limit_ms);
    write_number(frame, request->limit_ms);
}

static void read_request(struct reader *reader, struct arena *arena, struct http_request *request_out)
{
    *request_out = (struct http_request) { .url = read_text(reader) };
    request_out->headers = read_headers(reader, arena);
    request_out->content_type = read_optional(reader);
    request_out->method = read_optional(reader);
    request_out->body = read_bytes(reader);
    request_out->answer_limit = (size_t)read_number(reader, 0, FRAME_BODY_MAX);
    request_out->connect_limit_ms = read_number(reader, 0, INT32_MAX);
    request_out->limit_ms = read_number(reader, 0, INT32_MAX);
}

static struct strbuf begin_frame(struct arena *arena)
{
    struct strbuf frame = strbuf_start(arena);

    strbuf_add(&frame, "\0\0\0\0", FRAME_HEAD);
    return frame;
}

static struct bytes end_frame(struct strbuf *frame)
{
    uint32_t length = (uint32_t)(frame->length - FRAME_HEAD);

    memcpy(frame->data, &length, sizeof(length));
    return (struct bytes) { (const unsigned char *)frame->data, frame->length };
}

size_t frame_length(const unsigned char head[FRAME_HEAD], size_t limit)
{
    uint32_t length;

    memcpy(&length, head, sizeof(length));
    return length <= limit ? length : 0;
}

struct bytes frame_of_ask(struct arena *arena, const struct ask *ask)
{
    struct strbuf frame = begin_frame(arena);

    write_number(&frame, ask->is_document);
    write_number(&frame, ask->newer_than_ms);
    write_number(&frame, ask->until_ms);
    write_request(&frame, &ask->request);
    return end_frame(&frame);
}

bool frame_read_ask(struct arena *arena, struct bytes frame, struct ask *ask_out)
{
    struct reader reader = { frame.data, frame.length, false };

    *ask_out = (struct ask) { .is_document = read_number(&reader, 0, 1) };
    ask_out->newer_than_ms = read_number(&reader, 0, INT64_MAX);
    ask_out->until_ms = read_number(&reader, 0, INT64_MAX);
    read_request(&reader, arena, &ask_out->request);
    return !reader.broken && reader.left == 0;
}

struct bytes frame_of_reply(struct arena *arena, const struct reply *reply)
{
    struct strbuf frame = begin_frame(arena);

    write_number(&frame, reply->result);
    write_number(&frame, reply->answer.status);
    write_number(&frame, reply->fetched_ms);
    write_text(&frame, reply->answer.headers);
    write_text(&frame, reply->answer.error);
    write_bytes(&frame, reply->answer.body);
    return end_frame(&frame);
}

bool frame_read_reply(struct bytes frame, struct reply *reply_out)
{
    struct reader reader = { frame.data, frame.length, false };

    *reply_out = (struct reply) { .result = (enum http_result)read_number(&reader, 0, HTTP_FAILED) };
    reply_out->answer.status = (int)read_number(&reader, 0, INT32_MAX);
    reply_out->fetched_ms = read_number(&reader, 0, INT64_MAX);
    reply_out->answer.headers = read_text(&reader);
    reply_out->answer.error = read_text(&reader);
    reply_out->answer.body = read_bytes(&reader);
    return !reader.broken && reader.left == 0;
}
