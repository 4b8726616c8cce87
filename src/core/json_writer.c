/* json_writer.c: see json_writer.h. */
#include "core/json_writer.h"

#include "core/rfc3339.h"
#include "core/text.h"

struct json_writer json_writer_start(struct arena *arena)
{
    return (struct json_writer) { strbuf_start(arena), false };
}

/* In runs, since most of what is written needs no escape at all. */
static void write_quoted(struct strbuf *text, const char *value, size_t length)
{
    const char *end = value + length;
    strbuf_add_char(text, '"');
    while (value < end) {
        const char *run = value;
        while (run < end && (unsigned char)*run >= 0x20 && *run != '"' && *run != '\\')
            run++;
        strbuf_add(text, value, (size_t)(run - value));
        if (run < end && (unsigned char)*run < 0x20)
            strbuf_add_format(text, "\\u%04x", (unsigned char)*run);
        else if (run < end)
            strbuf_add_format(text, "\\%c", *run);
        value = run + 1;
    }
    strbuf_add_char(text, '"');
}

static void begin(struct json_writer *writer, const char *name)
{
    if (writer->comma)
        strbuf_add_char(&writer->text, ',');
    writer->comma = true;
    if (!name)
        return;
    write_quoted(&writer->text, name, strlen(name));
    strbuf_add_char(&writer->text, ':');
}

static void open_bracket(struct json_writer *writer, const char *name, char bracket)
{
    begin(writer, name);
    strbuf_add_char(&writer->text, bracket);
    writer->comma = false;
}

static void close_bracket(struct json_writer *writer, char bracket)
{
    strbuf_add_char(&writer->text, bracket);
    writer->comma = true;
}

void json_open_object(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, '{');
}

void json_close_object(struct json_writer *writer)
{
    close_bracket(writer, '}');
}

void json_open_array(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, '[');
}

void json_close_array(struct json_writer *writer)
{
    close_bracket(writer, ']');
}

void json_write_text(struct json_writer *writer, const char *name, const char *text)
{
    if (!text)
        return;
    begin(writer, name);
    write_quoted(&writer->text, text, strlen(text));
}

void json_write_integer(struct json_writer *writer, const char *name, int64_t integer)
{
    begin(writer, name);
    strbuf_add_format(&writer->text, "%lld", (long long)integer);
}

void json_write_boolean(struct json_writer *writer, const char *name, bool boolean)
{
    json_write_raw(writer, name, boolean ? "true" : "false");
}

void json_write_time(struct json_writer *writer, const char *name, int64_t seconds)
{
    char text[RFC3339_SIZE];
    rfc3339_write(seconds, text);
    json_write_text(writer, name, text);
}

void json_write_null(struct json_writer *writer, const char *name)
{
    json_write_raw(writer, name, "null");
}

void json_write_value(struct json_writer *writer, const char *name, const struct json *value)
{
    json_write_raw(writer, name, json_print(writer->text.arena, value));
}

void json_write_raw(struct json_writer *writer, const char *name, const char *json)
{
    begin(writer, name);
    strbuf_add_text(&writer->text, json);
}

void json_write_words(struct json_writer *writer, const char *name, const char *list, char separator)
{
    const char *word;
    size_t length;
    json_open_array(writer, name);
    while (list && text_next_word(&list, separator, &word, &length)) {
        begin(writer, NULL);
        write_quoted(&writer->text, word, length);
    }
    json_close_array(writer);
}
