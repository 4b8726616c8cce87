/* sealed.c: see sealed.h. */
#include "domain/sealed.h"

#include "core/encode.h"

struct bytes sealed_by_id(const unsigned char id[16])
{
    return (struct bytes) { id, 16 };
}

struct bytes sealed_by_text(const char *text)
{
    return (struct bytes) { (const unsigned char *)text, strlen(text) };
}

static const char *spell(struct arena *arena, enum sealed_spelling spelling, struct bytes key)
{
    if (spelling == SPELT_UUID && key.length != 16)
        bug("sealed: a key of %zu bytes", key.length);
    if (spelling == SPELT_UUID)
        return uuid_encode(arena, key.data);
    return spelling == SPELT_HEX ? hex_encode(arena, key.data, key.length)
                                 : arena_strndup(arena, (const char *)key.data, key.length);
}

static const char *bound_to(struct arena *arena, enum sealed_column column, struct bytes key)
{
    const struct sealed_facts *facts = &sealed_facts[column];
    return arena_printf(arena, "%s:%s", facts->bound_to, spell(arena, facts->spelling, key));
}

struct bytes sealed_seal(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                         struct bytes key, struct bytes plain)
{
    return keyfile_seal(keyfile, arena, bound_to(arena, column, key), plain);
}

struct bytes sealed_seal_text(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                              struct bytes key, const char *text)
{
    return sealed_seal(keyfile, arena, column, key, sealed_by_text(text));
}

bool sealed_open(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                 struct bytes key, struct bytes sealed, struct bytes *plain_out)
{
    return keyfile_open(keyfile, arena, bound_to(arena, column, key), sealed, plain_out);
}

const char *sealed_open_text(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                             struct bytes key, struct bytes sealed)
{
    struct bytes plain;
    if (!sealed.length || !sealed_open(keyfile, arena, column, key, sealed, &plain))
        return NULL;
    return arena_strndup(arena, (const char *)plain.data, plain.length);
}
