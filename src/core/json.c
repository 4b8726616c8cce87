/*
 * json.c: the only file that includes json-c. What json-c lets through although RFC 8259 doesn't
 * (NaN, control characters, repeated names, \u0000, huge integers) is found by a scan of the raw
 * text before json-c sees it.
 */
#include "core/json.h"

#include "core/text.h"

#include <json-c/json.h>
#include <json-c/printbuf.h>

struct scan {
    struct arena *arena;
    const char *at, *end;
    const char *error;
};

static bool scan_value(struct scan *scan, int depth);

static bool scan_fail(struct scan *scan, const char *error)
{
    if (!scan->error)
        scan->error = error;
    return false;
}

static void scan_white(struct scan *scan)
{
    while (scan->at < scan->end && strchr(" \t\r\n", *scan->at))
        scan->at++;
}

static bool scan_hex4(struct scan *scan, unsigned *unit_out)
{
    if (scan->end - scan->at < 4)
        return scan_fail(scan, "short escape");
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        char digit = *scan->at++;
        if (digit >= '0' && digit <= '9')
            unit = unit << 4 | (unsigned)(digit - '0');
        else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
            unit = unit << 4 | (unsigned)((digit | 32) - 'a' + 10);
        else
            return scan_fail(scan, "bad escape");
    }
    *unit_out = unit;
    return true;
}

/* Behind "\u": a code unit that isn't NUL, or a whole pair of surrogates. */
static bool scan_unicode_escape(struct scan *scan)
{
    unsigned unit, low;
    if (!scan_hex4(scan, &unit))
        return false;
    if (unit == 0)
        return scan_fail(scan, "NUL in a string");
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (unit > 0xdbff || scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u')
        return scan_fail(scan, "lone surrogate");
    scan->at += 2;
    if (!scan_hex4(scan, &low))
        return false;
    return (low >= 0xdc00 && low <= 0xdfff) || scan_fail(scan, "lone surrogate");
}

static bool scan_string(struct scan *scan)
{
    if (scan->at >= scan->end || *scan->at != '"')
        return scan_fail(scan, "string expected");
    for (scan->at++; scan->at < scan->end && *scan->at != '"';) {
        unsigned char character = (unsigned char)*scan->at++;
        if (character < 0x20)
            return scan_fail(scan, "control character in a string");
        if (character != '\\')
            continue;
        if (scan->at >= scan->end || !strchr("\"\\/bfnrtu", *scan->at))
            return scan_fail(scan, "bad escape");
        if (*scan->at++ == 'u' && !scan_unicode_escape(scan))
            return false;
    }
    if (scan->at >= scan->end)
        return scan_fail(scan, "string without an end");
    scan->at++;
    return true;
}

static size_t scan_digits(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - start);
}

static bool scan_number(struct scan *scan)
{
    const char *start = scan->at;
    bool whole = true;
    if (*scan->at == '-')
        scan->at++;
    const char *first = scan->at;
    size_t digits = scan_digits(scan);
    if (!digits || (digits > 1 && *first == '0'))
        return scan_fail(scan, "bad number");
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        whole = false;
        if (!scan_digits(scan))
            return scan_fail(scan, "bad number");
    }
    if (scan->at < scan->end && (*scan->at | 32) == 'e') {
        scan->at++;
        whole = false;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        if (!scan_digits(scan))
            return scan_fail(scan, "bad number");
    }
    size_t length = (size_t)(scan->at - start);
    int64_t ignored;
    if (length > 40)
        return scan_fail(scan, "number too long");
    if (whole && !text_to_int(arena_strndup(scan->arena, start, length), INT64_MIN, INT64_MAX, &ignored))
        return scan_fail(scan, "integer out of range");
    return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return scan_fail(scan, "unknown word");
    scan->at += length;
    return true;
}

/* Whether a ',' follows (true: go on) or the closing bracket (false, and passed over). */
static bool scan_goes_on(struct scan *scan, char close)
{
    scan_white(scan);
    if (scan->at >= scan->end || (*scan->at != ',' && *scan->at != close))
        return scan_fail(scan, "',' or a closing bracket expected");
    return *scan->at++ == ',';
}

static bool scan_items(struct scan *scan, int depth)
{
    scan->at++;
    scan_white(scan);
    if (scan->at < scan->end && *scan->at == ']') {
        scan->at++;
        return true;
    }
    do {
        if (!scan_value(scan, depth))
            return false;
    } while (scan_goes_on(scan, ']'));
    return !scan->error;
}

