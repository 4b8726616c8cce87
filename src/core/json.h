/*
 * json.h: the one door to json-c. Strict reading, typed getters, and trees for view models.
 * For answers and token payloads, write text with json_writer.h instead of building a tree.
 *
 * A struct json belongs to the arena that it was parsed or made in; nothing is freed by hand.
 */
#ifndef DOORWARD_CORE_JSON_H
#define DOORWARD_CORE_JSON_H

#include "core/arena.h"

struct json; /* a value; NULL stands for JSON null and for "no such member" */

enum json_kind { JSON_NULL, JSON_BOOLEAN, JSON_INTEGER, JSON_DOUBLE, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

enum { JSON_MAX_DEPTH = 16 };

/*
 * Parses the whole text (RFC 8259). Refused, with NULL and a short reason in *error_out: anything
 * json-c lets through that the RFC does not, invalid UTF-8, NUL written or escaped, lone surrogates,
 * a member name used twice in one object, nesting over JSON_MAX_DEPTH, integers beyond int64, text
 * behind the value.
 */
struct json *json_parse(struct arena *arena, const char *text, size_t length,
                        const char **error_out) MUST_CHECK;

/* The same of a text that holds secrets: what json-c has of it is wiped with the arena. */
struct json *json_parse_secret(struct arena *arena, const char *text, size_t length,
                               const char **error_out) MUST_CHECK;

/* Wipes all texts in a value; they are empty, or runs of NULs, from then on. */
void json_wipe(struct json *value);

enum json_kind json_kind(const struct json *value);

/* A member of an object, NULL when absent, null, or when value is no object. */
struct json *json_member(const struct json *value, const char *name);

/* Whether the object has the member, be it null. */
bool json_has_member(const struct json *value, const char *name);

/* The text of a string value; NULL when it is anything else. */
const char *json_text(const struct json *value);
const char *json_member_text(const struct json *value, const char *name);

/* False when the value isn't an integer (a double such as 1.0 is not) or isn't a boolean. */
bool json_integer(const struct json *value, int64_t *integer_out) MUST_CHECK;
/* A time as JWTs have it (RFC 7519 §2, NumericDate): seconds, a fraction of which is cut off. */
bool json_seconds(const struct json *value, int64_t *seconds_out) MUST_CHECK;
bool json_boolean(const struct json *value, bool *boolean_out) MUST_CHECK;

/* Number of an array's items or an object's members, 0 for all else. */
size_t json_count(const struct json *value);
struct json *json_item(const struct json *array, size_t index);

/* Calls each(name, member, context) for an object's members in their order. */
void json_each(const struct json *object, void (*each)(const char *name, struct json *member, void *context),
               void *context);

/* Compact text of a value, in the arena; '/' is not escaped. */
const char *json_print(struct arena *arena, const struct json *value);

/* Trees made by hand. json_put replaces a member of the same name and owns the value from then on. */
struct json *json_new_object(struct arena *arena);
struct json *json_new_array(struct arena *arena);
void json_put(struct json *object, const char *name, struct json *value);
void json_put_text(struct json *object, const char *name, const char *text); /* NULL puts null */
void json_put_integer(struct json *object, const char *name, int64_t integer);
void json_put_boolean(struct json *object, const char *name, bool boolean);
void json_append(struct json *array, struct json *value);
void json_append_text(struct json *array, const char *text);

#endif
