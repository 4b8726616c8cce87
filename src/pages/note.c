/* note.c: see note.h. */
#include "pages/note.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "app/browser_side.h"

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "email", offsetof(struct note, email) },       { "new_email", offsetof(struct note, new_email) },
    { "said", offsetof(struct note, said) },         { "problem", offsetof(struct note, problem) },
    { "provider", offsetof(struct note, provider) },
};

static const char **member_of(struct note *note, size_t index)
{
    return (const char **)(void *)((char *)note + members[index].offset);
}

static const char *bound_to(struct call *call, const char *browser)
{
    return arena_printf(call->arena, "pages.note:%s", browser);
}

const char *note_seal(struct call *call, const struct note *note)
{
    struct note copy = *note;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        json_write_text(&writer, members[i].name, *member_of(&copy, i));
    json_close_object(&writer);
    struct bytes plain = { (unsigned char *)writer.text.data, writer.text.length };
    struct bytes sealed =
        keyfile_seal(call->context.keyfile, call->arena, bound_to(call, browser_side_ensure(call)), plain);
    return base64url_encode(call->arena, sealed.data, sealed.length);
}

struct note note_read(struct call *call)
{
    const char *text = call_parameter(call, NOTE_PARAMETER), *error;
    struct bytes sealed, plain;
    struct note note = { .email = NULL };
    if (text == NULL || call->browser == NULL ||
        !base64url_decode(call->arena, text, strlen(text), &sealed) ||
        !keyfile_open(call->context.keyfile, call->arena, bound_to(call, call->browser), sealed, &plain))
        return note;
    const struct json *read = json_parse(call->arena, (const char *)plain.data, plain.length, &error);
    for (size_t i = 0; read != NULL && i < ARRAY_SIZE(members); i++)
        *member_of(&note, i) = json_member_text(read, members[i].name);
    return note;
}