static bool scan_members(struct scan *scan, int depth)
{
    scan->at++;
    scan_white(scan);
    if (scan->at < scan->end && *scan->at == '}') {
        scan->at++;
        return true;
    }
    do {
        scan_white(scan);
        if (!scan_string(scan))
            return false;
        scan_white(scan);
        if (scan->at >= scan->end || *scan->at != ':')
            return scan_fail(scan, "':' expected");
        scan->at++;
        if (!scan_value(scan, depth))
            return false;
    } while (scan_goes_on(scan, '}'));
    return !scan->error;
}

static bool scan_value(struct scan *scan, int depth)
{
    if (depth >= JSON_MAX_DEPTH)
        return scan_fail(scan, "nested too deep");
    scan_white(scan);
    if (scan->at >= scan->end)
        return scan_fail(scan, "value expected");
    switch (*scan->at) {
    case '{':
        return scan_members(scan, depth + 1);
    case '[':
        return scan_items(scan, depth + 1);
    case '"':
        return scan_string(scan);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

static struct json_object *inner(const struct json *value)
{
    return (struct json_object *)(uintptr_t)value;
}

/* Members as written, to be held against what json-c kept: fewer kept means a name came twice. */
static size_t count_members(struct json_object *value)
{
    size_t count = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_members(json_object_array_get_idx(value, i));
    }
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach (value, name, member) {
            (void)name;
            count += 1 + count_members(member);
        }
    }
    return count;
}

/* ':' outside strings, each of which belongs to one member. */
static size_t count_colons(const char *text, size_t length)
{
    size_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < length; i++) {
        if (inside && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            inside = !inside;
        else if (text[i] == ':' && !inside)
            count++;
    }
    return count;
}

static void release(void *object)
{
    json_object_put(object);
}

static void adopt_for(struct arena *arena, struct json_object *object, void (*end)(void *object))
{
    if (!object)
        fatal("out of memory");
    arena_defer(arena, end, object);
}

static struct json *adopt(struct arena *arena, struct json_object *object)
{
    adopt_for(arena, object, release);
    return (struct json *)object;
}

static struct json_tokener *tokener_make(void)
{
    struct json_tokener *made = json_tokener_new_ex(JSON_MAX_DEPTH + 2);
    if (!made)
        fatal("out of memory");
    json_tokener_set_flags(made, JSON_TOKENER_STRICT);
    return made;
}

/* One tokener for the life of the process: making one costs more than most parses. */
static struct json_object *tokenise(const char *text, int size)
{
    static struct json_tokener *made;
    if (!made)
        made = tokener_make();
    json_tokener_reset(made);
    return json_tokener_parse_ex(made, text, size);
}

/* By a tokener of its own, whose buffer is large enough from the start: one that grows is copied, and what
 * was copied from is given back as it is. */
static struct json_object *tokenise_secret(const char *text, int size)
{
    struct json_tokener *own = tokener_make();
    if (printbuf_memset(own->pb, size, '\0', 1) < 0)
        fatal("out of memory");
    json_tokener_reset(own);
    struct json_object *object = json_tokener_parse_ex(own, text, size);
    explicit_bzero(own->pb->buf, (size_t)own->pb->size);
    json_tokener_free(own);
    return object;
}

static void wipe(struct json_object *value)
{
    if (json_object_is_type(value, json_type_string)) {
        char *text = (char *)(uintptr_t)json_object_get_string(value);
        explicit_bzero(text, (size_t)json_object_get_string_len(value));
    }
    for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
         i++)
        wipe(json_object_array_get_idx(value, i));
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach (value, name, member) {
            (void)name;
            wipe(member);
        }
    }
}

void json_wipe(struct json *value)
{
    wipe(inner(value));
}

static void wipe_and_release(void *object)
{
    wipe(object);
    json_object_put(object);
}

static bool is_good_json(struct arena *arena, const char *text, size_t length, const char **error_out)
{
    struct scan scan = { arena, text, text + length, NULL };
    *error_out = "not UTF-8";
    if (length > INT32_MAX || !text_is_utf8(text, length))
        return false;
    bool fine = scan_value(&scan, 0);
    scan_white(&scan);
    if (fine && scan.at != scan.end)
        fine = scan_fail(&scan, "text behind the value");
    *error_out = scan.error;
    return fine;
}

static struct json *parse(struct arena *arena, const char *text, size_t length,
                          struct json_object *(*take)(const char *text, int size), void (*end)(void *object),
                          const char **error_out)
{
    if (!is_good_json(arena, text, length, error_out))
        return NULL;
    /* With the NUL, so that a number at the very end is complete for json-c. */
    const char *copy = arena_strndup(arena, text, length);
    struct json_object *object = take(copy, (int)length + 1);
    if (!object) {
        *error_out = "no value"; /* the text "null", which is NULL for json-c too */
        return NULL;
    }
    adopt_for(arena, object, end);
    if (count_members(object) != count_colons(text, length)) {
        *error_out = "a member name used twice";
        return NULL;
    }
    return (struct json *)object;
}

