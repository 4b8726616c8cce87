/*
 * frame.h: what the processes of a master and its egress process say to each other: a frame is its length and
 * so many bytes, numbers as this machine has them (both ends are one program). A reader believes nothing:
 * each length is checked against what is there, each string ends with its only NUL, and nothing may be left
 * over.
 */
#ifndef DOORWARD_NET_FRAME_H
#define DOORWARD_NET_FRAME_H

#include "net/documents.h"

enum {
    FRAME_HEAD = 4,                     /* bytes of the length in front */
    FRAME_ASK_MAX = 512 * 1024,         /* of the frame behind it */
    FRAME_ANSWER_MAX = 2 * 1024 * 1024, /* likewise */
    FRAME_HEADERS_MAX = 32,
    FRAME_BODY_MAX = 1024 * 1024 /* of an answer: what one may ask for */
};

/* What a process wants. */
struct ask {
    bool is_document;
    int64_t newer_than_ms;       /* of a document */
    int64_t until_ms;            /* clock_mono_ms(): nobody waits any more */
    struct http_request request; /* of a document its url alone; is_leaving isn't carried */
};

/* What it gets. */
struct reply {
    enum http_result result;
    struct http_answer answer;
    int64_t fetched_ms; /* of a document */
};

/* With the head in front. */
struct bytes frame_of_ask(struct arena *arena, const struct ask *ask);
struct bytes frame_of_reply(struct arena *arena, const struct reply *reply);

/* The length that a head announces; 0 when it's none of 1 to limit. */
size_t frame_length(const unsigned char head[FRAME_HEAD], size_t limit);

/* The frame behind the head; what is read points into it, or lives in the arena. */
bool frame_read_ask(struct arena *arena, struct bytes frame, struct ask *ask_out) MUST_CHECK;
bool frame_read_reply(struct bytes frame, struct reply *reply_out) MUST_CHECK;

#endif
