/*
 * templates.h: the files that pages are made of, as a process keeps them: Mustache templates, style
 * sheets and other assets, translations. Each is looked for in the service's folder, then the
 * installation's, then the defaults; read and compiled once, and again when it has changed (looked at
 * no more than once a second). A new version that is broken is told to the log and not used: the last
 * good one, else the next folder's, goes on.
 *
 * Knows nothing of requests or of what a page means. One struct templates per process; what is found
 * stays valid until the next templates_begin().
 */
#ifndef DOORWARD_PAGES_TEMPLATES_H
#define DOORWARD_PAGES_TEMPLATES_H

#include "core/mustache.h"
#include "core/settings.h"

struct templates;

enum { TEMPLATE_MAX_BYTES = 256 * 1024 };

/* settings must outlive it. */
struct templates *templates_make(const struct settings *settings);
void templates_free(struct templates *templates);

/* Starts a request: no file is looked at twice within it. */
void templates_begin(struct templates *templates, int64_t now_ms);

/* A compiled template ("login"); service is a UUID or NULL. NULL when there is no usable one. */
const struct mustache *templates_find(struct templates *templates, const char *service, const char *name);

/* Renders a page with its layout and partials. False, with the reason, when the template is missing or
 * its partials run in a circle; the reason is in the arena of out. */
bool templates_render(struct templates *templates, const char *service, const char *name,
                      const struct json *model, struct strbuf *out, const char **error_out) MUST_CHECK;

/* The same for a template of plain text, whose values aren't escaped. */
bool templates_render_plain(struct templates *templates, const char *service, const char *name,
                            const struct json *model, struct strbuf *out, const char **error_out) MUST_CHECK;

/* A file that browsers load ("doorward.css"): its bytes, media type and the hash of its content. */
struct asset {
    struct bytes bytes;
    const char *media_type;
    const char *hash;    /* 16 hex digits */
    const char *service; /* whose folder it came from; NULL for the others */
};
bool templates_asset(struct templates *templates, const char *service, const char *file,
                     struct asset *asset_out) MUST_CHECK;

/* --- languages --- */

/* The language of the installed ones that suits best: words of ui_locales first (OpenID Connect Core
 * §3.1.2.1), then Accept-Language, then English. Both may be NULL. */
const char *templates_language(struct templates *templates, struct arena *arena, const char *ui_locales,
                               const char *accept_language);

/* All texts of a language, each key that is missing taken from English. */
struct json *templates_texts(struct templates *templates, struct arena *arena, const char *service,
                             const char *language);

/* A text with {name} replaced by the member of values; an unknown name is left as it is. */
const char *templates_fill(struct arena *arena, const char *text, const struct json *values);

#endif
