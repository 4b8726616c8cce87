/*
 * target.h: the request target, out of REQUEST_URI alone: the only path variable that is raw and
 * present behind nginx, lighttpd and Apache alike. Used by request.c.
 */
#ifndef DOORWARD_HTTP_TARGET_H
#define DOORWARD_HTTP_TARGET_H

#include "core/arena.h"

struct target {
    const char *path;  /* decoded once, base path cut off, begins with '/' */
    const char *query; /* raw, without '?'; "" for none */
};

/*
 * Takes a target apart. base_path is the issuer's path without a trailing slash, "" for none. Returns
 * 0, or the status to refuse it with: 400 for what is malformed (control bytes, backslash, non-ASCII,
 * bad escape, %00), 404 for a path that can't be ours (outside the base path, dot segments, empty
 * segments, ';', an encoded slash), 414 for one that is too long.
 */
int target_read(struct arena *arena, const char *request_uri, const char *base_path,
                struct target *target_out) MUST_CHECK;

#endif
