/*
 * once.h: what a request brings that may be used once: a client's assertion (RFC 7523 §3), a proof (RFC 9449
 * §11.1). It is noted when it is known to be good, and spent before the request has any effect: by the stage
 * behind policy_check(), or, where a route says that it spends itself, in one transaction with what the
 * request writes anyway, so that it costs a statement but no commit of its own. A request that is refused has
 * spent it as well (dispatch.c). Who spends it second, on whatever machine, is refused (T-36).
 */
#ifndef DOORWARD_DOMAIN_ONCE_H
#define DOORWARD_DOMAIN_ONCE_H

#include "domain/outcome.h"
#include "store/db.h"

struct context;

enum { ONCE_MAX = 2 }; /* an assertion and a proof */

struct once_item {
    unsigned char id[32]; /* a hash over what it is, whose it is, and its own name */
    int64_t expires_at;   /* when it wouldn't be taken any more in any case: seconds */
    enum outcome used;    /* what a second use is, and why */
    const char *reason;
    /* told of a second use, with about; NULL: nobody is */
    void (*on_used)(struct context *context, const void *about);
    const void *about;
};

/* What the request in hand has still to spend. */
struct once {
    struct once_item items[ONCE_MAX];
    size_t count;
};

/* kind ("assertion", "proof") and owner keep one name's uses apart. item's id is filled here. */
void once_note(struct context *context, const char *kind, const char *owner, const char *name,
               struct once_item item);

/* Whether this is the first call for this name, on whatever machine, until expires_at is over: one write,
 * now. False also where that can't be known. */
bool once_is_first(struct context *context, const char *kind, const char *owner, const char *name,
                   int64_t expires_at);

/* Spends what was noted, now: a statement each. OK when there is nothing; what the item says for a second
 * use; UNAVAILABLE. */
enum outcome once_spend(struct context *context);

/*
 * Runs work, as db_transact() does, in one transaction with the spending; by itself when there is nothing to
 * spend. OK: work was run, *result_out is how it ended; what it didn't do leaves the item unspent.
 */
enum outcome once_run(struct context *context, db_work_fn work, void *argument,
                      enum store_result *result_out);

#endif
