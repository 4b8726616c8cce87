/*
 * outgoing.c: see outgoing.h. The way to the egress process is a connection that is kept from one request to
 * the next. When it turns out to be dead, a new one is handed over, once, and only while it's certain that
 * the request can't have been sent: no code is shown to anybody twice.
 */
#include "net/outgoing.h"

#include "core/clock.h"
#include "core/parcel.h"
#include "net/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MARGIN_MS = 500 /* beyond the request's own limit */ };

struct outgoing {
    const struct settings *settings;
    int way;                     /* -1: there is no egress process */
    int connection;              /* to it; -1: none yet */
    struct documents *documents; /* without an egress process */
};

struct outgoing *outgoing_make_through(const struct settings *settings, int way)
{
    struct outgoing *outgoing = calloc(1, sizeof(*outgoing));

    if (!outgoing)
        fatal("out of memory");
    *outgoing = (struct outgoing) { .settings = settings, .way = way, .connection = -1 };
    if (way < 0)
        outgoing->documents = documents_make();
    return outgoing;
}

struct outgoing *outgoing_make(const struct settings *settings)
{
    return outgoing_make_through(settings, -1);
}

static void disconnect(struct outgoing *outgoing)
{
    if (outgoing->connection >= 0)
        close(outgoing->connection);
    outgoing->connection = -1;
}

void outgoing_free(struct outgoing *outgoing)
{
    if (!outgoing)
        return;
    disconnect(outgoing);
    documents_free(outgoing->documents);
    free(outgoing);
}

/* --- the connection --- */

/* What is handed over waits if the egress process is just being replaced. */
static bool connect_to_porter(struct outgoing *outgoing)
{
    int pair[2];

    disconnect(outgoing);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    bool handed_over = parcel_send(outgoing->way, pair[1]);
    close(pair[1]);
    outgoing->connection = pair[0];
    if (!handed_over)
        disconnect(outgoing);
    return handed_over;
}

/* Waits for an event until then; false when the time is over. */
static bool wait_for(const struct outgoing *outgoing, short events, int64_t until_ms)
{
    struct pollfd news = { .fd = outgoing->connection, .events = events };
    int64_t left_ms = until_ms - clock_mono_ms();
    int count;

    while (left_ms > 0) {
        count = poll(&news, 1, (int)left_ms);
        if (count > 0 || (count < 0 && errno != EINTR))
            return count > 0;
        left_ms = until_ms - clock_mono_ms();
    }
    return false;
}

static bool write_all(const struct outgoing *outgoing, struct bytes data, int64_t until_ms)
{
    size_t done = 0;

    while (done < data.length) {
        ssize_t sent =
            send(outgoing->connection, data.data + done, data.length - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            done += (size_t)sent;
        else if ((errno != EAGAIN && errno != EINTR) || !wait_for(outgoing, POLLOUT, until_ms))
            return false;
    }
    return true;
}

static bool read_all(const struct outgoing *outgoing, unsigned char *data, size_t length, int64_t until_ms)
{
    size_t done = 0;

    while (done < length) {
        ssize_t got = recv(outgoing->connection, data + done, length - done, MSG_DONTWAIT);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(outgoing, POLLIN, until_ms))
            return false;
    }
    return true;
}

/* --- by the egress process --- */

/* A frame that wasn't written to its end was never acted on. Writing to one who is gone fails at once. */
static bool hand_in(struct outgoing *outgoing, struct bytes frame, int64_t until_ms)
{
    if (outgoing->connection >= 0 && write_all(outgoing, frame, until_ms))
        return true;
    return connect_to_porter(outgoing) && write_all(outgoing, frame, until_ms);
}

static bool receive(struct outgoing *outgoing, struct arena *arena, int64_t until_ms, struct reply *reply_out)
{
    unsigned char head[FRAME_HEAD];

    if (!read_all(outgoing, head, sizeof(head), until_ms))
        return false;
    size_t length = frame_length(head, FRAME_ANSWER_MAX);
    unsigned char *data = arena_alloc(arena, length);
    return length && read_all(outgoing, data, length, until_ms) &&
           frame_read_reply((struct bytes) { data, length }, reply_out);
}

