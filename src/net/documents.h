/*
 * documents.h: the memory of documents of others that are asked for again and again: discovery, keys. Bounded
 * in number and bytes, and what hasn't been asked for longest goes first, so that nobody can fill it (T-56).
 * Sends nothing itself, and has the time from its caller.
 */
#ifndef DOORWARD_NET_DOCUMENTS_H
#define DOORWARD_NET_DOCUMENTS_H

#include "net/http.h"

struct document {
    struct bytes body;  /* a NUL stands behind it; only of one that came with 200 */
    int64_t fetched_ms; /* since when it is known (clock_now_ms()) */
    const char *error;  /* "" when there is one; else in words for the log */
};

struct documents;

struct documents *documents_make(void);
void documents_free(struct documents *documents);

enum {
    DOCUMENTS_MAX = 256,
    DOCUMENTS_MAX_BYTES = 8 * 1024 * 1024,
    DOCUMENT_BYTES = 256 * 1024,        /* of one */
    DOCUMENT_LIMIT_MS = 5 * 1000,       /* of fetching one */
    DOCUMENT_YOUNG_MS = 10 * 1000,      /* one that was renewed does even for who wants a newer one */
    DOCUMENT_FAILURE_MS = 5 * 1000,     /* for how long a failure is believed */
    DOCUMENT_DEFAULT_MS = 600 * 1000,   /* when it doesn't say itself how long it lasts */
    DOCUMENT_LEAST_MS = 60 * 1000,      /* whatever it says */
    DOCUMENT_MOST_MS = 24 * 3600 * 1000 /* whatever it says */
};

/* The request that fetches one. */
void documents_request(const char *url, struct http_request *request_out);

/*
 * What is known of a URL at now_ms: true, with the result that fetching it would have had and the document
 * copied into the arena. False: it has to be fetched. newer_than_ms: as outgoing_document().
 */
bool documents_find(struct documents *documents, struct arena *arena, const char *url, int64_t newer_than_ms,
                    int64_t now_ms, enum http_result *result_out, struct document *document_out) MUST_CHECK;

/* Judges and keeps what fetching one gave; the document stays in the answer's memory. */
enum http_result documents_keep(struct documents *documents, struct arena *arena, const char *url,
                                int64_t now_ms, enum http_result result, const struct http_answer *answer,
                                struct document *document_out);

#endif
