/*
 * outgoing.h: how a process reaches others: by the egress process of its master, so that workers open no
 * connections of their own, or by itself where there is none (a single worker on shared hosting, the command
 * line). Both are http.h behind the same guard, with the same limits, and with one memory of documents.
 */
#ifndef DOORWARD_NET_OUTGOING_H
#define DOORWARD_NET_OUTGOING_H

#include "net/http.h"

struct outgoing;

/* One per process, after fork; settings must outlive it. */
struct outgoing *outgoing_make(const struct settings *settings);
void outgoing_free(struct outgoing *outgoing);

/* As http_send(). is_leaving isn't asked: the limits of the request are short. */
enum http_result outgoing_send(struct outgoing *outgoing, struct arena *arena,
                               const struct http_request *request, struct http_answer *answer_out);

/* A document of an other's that is asked for again and again: discovery, keys. */
struct document {
    struct bytes body;  /* a NUL stands behind it; only of one that came with 200 */
    int64_t fetched_ms; /* since when it is known (clock_now_ms()) */
    const char *error;  /* "" when there is one; else in words for the log */
};

/*
 * A GET whose answer is kept: as long as it says itself (Cache-Control: max-age), but at least a minute and
 * at most a day; a failure for some seconds. Bounded in number and size; one fetch of a URL at a time.
 * newer_than_ms: one that was fetched at that time or before doesn't do (a key that isn't in it); 0: any
 * does. So that nobody can make this server fetch without end, one that is younger than 10 seconds does all
 * the same.
 */
enum http_result outgoing_document(struct outgoing *outgoing, struct arena *arena, const char *url,
                                   int64_t newer_than_ms, struct document *document_out);

#endif
