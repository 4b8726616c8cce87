/*
 * outgoing.h: how a process reaches others: by the egress process of its master, so that workers open no
 * connections of their own, or by itself where there is none (a single worker on shared hosting, the command
 * line). Both are http.h behind the same guard, with the same limits, and with one memory of documents.
 */
#ifndef DOORWARD_NET_OUTGOING_H
#define DOORWARD_NET_OUTGOING_H

#include "net/documents.h"

struct outgoing;

/* One per process, after fork, that sends by itself; settings must outlive it. */
struct outgoing *outgoing_make(const struct settings *settings);
/* One that has the egress process send; way is where it is reached and stays the caller's. -1: by itself.
 */
struct outgoing *outgoing_make_through(const struct settings *settings, int way);
void outgoing_free(struct outgoing *outgoing);

enum {
    /* of requests that say nothing; none is without a limit */
    OUTGOING_CONNECT_LIMIT_MS = 3000,
    OUTGOING_LIMIT_MS = 8000,
    OUTGOING_LIMIT_MOST_MS = 30 * 1000,
    OUTGOING_BODY_MAX = 256 * 1024,   /* of a request */
    OUTGOING_ANSWER_MAX = 1024 * 1024 /* what answer_limit may be */
};

/* As http_send(), with a limit in any case. is_leaving isn't asked: the limits of the request are short. A
 * slow or crowded destination is HTTP_FAILED at once, and so is everything while the egress process is away
 * for longer than the limit. */
enum http_result outgoing_send(struct outgoing *outgoing, struct arena *arena,
                               const struct http_request *request, struct http_answer *answer_out);

/*
 * A GET whose answer is kept: as long as it says itself (Cache-Control: max-age), but at least a minute and
 * at most a day; a failure for some seconds. Bounded in number and size; one fetch of a URL at a time.
 * newer_than_ms: one that was fetched at that time or before doesn't do (a key that isn't in it); 0: any
 * does. So that nobody can make this server fetch without end, one that was fetched for this reason does all
 * the same for 10 seconds. limit_ms: for how long the caller waits, if that is less than a fetch may take
 * (DOCUMENT_LIMIT_MS).
 */
enum http_result outgoing_document(struct outgoing *outgoing, struct arena *arena, const char *url,
                                   int64_t newer_than_ms, int64_t limit_ms, struct document *document_out);

#endif
