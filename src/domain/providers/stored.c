/* stored.c: see stored.h. */
#include "domain/providers/stored.h"

#include "core/text.h"
#include "domain/providers/provider_metadata.h"
#include "domain/sealed.h"

struct bytes stored_provider_seal(struct context *context, const char *name, const char *secret)
{
    if (!*secret)
        return (struct bytes) { NULL, 0 };
    return sealed_seal_text(context->keyfile, context->arena, SEALED_PROVIDER_SECRET, sealed_by_text(name),
                            secret);
}

const char *stored_provider_secret(struct context *context, struct arena *arena,
                                   const struct provider_row *row)
{
    if (!row->secret_sealed.length)
        return "";
    return sealed_open_text(context->keyfile, arena, SEALED_PROVIDER_SECRET, sealed_by_text(row->name),
                            row->secret_sealed);
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
