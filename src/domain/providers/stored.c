/* stored.c: see stored.h. */
#include "domain/providers/stored.h"

#include "core/text.h"
#include "domain/providers/provider_metadata.h"

static const char *bound_to(struct arena *arena, const char *name)
{
    return arena_printf(arena, "providers.secret:%s", name);
}

struct bytes stored_provider_seal(struct context *context, const char *name, const char *secret)
{
    const struct bytes plain = { (const unsigned char *)secret, strlen(secret) };
    if (!*secret)
        return (struct bytes) { NULL, 0 };
    return keyfile_seal(context->keyfile, context->arena, bound_to(context->arena, name), plain);
}

const char *stored_provider_secret(struct context *context, struct arena *arena,
                                   const struct provider_row *row)
{
    struct bytes plain;
    if (!row->secret_sealed.length)
        return "";
    if (!keyfile_open(context->keyfile, arena, bound_to(arena, row->name), row->secret_sealed, &plain))
        return NULL;
    return arena_strndup(arena, (const char *)plain.data, plain.length);
}

struct json *stored_provider_object(struct arena *arena, const struct provider_row *row)
{
    const char *error;
    struct json *object = json_parse(arena, row->metadata, strlen(row->metadata), &error);
    if (json_kind(object) != JSON_OBJECT)
        return NULL;
    json_put_text(object, "name", row->name);
    json_put_text(object, "kind", row->kind);
    return object;
}

bool stored_provider_read(struct context *context, struct arena *arena, const struct provider_row *row,
                          struct provider *provider_out, const char **error_out)
{
    struct provider_metadata metadata;
    const struct json *object = stored_provider_object(arena, row);
    *error_out = "its metadata are broken";
    if (!object || !provider_metadata_read(arena, NULL, object, &metadata, error_out))
        return false;
    const char *secret = stored_provider_secret(context, arena, row);
    *error_out = "its secret doesn't open with the key file";
    if (!secret || !provider_metadata_take_secret(arena, &metadata, secret, error_out))
        return false;
    *provider_out = metadata.provider;
    provider_out->active = text_equal(row->status, "active");
    return true;
}
