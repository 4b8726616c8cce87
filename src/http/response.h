/*
 * response.h: the one answer of a request. Written once: a second body is a bug of ours (T-126).
 * Header names and values are refused (a bug) when they hold CR, LF or NUL, so a header can't be
 * split. Security headers that every answer carries are put by response_start().
 */
#ifndef DOORWARD_HTTP_RESPONSE_H
#define DOORWARD_HTTP_RESPONSE_H

#include "core/arena.h"

enum { RESPONSE_MAX_HEADERS = 32 };

struct header {
    const char *name, *value;
};

struct response {
    struct arena *arena;
    int status; /* 0 until answered */
    struct header headers[RESPONSE_MAX_HEADERS];
    size_t header_count;
    struct bytes body;
};

/* An unanswered response with X-Content-Type-Options, Referrer-Policy, HSTS and Cache-Control:
 * no-store, which an answer that may be cached replaces. */
void response_start(struct response *response, struct arena *arena);

/* Sets a header, replacing one of the same name; response_add_header adds beside it (Set-Cookie). */
void response_header(struct response *response, const char *name, const char *value);
void response_add_header(struct response *response, const char *name, const char *value);

/* The body must live as long as the request (in its arena, or in a cache that outlives it). */
void response_body(struct response *response, int status, const char *content_type, struct bytes body);
void response_json(struct response *response, int status, const char *json);
void response_html(struct response *response, int status, const char *html);
void response_empty(struct response *response, int status);

/* 303 after a POST, 302 else is the caller's choice; location is an absolute URL or an absolute path. */
void response_redirect(struct response *response, int status, const char *location);

/* The whole answer as FastCGI wants it: "Status: …" line, headers, blank line, body. The body is left
 * out for HEAD, with its length still told. */
struct bytes response_print(const struct response *response, bool head);

#endif
