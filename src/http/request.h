/*
 * request.h: one HTTP request as the web server handed it over, checked at the door: past this point
 * each string is UTF-8 without NUL, the path has one spelling, and sizes are within limits. Where the
 * facts come from and why they are read so: see request.c (REQUEST_URI alone gives the path; SERVER_NAME and
 * REMOTE_USER are never read; Host is only compared, with names that services have set).
 */
#ifndef DOORWARD_HTTP_REQUEST_H
#define DOORWARD_HTTP_REQUEST_H

#include "http/form.h"

enum { REQUEST_MAX_URI = 16 * 1024, REQUEST_MAX_PARAMETERS = 256 };

struct request {
    struct arena *arena;
    const char *id;        /* 16 characters, random, for the log and the error page */
    const char *method;    /* as sent: "GET" */
    const char *path;      /* decoded once, the issuer's own path cut off, begins with '/' */
    const char *raw_query; /* without '?'; "" when there is none */
    struct form query;
    bool secure;              /* over TLS, as the web server (or a trusted proxy) says */
    bool loopback;            /* the peer is 127.0.0.0/8 or ::1 */
    const char *address;      /* the client's, X-Forwarded-For from trusted proxies considered */
    const char *content_type; /* media type, lower case, parameters cut off; "" when none */
    struct bytes body;
    char *const *parameters; /* FastCGI parameters, NAME=value, NULL at the end */
};

struct request_limits {
    const char *base_path; /* the issuer's path, "" for none */
    const char *trusted_proxies;
    size_t max_body;
};

/* Reads up to size bytes of the body; 0 at its end, negative on a broken connection. */
typedef long (*request_body_fn)(void *connection, void *data, size_t size);

/*
 * Checks and takes apart a request. Returns 0, or the HTTP status to refuse it with (400 malformed,
 * 404 a path that can't be ours, 413 body too large, 414, 431); *request_out is filled as far as it
 * was understood, so that the refusal can be logged and answered.
 */
int request_read(struct arena *arena, char *const *parameters, const struct request_limits *limits,
                 request_body_fn read_body, void *connection, struct request *request_out) MUST_CHECK;

/*
 * A request header by its name as in HTTP ("Authorization"). NULL when absent or empty.
 * *repeated_out (may be NULL) says whether the web server passed it more than once.
 */
const char *request_header(const struct request *request, const char *name, bool *repeated_out);

/* A parameter that the web server itself set ("SSL_CLIENT_CERT"); never one that begins with HTTP_. */
const char *request_server_parameter(const struct request *request, const char *name);

#endif
