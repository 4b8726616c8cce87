/*
 * cookie.h: cookies in and out (RFC 6265bis). In: strict and bounded; a name sent twice counts as
 * absent, since nobody can tell which one is ours. Out: Secure, HttpOnly and Path=/ always.
 */
#ifndef DOORWARD_HTTP_COOKIE_H
#define DOORWARD_HTTP_COOKIE_H

#include "http/request.h"
#include "http/response.h"

/* NULL when absent, empty, repeated, or holding bytes outside cookie-octet (RFC 6265 §4.1.1). */
const char *cookie_read(const struct request *request, const char *name);

struct cookie {
    const char *name, *value; /* value "" with max_age 0 removes the cookie */
    const char *domain;       /* "" for host-only; must be "" for a __Host- name */
    const char *same_site;    /* "Lax", "Strict" or "None" */
    int64_t max_age_s;        /* negative: until the browser closes */
};

void cookie_write(struct response *response, const struct cookie *cookie);

#endif
