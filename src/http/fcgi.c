/*
 * fcgi.c: libfcgi, used for the protocol alone. It blocks where we must not, so we do the waiting:
 *
 * - We accept. libfcgi's accept waits two seconds for a silent peer, and a descriptor that it accepts
 *   can't be given a receive timeout before it is read. Each FCGX_Request is handed an open connection
 *   and an invalid listener: when the peer talks garbage, libfcgi closes the connection, tries to
 *   accept another, and comes back with EBADF: the one negative return that means nothing to us. Any
 *   other ends the process.
 * - A connection is read only after poll() and a peek: at end of file libfcgi would go on to accept.
 * - We close. libfcgi's close waits up to two seconds for the peer to close first. "detached" turns
 *   that off when it closes after an error, and a request that isn't kept is finished as if it were,
 *   and closed here.
 * - Its signal handlers set a flag that makes every later accept fail: see fcgi.h.
 */
#define _GNU_SOURCE
#include "http/fcgi.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/parcel.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NO_LISTENER = -1,
    ROLE_RESPONDER = 1,
    /* a connection silent for this long may be closed when its place is needed */
    DISPENSABLE_MS = 10 * 1000,
    DESCRIPTORS_PAUSE_US = 100 * 1000,
    DISCARD_MAX = 1024 * 1024 /* bytes of a refused body that are still read */
};

struct connection {
    FCGX_Request request; /* request.ipcFd: the descriptor, -1 when the place is free */
    int64_t silent_since_ms;
};

struct fcgi {
    struct fcgi_ends ends;
    int hand_over; /* -1: connections that aren't kept are closed */
    int64_t io_timeout_s;
    bool accepting, keeping, broken;
    struct connection connections[FCGI_CONNECTIONS];
    struct connection *current; /* ready, or with its request in hand */

    /* the last poll's answer, looked through from next on */
    struct pollfd polled[FCGI_CONNECTIONS + 3];
    struct connection *owners[FCGI_CONNECTIONS + 3]; /* NULL: one of the ends */
    size_t polled_count, next;
};

struct fcgi *fcgi_open(const struct fcgi_ends *ends, int64_t io_timeout_s)
{
    struct fcgi *door = calloc(1, sizeof *door);

    if (!door)
        fatal("out of memory");
    if (FCGX_Init() != 0)
        fatal("libfcgi can't be initialised");
    signal(SIGPIPE, SIG_IGN);
    int flags = fcntl(ends->listener, F_GETFL);
    if (flags < 0 || fcntl(ends->listener, F_SETFL, flags | O_NONBLOCK) < 0)
        fatal("listening socket: %s", strerror(errno));
    door->ends = *ends;
    door->hand_over = -1;
    door->io_timeout_s = io_timeout_s;
    door->accepting = door->keeping = true;
    for (size_t i = 0; i < FCGI_CONNECTIONS; i++)
        FCGX_InitRequest(&door->connections[i].request, NO_LISTENER, 0);
    return door;
}

static bool is_open(const struct connection *connection)
{
    return connection->request.ipcFd >= 0;
}

static void drop(struct connection *connection)
{
    FCGX_Free(&connection->request, 0);
    close(connection->request.ipcFd);
    connection->request.ipcFd = -1;
}

void fcgi_close(struct fcgi *door)
{
    for (size_t i = 0; door && i < FCGI_CONNECTIONS; i++)
        if (is_open(&door->connections[i]))
            drop(&door->connections[i]);
    free(door);
}

static void add_polled(struct fcgi *door, int descriptor, struct connection *owner)
{
    door->polled[door->polled_count] = (struct pollfd) { .fd = descriptor, .events = POLLIN };
    door->owners[door->polled_count++] = owner;
}

/* A free place, or when all are taken that of the longest silent connection; NULL when none is. */
static struct connection *find_place(struct fcgi *door)
{
    struct connection *longest = &door->connections[0];

    for (size_t i = 0; i < FCGI_CONNECTIONS; i++) {
        if (!is_open(&door->connections[i]))
            return &door->connections[i];
        if (door->connections[i].silent_since_ms < longest->silent_since_ms)
            longest = &door->connections[i];
    }
    return clock_mono_ms() - longest->silent_since_ms >= DISPENSABLE_MS ? longest : NULL;
}

/* The wake descriptor comes first, so that its news is told before another request is begun. */
static void collect(struct fcgi *door)
{
    door->polled_count = door->next = 0;
    add_polled(door, door->ends.wake, NULL); /* poll() skips a negative one */
    for (size_t i = 0; i < FCGI_CONNECTIONS; i++)
        if (is_open(&door->connections[i]))
            add_polled(door, door->connections[i].request.ipcFd, &door->connections[i]);
    if (door->accepting && find_place(door)) {
        add_polled(door, door->ends.adopt, NULL);
        add_polled(door, door->ends.listener, NULL);
    }
}