static void fail(struct outgoing *outgoing, const char *words, struct reply *reply_out)
{
    disconnect(outgoing);
    *reply_out = (struct reply) { HTTP_FAILED, { .headers = "", .error = words }, clock_now_ms() };
}

static void have_sent(struct outgoing *outgoing, struct arena *arena, const struct ask *ask,
                      struct reply *reply_out)
{
    int64_t patience_ms = ask->until_ms + REPLY_MARGIN_MS;

    if (!hand_in(outgoing, frame_of_ask(arena, ask), ask->until_ms))
        fail(outgoing, "the egress process is away", reply_out);
    else if (!receive(outgoing, arena, patience_ms, reply_out))
        fail(outgoing,
             clock_mono_ms() < patience_ms ? "the egress process went away meanwhile"
                                           : "the egress process didn't answer in time",
             reply_out);
}

/* --- what is offered --- */

/* With limits, and nothing larger than a frame carries. */
static bool bound(const struct http_request *request, struct http_request *bounded_out)
{
    size_t headers = 0;

    *bounded_out = *request;
    bounded_out->is_leaving = NULL;
    if (bounded_out->limit_ms <= 0)
        bounded_out->limit_ms = OUTGOING_LIMIT_MS;
    if (bounded_out->limit_ms > OUTGOING_LIMIT_MOST_MS)
        bounded_out->limit_ms = OUTGOING_LIMIT_MOST_MS;
    if (bounded_out->connect_limit_ms <= 0)
        bounded_out->connect_limit_ms = OUTGOING_CONNECT_LIMIT_MS;
    if (bounded_out->answer_limit > OUTGOING_ANSWER_MAX)
        bounded_out->answer_limit = OUTGOING_ANSWER_MAX;
    while (request->headers && request->headers[headers])
        headers++;
    return request->body.length <= OUTGOING_BODY_MAX && headers <= FRAME_HEADERS_MAX;
}

enum http_result outgoing_send(struct outgoing *outgoing, struct arena *arena,
                               const struct http_request *request, struct http_answer *answer_out)
{
    struct ask ask = { .is_document = false };
    struct reply reply;

    *answer_out = (struct http_answer) { .headers = "", .error = "the request is too large to be sent" };
    if (!bound(request, &ask.request))
        return HTTP_REFUSED;
    if (outgoing->way < 0)
        return http_send(arena, outgoing->settings, &ask.request, answer_out);
    ask.until_ms = clock_mono_ms() + ask.request.limit_ms;
    have_sent(outgoing, arena, &ask, &reply);
    *answer_out = reply.answer;
    return reply.result;
}

/* By this process, with a memory of its own. */
static enum http_result fetch(struct outgoing *outgoing, struct arena *arena,
                              const struct http_request *request, int64_t newer_than_ms,
                              struct document *document_out)
{
    struct http_answer answer;
    enum http_result result;

    if (documents_find(outgoing->documents, arena, request->url, newer_than_ms, clock_now_ms(), &result,
                       document_out))
        return result;
    result = http_send(arena, outgoing->settings, request, &answer);
    return documents_keep(outgoing->documents, arena, request->url, clock_now_ms(), result, &answer,
                          document_out);
}

/* Who waits for less long than a fetch may take doesn't end it: it is for others, too. */
enum http_result outgoing_document(struct outgoing *outgoing, struct arena *arena, const char *url,
                                   int64_t newer_than_ms, int64_t limit_ms, struct document *document_out)
{
    struct ask ask = { .is_document = true, .newer_than_ms = newer_than_ms > 0 ? newer_than_ms : 0 };
    struct reply reply;

    documents_request(url, &ask.request);
    if (limit_ms < ask.request.limit_ms)
        ask.request.limit_ms = limit_ms;
    if (ask.request.limit_ms <= 0) {
        *document_out = (struct document) { .fetched_ms = clock_now_ms(), .error = "no time is left to ask" };
        return HTTP_FAILED;
    }
    if (outgoing->way < 0)
        return fetch(outgoing, arena, &ask.request, ask.newer_than_ms, document_out);
    ask.until_ms = clock_mono_ms() + ask.request.limit_ms;
    have_sent(outgoing, arena, &ask, &reply);
    *document_out = (struct document) { reply.answer.body, reply.fetched_ms, reply.answer.error };
    return reply.result;
}
