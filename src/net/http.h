/*
 * http.h: requests of our own to where somebody else has said, with all that this needs: https only, checked
 * addresses only (egress.h), the address that was checked is the one that is connected to, no redirects, no
 * proxy, no cookies, limits on time and size. The only door to libcurl's HTTP. One at a time with
 * http_send(), or many at once with http_many: both are the same exchange. Knows nothing of the database.
 */
#ifndef DOORWARD_NET_HTTP_H
#define DOORWARD_NET_HTTP_H

#include "core/settings.h"

struct http_request {
    const char *url;
    const char *const *headers; /* "Name: value" each, NULL at the end; NULL for none */
    const char *content_type;   /* NULL: a GET; else a POST of body */
    const char *method;         /* another one than these; NULL: none */
    struct bytes body;
    size_t answer_limit; /* bytes of the answer's body; 0: it isn't read at all */
    int64_t connect_limit_ms, limit_ms;
    /* asked about once a second: true gives up; NULL: nobody hurries */
    bool (*is_leaving)(void *context);
    void *context;
};

enum http_result {
    HTTP_ANSWERED, /* with whatever status */
    HTTP_REFUSED,  /* by us: the URL or the address isn't allowed; nothing was sent */
    HTTP_FAILED    /* not reached, TLS, too slow, too large, interrupted */
};

struct http_answer {
    int status;
    struct bytes body;   /* a NUL stands behind it */
    const char *headers; /* lines as sent, of the final answer */
    const char *error;   /* printable, one line, in the arena; "" when there was an answer */
};

/* Blocks for at most the time limit. */
enum http_result http_send(struct arena *arena, const struct settings *settings,
                           const struct http_request *request, struct http_answer *answer_out);

/* --- many at once --- */

struct http_many; /* what one process has on its way */
struct exchange;  /* one of them */

struct http_many *http_many_make(void);
void http_many_free(struct http_many *many);

/* Begins one. All that is given must live until it has ended or is dropped; owner is for http_many_next().
 * NULL when it's refused at once: answer_out->error says why. is_leaving isn't asked. */
struct exchange *http_many_begin(struct http_many *many, struct arena *arena, const struct settings *settings,
                                 const struct http_request *request, void *owner,
                                 struct http_answer *answer_out);
/* Breaks one off. */
void http_many_drop(struct http_many *many, struct exchange *exchange);

/* Waits until one of them, or one of the descriptors, has something to say, and goes on with all that can go
 * on. At most HTTP_MANY_WATCHED descriptors, whose revents are set; timeout_ms at most. */
enum { HTTP_MANY_WATCHED = 300 };
struct pollfd;
void http_many_wait(struct http_many *many, struct pollfd *watched, size_t count, int timeout_ms);

/* The owner of one that has ended, and how; NULL when there is none. */
void *http_many_next(struct http_many *many, enum http_result *result_out, struct http_answer *answer_out);

/* --- reading an answer --- */

/* The first header of that name, in any case, without white space around it; NULL when there is none. */
const char *http_answer_header(struct arena *arena, const struct http_answer *answer, const char *name);

#endif