/* Whether the connection has bytes to read; one that was hung up is closed. */
static bool speaks(struct connection *connection)
{
    char byte;
    ssize_t got = recv(connection->request.ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        drop(connection);
    return got > 0;
}

static void refuse_descriptor(struct fcgi *door, int error)
{
    switch (error) {
    case EAGAIN: /* another worker was faster */
    case EINTR:
    case ECONNABORTED:
        return;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        log_error("accept: %s; waiting", strerror(error));
        usleep(DESCRIPTORS_PAUSE_US);
        return;
    default:
        log_error("accept: %s", strerror(error));
        door->broken = true;
    }
}

static int accept_descriptor(struct fcgi *door)
{
    const struct timeval timeout = { .tv_sec = door->io_timeout_s };
    int descriptor = accept4(door->ends.listener, NULL, NULL, SOCK_CLOEXEC);

    if (descriptor < 0) {
        refuse_descriptor(door, errno);
        return -1;
    }
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    return descriptor;
}

static int adopt_descriptor(struct fcgi *door)
{
    return parcel_take(door->ends.adopt, NULL);
}

/* Takes one new connection; true when it already speaks. */
static bool take_connection(struct fcgi *door, int (*take)(struct fcgi *door))
{
    struct connection *connection = find_place(door);
    int descriptor = connection ? take(door) : -1;

    if (descriptor < 0)
        return false;
    if (is_open(connection))
        drop(connection);
    connection->request.ipcFd = descriptor;
    connection->silent_since_ms = clock_mono_ms();
    door->current = connection;
    return speaks(connection);
}

/* Whether a descriptor that poll() named means a request that can be received. */
static bool is_ready(struct fcgi *door, struct connection *owner, int descriptor)
{
    if (owner) {
        door->current = owner;
        /* its place may have been given to another since */
        return owner->request.ipcFd == descriptor && speaks(owner);
    }
    if (!door->accepting)
        return false;
    return take_connection(door, descriptor == door->ends.adopt ? adopt_descriptor : accept_descriptor);
}

/* The next connection of the last poll that has something to say. */
static bool next_ready(struct fcgi *door, bool *woken_out)
{
    *woken_out = false;
    while (door->next < door->polled_count) {
        size_t i = door->next++;
        if (!door->polled[i].revents)
            continue;
        *woken_out = i == 0;
        if (*woken_out || is_ready(door, door->owners[i], door->polled[i].fd))
            return true;
    }
    return false;
}

enum fcgi_event fcgi_wait(struct fcgi *door, int timeout_ms)
{
    for (;;) {
        bool woken;
        if (next_ready(door, &woken))
            return woken ? FCGI_WOKEN : FCGI_READY;
        if (door->broken)
            return FCGI_BROKEN;
        collect(door);
        int ready = poll(door->polled, door->polled_count, timeout_ms);
        if (ready == 0) {
            door->polled_count = 0;
            return FCGI_QUIET;
        }
        if (ready < 0) {
            door->polled_count = 0;
            door->broken = errno != EINTR;
        }
    }
}

bool fcgi_receive(struct fcgi *door)
{
    FCGX_Request *request = &door->current->request;

    request->keepConnection = 1; /* or FCGX_Accept_r would begin by closing it */
    request->detached = 1;
    int status = FCGX_Accept_r(request);
    if (status < 0) {
        request->ipcFd = -1;
        door->broken = status != -EBADF;
        return false;
    }
    if (request->role != ROLE_RESPONDER) {
        drop(door->current);
        return false;
    }
    return true;
}

char *const *fcgi_parameters(const struct fcgi *door)
{
    return door->current->request.envp;
}

long fcgi_read(void *connection, void *data, size_t size)
{
    struct fcgi *door = connection;
    FCGX_Stream *in = door->current->request.in;
    int got = FCGX_GetStr(data, size < INT_MAX ? (int)size : INT_MAX, in);

    return FCGX_GetError(in) ? -1 : got;
}

bool fcgi_peer_is_gone(const struct fcgi *door)
{
    struct pollfd peer = { .fd = door->current->request.ipcFd, .events = POLLRDHUP };

    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

bool fcgi_write(struct fcgi *door, struct bytes data)
{
    FCGX_Stream *out = door->current->request.out;

    while (data.length > 0) {
        int piece = data.length < INT_MAX ? (int)data.length : INT_MAX;
        if (FCGX_PutStr((const char *)data.data, piece, out) != piece)
            return false;
        data.data += piece;
        data.length -= (size_t)piece;
    }
    return true;
}

/* What was sent of a body and not read would be taken for the next request; and Apache takes a
 * connection that closes while it is still sending for a broken worker. False when there is more than
 * anybody should have to read: then the connection is of no use any more. */
static bool read_rest(FCGX_Stream *in)
{
    char rest[4096];
    int got;

    for (size_t total = 0; total < DISCARD_MAX; total += (size_t)got) {
        got = FCGX_GetStr(rest, sizeof rest, in);
        if (got <= 0)
            return true;
    }
    return false;
}

void fcgi_finish(struct fcgi *door)
{
    FCGX_Request *request = &door->current->request;
    bool wanted = read_rest(request->in) && request->keepConnection;

    request->keepConnection = 1;
    FCGX_Finish_r(request);
    door->current->silent_since_ms = clock_mono_ms();
    if (request->ipcFd < 0)
        return;
    if (wanted && door->hand_over >= 0 && parcel_send(door->hand_over, request->ipcFd))
        drop(door->current); /* our copy */
    else if (!wanted || !door->keeping)
        drop(door->current);
}

void fcgi_hand_over(struct fcgi *door, int to)
{
    door->hand_over = to;
    for (size_t i = 0; i < FCGI_CONNECTIONS; i++)
        if (is_open(&door->connections[i]) && parcel_send(to, door->connections[i].request.ipcFd))
            drop(&door->connections[i]);
}

void fcgi_stop_accepting(struct fcgi *door)
{
    door->accepting = false;
}

void fcgi_stop_keeping(struct fcgi *door)
{
    door->keeping = false;
}

size_t fcgi_connections(const struct fcgi *door)
{
    size_t open = 0;

    for (size_t i = 0; i < FCGI_CONNECTIONS; i++)
        open += is_open(&door->connections[i]);
    return open;
}