struct json *json_parse(struct arena *arena, const char *text, size_t length, const char **error_out)
{
    return parse(arena, text, length, tokenise, release, error_out);
}

struct json *json_parse_secret(struct arena *arena, const char *text, size_t length, const char **error_out)
{
    return parse(arena, text, length, tokenise_secret, wipe_and_release, error_out);
}

enum json_kind json_kind(const struct json *value)
{
    static const enum json_kind kinds[] = {
        [json_type_null] = JSON_NULL,   [json_type_boolean] = JSON_BOOLEAN, [json_type_double] = JSON_DOUBLE,
        [json_type_int] = JSON_INTEGER, [json_type_object] = JSON_OBJECT,   [json_type_array] = JSON_ARRAY,
        [json_type_string] = JSON_TEXT,
    };
    return kinds[json_object_get_type(inner(value))];
}

struct json *json_member(const struct json *value, const char *name)
{
    struct json_object *member = NULL;
    if (json_kind(value) == JSON_OBJECT)
        json_object_object_get_ex(inner(value), name, &member);
    return (struct json *)member;
}

bool json_has_member(const struct json *value, const char *name)
{
    return json_kind(value) == JSON_OBJECT && json_object_object_get_ex(inner(value), name, NULL);
}

const char *json_text(const struct json *value)
{
    return json_kind(value) == JSON_TEXT ? json_object_get_string(inner(value)) : NULL;
}

const char *json_member_text(const struct json *value, const char *name)
{
    return json_text(json_member(value, name));
}

bool json_integer(const struct json *value, int64_t *integer_out)
{
    if (json_kind(value) != JSON_INTEGER)
        return false;
    *integer_out = json_object_get_int64(inner(value));
    return true;
}

bool json_seconds(const struct json *value, int64_t *seconds_out)
{
    static const double most = 9e15; /* up to there a double holds every second */
    if (json_kind(value) != JSON_DOUBLE)
        return json_integer(value, seconds_out);
    double number = json_object_get_double(inner(value));
    if (!(number > -most && number < most))
        return false;
    *seconds_out = (int64_t)number;
    return true;
}

bool json_boolean(const struct json *value, bool *boolean_out)
{
    if (json_kind(value) != JSON_BOOLEAN)
        return false;
    *boolean_out = json_object_get_boolean(inner(value));
    return true;
}

size_t json_count(const struct json *value)
{
    if (json_kind(value) == JSON_ARRAY)
        return json_object_array_length(inner(value));
    return json_kind(value) == JSON_OBJECT ? (size_t)json_object_object_length(inner(value)) : 0;
}

struct json *json_item(const struct json *array, size_t index)
{
    if (json_kind(array) != JSON_ARRAY || index >= json_count(array))
        return NULL;
    return (struct json *)json_object_array_get_idx(inner(array), index);
}

void json_each(const struct json *object, void (*each)(const char *name, struct json *member, void *context),
               void *context)
{
    if (json_kind(object) != JSON_OBJECT)
        return;
    json_object_object_foreach (inner(object), name, member) {
        each(name, (struct json *)member, context);
    }
}

const char *json_print(struct arena *arena, const struct json *value)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    return arena_strdup(arena, json_object_to_json_string_ext(inner(value), flags));
}

struct json *json_new_object(struct arena *arena)
{
    return adopt(arena, json_object_new_object());
}

struct json *json_new_array(struct arena *arena)
{
    return adopt(arena, json_object_new_array());
}

/* The arena keeps its reference and the tree takes one of its own. */
void json_put(struct json *object, const char *name, struct json *value)
{
    json_object_object_add(inner(object), name, json_object_get(inner(value)));
}

void json_put_text(struct json *object, const char *name, const char *text)
{
    json_object_object_add(inner(object), name, text ? json_object_new_string(text) : NULL);
}

void json_put_integer(struct json *object, const char *name, int64_t integer)
{
    json_object_object_add(inner(object), name, json_object_new_int64(integer));
}

void json_put_boolean(struct json *object, const char *name, bool boolean)
{
    json_object_object_add(inner(object), name, json_object_new_boolean(boolean));
}

void json_append(struct json *array, struct json *value)
{
    json_object_array_add(inner(array), json_object_get(inner(value)));
}

void json_append_text(struct json *array, const char *text)
{
    json_object_array_add(inner(array), json_object_new_string(text));
}
