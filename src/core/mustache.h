/*
 * mustache.h: Mustache templates over a model of json.h: variables, sections, inverted sections,
 * comments, set delimiters, partials, and parents with blocks (the specification's optional
 * inheritance). No lambdas, no dynamic names. Compiled once, rendered often; knows nothing of files.
 *
 * {{name}} is HTML-escaped (& < > " '), {{{name}}} and {{&name}} are not. False for a section: null,
 * no such member, false, 0, "" and an empty array.
 */
#ifndef DOORWARD_CORE_MUSTACHE_H
#define DOORWARD_CORE_MUSTACHE_H

#include "core/json.h"
#include "core/strbuf.h"

struct mustache;

/* Sections, parents and blocks may nest so deep; partials and parents may call one another so deep. */
enum { MUSTACHE_MAX_NESTING = 32 };

struct mustache_error {
    size_t line; /* from 1 */
    const char *message;
};

/*
 * Compiles a template of UTF-8; it lives in the arena and keeps nothing of text. NULL with line and
 * reason in *error_out (in the arena) for what isn't UTF-8 or has a NUL, a tag without an end, a section left
 * open or closed under another name, a bad name, bad delimiters, or nesting beyond the limit.
 */
struct mustache *mustache_compile(struct arena *arena, const char *text, size_t length,
                                  struct mustache_error *error_out) MUST_CHECK;

enum mustache_kind {
    MUSTACHE_VARIABLE, /* {{name}} */
    MUSTACHE_RAW,      /* {{{name}}}, {{&name}} */
    MUSTACHE_SECTION,  /* {{#name}} */
    MUSTACHE_INVERTED, /* {{^name}} */
    MUSTACHE_PARTIAL,  /* {{>name}} */
    MUSTACHE_PARENT,   /* {{<name}} */
    MUSTACHE_BLOCK     /* {{$name}} */
};

/* A name that a template uses, as `doorward template check` wants to know it. */
struct mustache_use {
    enum mustache_kind kind;
    const char *name; /* as written: "user.name", "." */
    size_t line;
    const struct mustache_use *section; /* the innermost {{#…}} around it, NULL at the top */
};

/* Calls each() for all names in the template's order. use is valid during the call only. */
void mustache_each_use(const struct mustache *template,
                       void (*each)(const struct mustache_use *use, void *context), void *context);

/* Finds a partial or parent by name; NULL when there is none, which renders as nothing. */
typedef const struct mustache *(*mustache_partial_fn)(const char *name, void *context);

/*
 * Appends the rendered text to out. model may be NULL (nothing known); partial may be NULL (there are
 * none). False, with a reason in *error_out and out as it was, when partials call one another deeper
 * than MUSTACHE_MAX_NESTING.
 */
bool mustache_render(const struct mustache *template, const struct json *model, mustache_partial_fn partial,
                     void *context, struct strbuf *out, const char **error_out) MUST_CHECK;

/* The same for plain text: nothing is escaped. */
bool mustache_render_plain(const struct mustache *template, const struct json *model,
                           mustache_partial_fn partial, void *context, struct strbuf *out,
                           const char **error_out) MUST_CHECK;

#endif
