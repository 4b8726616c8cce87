/*
 * visitor.h: a process that has something fetched by the egress process: its connection, on which one ask and
 * one reply follow each other. Nothing here waits.
 */
#ifndef DOORWARD_NET_VISITOR_H
#define DOORWARD_NET_VISITOR_H

#include "net/frame.h"

enum visitor_state { VISITOR_ABSENT, VISITOR_ASKING, VISITOR_WAITING, VISITOR_LISTENING };

struct visitor {
    enum visitor_state state;
    int descriptor;
    struct arena *arena; /* of one ask and its reply */
    struct ask ask;      /* what it waits for */
    int64_t since_ms;    /* clock_mono_ms() when it had asked */
    unsigned char head[FRAME_HEAD];
    unsigned char *frame; /* what comes in */
    struct bytes reply;   /* what goes out, with its head */
    size_t length, done;  /* of the frame without its head; of what comes or goes, with it */
};

/* Begins with an absent one; the descriptor is its own from now on. */
void visitor_come(struct visitor *visitor, int descriptor);
void visitor_go(struct visitor *visitor);

/* The events of poll() that it waits for. */
short visitor_events(const struct visitor *visitor);

enum visitor_news {
    VISITOR_QUIET, /* nothing to be done for it */
    VISITOR_ASKS,  /* its ask is complete: it waits for visitor_tell() */
    VISITOR_LEFT   /* it hung up, or speaks nonsense: visitor_go() */
};

/* Goes on reading or writing. */
enum visitor_news visitor_go_on(struct visitor *visitor);

/* Gives a waiting one its reply. */
void visitor_tell(struct visitor *visitor, const struct reply *reply);

#endif
