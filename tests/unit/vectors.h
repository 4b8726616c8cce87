/* vectors.h: reads the JSON files of tests/vectors, each named after the section it stands in. */
#ifndef DOORWARD_TESTS_VECTORS_H
#define DOORWARD_TESTS_VECTORS_H

#include "core/json.h"

/* The parsed file, or NULL when there is none at that path; what isn't JSON fails the test. */
static inline struct json *json_file(struct arena *arena, const char *path)
{
    const char *error = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = arena_alloc(arena, size + 1);
    size_t length = fread(text, 1, size, file);
    fclose(file);
    struct json *value = json_parse(arena, text, length, &error);
    if (!value)
        fail_msg("%s: %s", path, error);
    return value;
}

/* A file of tests/vectors, which must be there. */
static inline struct json *vector(struct arena *arena, const char *name)
{
    struct json *value =
        json_file(arena, arena_printf(arena, "%s/tests/vectors/%s.json", SOURCE_DIRECTORY, name));
    if (!value)
        fail_msg("tests/vectors/%s.json is missing", name);
    return value;
}

#endif
