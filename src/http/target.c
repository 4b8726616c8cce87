/*
 * target.c: one path, one spelling. What another server might read differently (dot segments, "//",
 * ";parameters", an encoded slash) is refused and never normalised (T-02, T-113, T-114).
 */
#include "http/target.h"

#include "core/encode.h"
#include "core/text.h"
#include "http/request.h"

/* RFC 3986 §2: only printable ASCII can stand in a target; "\" and "#" never do. */
static bool is_plain(const char *text)
{
    return text[0] && text_is_printable(text) && !strpbrk(text, " \\#");
}

/* Apache passes an absolute-form target (RFC 9112 §3.2.2) through; its host is the client's claim. */
static const char *skip_authority(const char *target)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (text_starts(target, schemes[i])) {
            const char *authority = target + strlen(schemes[i]);
            return authority + strcspn(authority, "/?");
        }
    }
    return target;
}

/* Whether path is base_path itself or below it; *rest_out is what follows, "" or "/…". */
static bool below(const char *path, const char *base_path, const char **rest_out)
{
    size_t length = strlen(base_path);

    *rest_out = path + length;
    return strncmp(path, base_path, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/*
 * Cuts the issuer's path off. RFC 8414 §3.1 puts it at the other end: the metadata of
 * https://host/idp are at /.well-known/oauth-authorization-server/idp, here the same as below /idp.
 */
static const char *cut_base(struct arena *arena, const char *path, const char *base_path)
{
    static const char well_known[] = "/.well-known/";
    const char *rest;

    if (below(path, base_path, &rest))
        return rest[0] ? rest : "/";
    if (text_starts(path, well_known)) {
        size_t name_length = strcspn(path + sizeof well_known - 1, "/");
        const char *suffix = path + sizeof well_known - 1 + name_length;
        return text_equal(suffix, base_path) ? arena_strndup(arena, path, (size_t)(suffix - path)) : NULL;
    }
    return NULL;
}

static bool has_escape(const char *path, const char *escape)
{
    size_t length = strlen(path);
    for (size_t i = 0; i + 3 <= length; i++)
        if (path[i] == '%' &&
            text_equal_ascii_case((const char[]) { '%', path[i + 1], path[i + 2], 0 }, escape))
            return true;
    return false;
}

/* No empty segment but the last one, and no "." or "..". */
static bool has_plain_segments(const char *path)
{
    while (*path == '/') {
        size_t length = strcspn(++path, "/");
        bool dots = (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.');
        if (dots || (length == 0 && path[0] == '/'))
            return false;
        path += length;
    }
    return true;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int decode_path(struct arena *arena, const char *raw, const char **path_out)
{
    char *path;

    if (!percent_decode(arena, raw, strlen(raw), false, &path) || has_control(path) || strchr(path, '\\'))
        return 400;
    if (has_escape(raw, "%2f") || strchr(path, ';') || !has_plain_segments(path))
        return 404;
    *path_out = path;
    return 0;
}

int target_read(struct arena *arena, const char *request_uri, const char *base_path,
                struct target *target_out)
{
    *target_out = (struct target) { .path = "/", .query = "" };
    if (strnlen(request_uri, REQUEST_MAX_URI + 1) > REQUEST_MAX_URI)
        return 414;
    if (!is_plain(request_uri))
        return 400;
    const char *target = skip_authority(request_uri);
    size_t path_length = strcspn(target, "?");
    if (path_length > 0 && target[0] != '/')
        return 400;
    if (target[path_length] == '?')
        target_out->query = arena_strdup(arena, target + path_length + 1);
    const char *path = cut_base(arena, arena_strndup(arena, target, path_length), base_path);
    return path ? decode_path(arena, path, &target_out->path) : 404;
}
