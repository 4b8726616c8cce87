/* visitor.c: see visitor.h. */
#include "net/visitor.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* An ask and a reply, each with room to have grown. */
enum { ARENA_LIMIT = 4 * (FRAME_ASK_MAX + FRAME_ANSWER_MAX) };

void visitor_come(struct visitor *visitor, int descriptor)
{
    *visitor = (struct visitor) {
        .state = VISITOR_ASKING,
        .descriptor = descriptor,
        .arena = arena_make(ARENA_LIMIT),
    };
}

void visitor_go(struct visitor *visitor)
{
    close(visitor->descriptor);
    arena_destroy(visitor->arena);
    *visitor = (struct visitor) { .state = VISITOR_ABSENT };
}

short visitor_events(const struct visitor *visitor)
{
    return (short)(POLLIN | (visitor->state == VISITOR_LISTENING ? POLLOUT : 0));
}

static bool is_only_early(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static enum visitor_news refuse(const char *what)
{
    log_error("egress: a process sent %s; its connection is closed", what);
    return VISITOR_LEFT;
}

/* --- asking --- */

static enum visitor_news read_ask(struct visitor *visitor)
{
    const struct bytes frame = { visitor->frame, visitor->length };

    if (!frame_read_ask(visitor->arena, frame, &visitor->ask))
        return refuse("what is no request");
    visitor->state = VISITOR_WAITING;
    visitor->since_ms = clock_mono_ms();
    return VISITOR_ASKS;
}

/* Some bytes have come: whether they complete anything. */
static enum visitor_news look(struct visitor *visitor)
{
    if (visitor->done == FRAME_HEAD) {
        visitor->length = frame_length(visitor->head, FRAME_ASK_MAX);
        if (!visitor->length)
            return refuse("a frame of a wrong length");
        visitor->frame = arena_alloc(visitor->arena, visitor->length);
    }
    return visitor->done == FRAME_HEAD + visitor->length ? read_ask(visitor) : VISITOR_QUIET;
}

static enum visitor_news hear(struct visitor *visitor)
{
    enum visitor_news news = VISITOR_QUIET;

    while (news == VISITOR_QUIET) {
        bool in_head = visitor->done < FRAME_HEAD;
        unsigned char *place =
            in_head ? visitor->head + visitor->done : visitor->frame + (visitor->done - FRAME_HEAD);
        size_t left = FRAME_HEAD + (in_head ? 0 : visitor->length) - visitor->done;
        ssize_t got = recv(visitor->descriptor, place, left, MSG_DONTWAIT);
        if (got <= 0)
            return got < 0 && is_only_early() ? VISITOR_QUIET : VISITOR_LEFT;
        visitor->done += (size_t)got;
        news = look(visitor);
    }
    return news;
}

/* --- listening --- */

static void begin_anew(struct visitor *visitor)
{
    visitor->state = VISITOR_ASKING;
    visitor->frame = NULL;
    visitor->length = visitor->done = 0;
    arena_reset(visitor->arena);
}

static enum visitor_news speak(struct visitor *visitor)
{
    while (visitor->done < visitor->reply.length) {
        ssize_t sent = send(visitor->descriptor, visitor->reply.data + visitor->done,
                            visitor->reply.length - visitor->done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
            return is_only_early() ? VISITOR_QUIET : VISITOR_LEFT;
        visitor->done += (size_t)sent;
    }
    begin_anew(visitor);
    return VISITOR_QUIET;
}

void visitor_tell(struct visitor *visitor, const struct reply *reply)
{
    visitor->reply = frame_of_reply(visitor->arena, reply);
    visitor->state = VISITOR_LISTENING;
    visitor->done = 0;
    (void)speak(visitor); /* one who left is found out by the next look */
}

/* Who hasn't had its reply yet has nothing to say. */
static bool is_silent(const struct visitor *visitor)
{
    char byte;

    return recv(visitor->descriptor, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && is_only_early();
}

enum visitor_news visitor_go_on(struct visitor *visitor)
{
    if (visitor->state == VISITOR_ASKING)
        return hear(visitor);
    if (!is_silent(visitor))
        return VISITOR_LEFT;
    return visitor->state == VISITOR_LISTENING ? speak(visitor) : VISITOR_QUIET;
}
