/*
 * outgoing_probe.c: what a process has sent out, at the end of a pipe:
 *
 *   outgoing_probe CONFIG DESCRIPTOR     where the egress process is reached; -1: it sends by itself
 *
 * reads lines of words, "send URL LIMIT_MS", "post URL LIMIT_MS BODY", "header URL VALUE" or
 * "document URL NEWER_THAN_MS", and answers each with a line of JSON.
 */
#include "core/clock.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "net/outgoing.h"

enum { ARENA_LIMIT = 16 << 20, ANSWER_LIMIT = 64 * 1024, LINE_SIZE = 8192 };

struct asked {
    const char *what, *url, *number, *body;
};

static const char *word(struct arena *arena, const char **cursor)
{
    const char *start;
    size_t length;

    return text_next_word(cursor, ' ', &start, &length) ? arena_strndup(arena, start, length) : "";
}

static enum http_result send_request(struct outgoing *outgoing, struct arena *arena,
                                     const struct asked *asked, struct http_answer *answer_out)
{
    bool has_header = text_equal(asked->what, "header");
    /* %0A in the value is a line feed, as what others sent may hold */
    char *value = arena_strdup(arena, asked->number);
    char *escape = strstr(value, "%0A");
    if (escape)
        memcpy(escape, "\r\n ", 3);
    const char *const headers[] = { arena_printf(arena, "X-Value: %s", value), NULL };
    struct http_request request = { .url = asked->url, .answer_limit = ANSWER_LIMIT };

    if (has_header)
        request.headers = headers;
    else if (!text_to_int(asked->number, 0, INT32_MAX, &request.limit_ms))
        fatal("%s is no limit", asked->number);
    if (text_equal(asked->what, "post")) {
        request.content_type = "text/plain";
        request.body = (struct bytes) { (const unsigned char *)asked->body, strlen(asked->body) };
    }
    return outgoing_send(outgoing, arena, &request, answer_out);
}

static enum http_result fetch_document(struct outgoing *outgoing, struct arena *arena,
                                       const struct asked *asked, struct http_answer *answer_out)
{
    struct document document;
    int64_t newer_than_ms = 0;

    if (!text_to_int(asked->number, 0, INT64_MAX, &newer_than_ms))
        fatal("%s is no time", asked->number);
    enum http_result result =
        outgoing_document(outgoing, arena, asked->url, newer_than_ms, DOCUMENT_LIMIT_MS, &document);
    *answer_out = (struct http_answer) { .body = document.body, .headers = "", .error = document.error };
    return result;
}

static void answer(struct outgoing *outgoing, struct arena *arena, const char *line)
{
    static const char *const names[] = { "answered", "refused", "failed" };
    struct json_writer writer = json_writer_start(arena);
    struct asked asked = { .what = word(arena, &line) };
    asked.url = word(arena, &line);
    asked.number = word(arena, &line);
    asked.body = word(arena, &line);
    struct http_answer got;
    int64_t began_ms = clock_mono_ms();
    enum http_result result = text_equal(asked.what, "document")
                                  ? fetch_document(outgoing, arena, &asked, &got)
                                  : send_request(outgoing, arena, &asked, &got);

    json_open_object(&writer, NULL);
    json_write_text(&writer, "result", names[result]);
    json_write_integer(&writer, "status", got.status);
    json_write_integer(&writer, "took_ms", clock_mono_ms() - began_ms);
    json_write_text(&writer, "error", got.error);
    json_write_text(&writer, "headers", got.headers);
    json_write_text(&writer, "body", got.body.length ? (const char *)got.body.data : "");
    json_close_object(&writer);
    puts(writer.text.data);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct arena *kept = arena_make(ARENA_LIMIT), *arena = arena_make(ARENA_LIMIT);
    const char *error = "usage: outgoing_probe CONFIG DESCRIPTOR";
    const struct settings *settings = argc == 3 ? settings_load(kept, argv[1], &error) : NULL;
    char line[LINE_SIZE];
    int64_t way;

    if (!settings || !text_to_int(argv[2], -1, INT32_MAX, &way))
        fatal("%s", error);
    struct outgoing *outgoing = outgoing_make_through(settings, (int)way);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        answer(outgoing, arena, line);
        arena_reset(arena);
    }
    outgoing_free(outgoing);
    arena_destroy(arena);
    arena_destroy(kept);
    return EXIT_SUCCESS;
}
