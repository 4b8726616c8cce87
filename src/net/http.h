/*
 * http.h: requests of our own to where somebody else has said, with all that this needs: https only, checked
 * addresses only (egress.h), the address that was checked is the one that is connected to, no redirects, no
 * proxy, no cookies, limits on time and size. The only door to libcurl's HTTP.
 *
 * Blocks for at most the time limit. Knows nothing of the database.
 */
#ifndef DOORWARD_NET_HTTP_H
#define DOORWARD_NET_HTTP_H

#include "core/settings.h"

struct http_request {
    const char *url;
    const char *const *headers; /* "Name: value" each, NULL at the end; NULL for none */
    const char *content_type;   /* NULL: a GET; else a POST of body */
    const char *method;         /* another method for a body ("DELETE"); NULL: none */
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

enum http_result http_send(struct arena *arena, const struct settings *settings,
                           const struct http_request *request, struct http_answer *answer_out);

/* The first header of that name, in any case, without white space around it; NULL when there is none. */
const char *http_answer_header(struct arena *arena, const struct http_answer *answer, const char *name);

#endif
