/* route.c: see route.h. A plain loop over the rows: at this size clarity beats a trie. */
#include "app/route.h"

#include "core/strbuf.h"
#include "core/text.h"

enum { DEFAULT_BODY_MAX = 16 * 1024 };

size_t route_body_max(const struct route *route)
{
    return route->body_max ? route->body_max : DEFAULT_BODY_MAX;
}

bool route_replays(const struct route *route)
{
    return text_equal(route->method, "POST") && !route->reads &&
           (route->replays || (route->who & BY_API_KEY));
}

static size_t segment_length(const char *at)
{
    return strcspn(at, "/");
}

/* Whether the path has the pattern's form; the values of {name} segments are put in values_out. */
static bool path_fits(struct arena *arena, const char *pattern, const char *path, const char **values_out)
{
    size_t values = 0;
    while (*pattern && *path) {
        if (*pattern++ != '/' || *path++ != '/')
            return false;
        size_t wanted = segment_length(pattern), got = segment_length(path);
        if (*pattern == '{') {
            if (!got || values == ROUTE_MAX_VALUES)
                return false;
            values_out[values++] = arena_strndup(arena, path, got);
        } else if (wanted != got || memcmp(pattern, path, got) != 0) {
            return false;
        }
        pattern += wanted;
        path += got;
    }
    return !*pattern && !*path;
}

static bool row_fits(struct arena *arena, const struct route *route, const char *path,
                     const char **values_out)
{
    if (path_fits(arena, route->path, path, values_out))
        return true;
    for (size_t i = 0; i < ROUTE_MAX_ALIASES && route->aliases[i]; i++) {
        if (path_fits(arena, route->aliases[i], path, values_out))
            return true;
    }
    return false;
}

/* HEAD is answered by the row of GET (RFC 9110 §9.3.2). */
static bool method_fits(const struct route *route, const char *method)
{
    return text_equal(route->method, method) ||
           (text_equal(method, "HEAD") && text_equal(route->method, "GET"));
}

static void allow_method(struct strbuf *allow, const char *method)
{
    if (allow->length)
        strbuf_add_text(allow, ", ");
    strbuf_add_text(allow, method);
    if (text_equal(method, "GET"))
        strbuf_add_text(allow, ", HEAD");
}

/* How many leading segments of the path are as in the pattern. */
static size_t shared_segments(const char *pattern, const char *path)
{
    size_t shared = 0;
    while (*pattern == '/' && *path == '/') {
        size_t wanted = segment_length(++pattern), got = segment_length(++path);
        if (!got || (*pattern != '{' && (wanted != got || memcmp(pattern, path, got) != 0)))
            break;
        shared++;
        pattern += wanted;
        path += got;
    }
    return shared;
}

/* The family that has the most of a path that nobody has, two segments at least; NULL: none has. */
static const struct route_family *nearest(const struct route_family *const *families, const char *path)
{
    size_t most = 1;
    const struct route_family *found = NULL;
    for (size_t f = 0; families[f]; f++) {
        for (size_t r = 0; r < families[f]->count; r++) {
            size_t shared = shared_segments(families[f]->routes[r].path, path);
            if (shared <= most)
                continue;
            most = shared;
            found = families[f];
        }
    }
    return found;
}

/* Whose error format a path gets that nobody has: below these, programs ask, and know the format of what is
 * next to it; anywhere else, people. */
static const struct route_family *fallback(const struct route_family *const *families, const char *path)
{
    size_t last = 0;
    if (text_starts(path, "/api/") || text_starts(path, "/v1/") || text_starts(path, "/.well-known/")) {
        const struct route_family *found = nearest(families, path);
        return found ? found : families[0];
    }
    while (families[last + 1])
        last++;
    return families[last];
}

bool route_find(struct arena *arena, const struct route_family *const *families, const char *method,
                const char *path, const struct route_family **family_out, const struct route **route_out,
                const char **values_out, enum outcome *outcome_out, const char **allow_out)
{
    struct strbuf allow = strbuf_start(arena);
    *family_out = fallback(families, path);
    for (size_t f = 0; families[f]; f++) {
        for (size_t r = 0; r < families[f]->count; r++) {
            const struct route *route = &families[f]->routes[r];
            if (!row_fits(arena, route, path, values_out))
                continue;
            *family_out = families[f];
            *route_out = route;
            if (method_fits(route, method))
                return true;
            allow_method(&allow, route->method);
        }
    }
    *allow_out = allow.length ? allow.data : NULL;
    *outcome_out = allow.length ? OUTCOME_METHOD_NOT_ALLOWED : OUTCOME_NOT_FOUND;
    return false;
}

static bool pattern_is_well_formed(const char *pattern)
{
    if (*pattern != '/' || (pattern[1] && text_ends(pattern, "/")))
        return false;
    for (const char *at = pattern; *at; at++) {
        if (*at == '{' && (at[-1] != '/' || !strchr(at, '}')))
            return false;
        if (*at == '/' && at[1] == '/')
            return false;
    }
    return true;
}

static void row_check(const struct route *route)
{
    if (!route->method || !route->path || !pattern_is_well_formed(route->path))
        bug("a route's method or path is wrong: %s", route->path ? route->path : "(none)");
    for (size_t i = 0; i < ROUTE_MAX_ALIASES && route->aliases[i]; i++) {
        if (!pattern_is_well_formed(route->aliases[i]))
            bug("route %s has a wrong alias", route->path);
    }
    if (!route->who || !route->handler)
        bug("route %s %s has no policy or no handler", route->method, route->path);
    if ((route->who & BY_API_KEY) && !route->permission)
        bug("route %s %s lets every API key in: it names no permission", route->method, route->path);
}

void routes_check(const struct route_family *const *families)
{
    for (size_t f = 0; families[f]; f++) {
        if (!families[f]->write_error)
            bug("family %s has no error writer", families[f]->name);
        for (size_t other = 0; other < f; other++)
            if (families[other] == families[f])
                bug("family %s stands twice", families[f]->name);
        for (size_t r = 0; r < families[f]->count; r++) {
            const struct route *route = &families[f]->routes[r];
            row_check(route);
            for (size_t other = 0; other < r; other++) {
                const struct route *before = &families[f]->routes[other];
                if (text_equal(before->method, route->method) && text_equal(before->path, route->path))
                    bug("route %s %s stands twice", route->method, route->path);
            }
        }
    }
}
