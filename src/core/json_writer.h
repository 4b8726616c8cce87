/*
 * json_writer.h: writes JSON text straight into a strbuf, in the order of the calls: no tree, no
 * reference counts, and what is signed is exactly what was written. Commas are put by the writer.
 */
#ifndef DOORWARD_CORE_JSON_WRITER_H
#define DOORWARD_CORE_JSON_WRITER_H

#include "core/json.h"
#include "core/strbuf.h"

struct json_writer {
    struct strbuf text;
    bool comma; /* whether the next member or item needs a comma before it */
};

struct json_writer json_writer_start(struct arena *arena);

/* name is NULL for the outermost value and for items of an array. */
void json_open_object(struct json_writer *writer, const char *name);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer, const char *name);
void json_close_array(struct json_writer *writer);

/* text must be UTF-8; a NULL text writes nothing at all, so that optional members need no branch. */
void json_write_text(struct json_writer *writer, const char *name, const char *text);
void json_write_integer(struct json_writer *writer, const char *name, int64_t integer);
void json_write_boolean(struct json_writer *writer, const char *name, bool boolean);
/* Seconds since 1970 as text, "2026-11-22T06:00:00Z" (ISO 8601); the years 1 to 9999. */
void json_write_time(struct json_writer *writer, const char *name, int64_t seconds);
void json_write_null(struct json_writer *writer, const char *name);

/* A value of json.h, or ready JSON text that is known to be valid. */
void json_write_value(struct json_writer *writer, const char *name, const struct json *value);
void json_write_raw(struct json_writer *writer, const char *name, const char *json);

/* An array of the words of a list ("openid profile", ' '). */
void json_write_words(struct json_writer *writer, const char *name, const char *list, char separator);

#endif
