/*
 * fcgi.h: the one door to libfcgi. A process listens on one socket, keeps every connection that the
 * web server wants kept, and serves whichever speaks, one request at a time.
 *
 * The order of calls: fcgi_wait() until it says FCGI_READY; fcgi_receive(); then parameters, body and
 * answer; fcgi_finish(). Between fcgi_receive() and fcgi_finish() a request is in hand.
 */
#ifndef DOORWARD_HTTP_FCGI_H
#define DOORWARD_HTTP_FCGI_H

#include "core/base.h"

enum { FCGI_CONNECTIONS = 64 };

struct fcgi;

enum fcgi_event {
    FCGI_READY,  /* a connection has something to say: fcgi_receive() */
    FCGI_WOKEN,  /* the wake descriptor is readable */
    FCGI_QUIET,  /* nothing happened within the timeout */
    FCGI_BROKEN, /* no more requests can come this way: the process must end */
};

/* The descriptors that a door works with; they stay the caller's. */
struct fcgi_ends {
    int listener; /* of any family; made non-blocking */
    int wake;     /* polled beside it; -1: none */
    int adopt;    /* where others hand their connections over; -1: nobody does */
};

/*
 * Serves a listening socket. Reading or writing a connection is given up after io_timeout_s of
 * silence. SIGPIPE is ignored from now on; the caller keeps SIGTERM and SIGUSR1 blocked or handles
 * them anew, since libfcgi has put handlers of its own on them.
 */
struct fcgi *fcgi_open(const struct fcgi_ends *ends, int64_t io_timeout_s);

/* Closes every connection; NULL is let through. */
void fcgi_close(struct fcgi *door);

/* Waits for something to do, at most timeout_ms (-1: for ever). */
enum fcgi_event fcgi_wait(struct fcgi *door, int timeout_ms) MUST_CHECK;

/* Reads a request's parameters. False when the peer spoke no FastCGI, fell silent or hung up: that
 * connection is closed then, and nothing is in hand. */
bool fcgi_receive(struct fcgi *door) MUST_CHECK;

/* NAME=value, NULL at the end; valid until fcgi_finish(). */
char *const *fcgi_parameters(const struct fcgi *door);

/* A request_body_fn: connection is the struct fcgi. */
long fcgi_read(void *connection, void *data, size_t size);

/* Whether the peer of the request in hand has hung up: to be asked before costly work. */
bool fcgi_peer_is_gone(const struct fcgi *door);

/* Appends to the answer; false when the peer is gone. */
bool fcgi_write(struct fcgi *door, struct bytes data);

/* Ends the request in hand; its connection is kept if the web server asked for it. */
void fcgi_finish(struct fcgi *door);

/* Leaving: no new connections; and no connection is kept after its next answer. */
void fcgi_stop_accepting(struct fcgi *door);
void fcgi_stop_keeping(struct fcgi *door);

/*
 * Gives all kept connections away through the other end of an adopt descriptor, those that are idle
 * now, the others after their next answer. Closing one could lose a request that the web server is
 * just sending on it; another process reads it where this one stopped.
 */
void fcgi_hand_over(struct fcgi *door, int to);

/* How many connections are open. */
size_t fcgi_connections(const struct fcgi *door);

#endif
