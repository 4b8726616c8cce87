/* outgoing.c: see outgoing.h. */
#include "net/outgoing.h"

#include "core/clock.h"

enum {
    DOCUMENT_BYTES = 256 * 1024,
    CONNECT_LIMIT_MS = 3000,
    LIMIT_MS = 5000,
};

struct outgoing {
    const struct settings *settings;
};

struct outgoing *outgoing_make(const struct settings *settings)
{
    struct outgoing *outgoing = calloc(1, sizeof(*outgoing));
    if (!outgoing)
        fatal("out of memory");
    outgoing->settings = settings;
    return outgoing;
}

void outgoing_free(struct outgoing *outgoing)
{
    free(outgoing);
}

enum http_result outgoing_send(struct outgoing *outgoing, struct arena *arena,
                               const struct http_request *request, struct http_answer *answer_out)
{
    return http_send(arena, outgoing->settings, request, answer_out);
}

enum http_result outgoing_document(struct outgoing *outgoing, struct arena *arena, const char *url,
                                   int64_t newer_than_ms, struct document *document_out)
{
    static const char *const headers[] = { "Accept: application/json", NULL };
    const struct http_request request = { .url = url,
                                          .headers = headers,
                                          .answer_limit = DOCUMENT_BYTES,
                                          .connect_limit_ms = CONNECT_LIMIT_MS,
                                          .limit_ms = LIMIT_MS };
    struct http_answer answer;
    (void)newer_than_ms;
    enum http_result result = outgoing_send(outgoing, arena, &request, &answer);
    *document_out = (struct document) { .fetched_ms = clock_now_ms(), .error = answer.error };
    if (result != HTTP_ANSWERED)
        return result;
    if (answer.status == 200) {
        document_out->body = answer.body;
        return HTTP_ANSWERED;
    }
    document_out->error = arena_printf(arena, "the answer was %d", answer.status);
    return HTTP_FAILED;
}
