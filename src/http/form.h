/*
 * form.h: application/x-www-form-urlencoded fields (WHATWG URL §5.1), of a query or a body.
 * Parsing is strict: a bad escape, a NUL, invalid UTF-8 or too many fields refuse the whole form.
 */
#ifndef DOORWARD_HTTP_FORM_H
#define DOORWARD_HTTP_FORM_H

#include "core/arena.h"

enum { FORM_MAX_FIELDS = 100 };

struct field {
    const char *name, *value;
};

struct form {
    const struct field *fields;
    size_t count;
};

/* False when refused; *form_out is in the arena. An empty text is an empty form. */
bool form_parse(struct arena *arena, const char *text, size_t length, struct form *form_out) MUST_CHECK;

/* The value of the first field of this name; NULL when absent or empty (RFC 6749 §3.1: a parameter
 * without a value is treated as if it were omitted). */
const char *form_value(const struct form *form, const char *name);

/* Whether a field of this name is there, with or without a value; how often. */
size_t form_times(const struct form *form, const char *name);

#endif
