/* configured.c: see configured.h. */
#include "domain/providers/configured.h"

#include "core/file.h"
#include "core/text.h"
#include "domain/providers/provider_metadata.h"

#include <errno.h>

enum { FILE_MAX_BYTES = 256 * 1024, MAX_PROVIDERS = 100 };

static const struct configured_providers none;

static const struct json *read_file(struct arena *arena, const char *path, const char **error_out)
{
    char *text = arena_alloc(arena, FILE_MAX_BYTES + 1);
    size_t length;
    if (!file_read(path, text, FILE_MAX_BYTES + 1, &length)) {
        *error_out = strerror(errno);
        return NULL;
    }
    *error_out = "it is larger than 256 KiB";
    if (length > FILE_MAX_BYTES)
        return NULL;
    const struct json *array = json_parse_secret(arena, text, length, error_out);
    if (array && json_kind(array) != JSON_ARRAY) {
        *error_out = "it must be a JSON array of providers";
        return NULL;
    }
    return array;
}

static bool read_provider(struct arena *arena, const struct settings *settings, const struct json *object,
                          struct provider *provider_out, const char **error_out)
{
    struct provider_metadata metadata;
    if (!provider_metadata_read(arena, settings, object, &metadata, error_out) ||
        !provider_metadata_read_secret(arena, &metadata, error_out) ||
        !provider_metadata_take_secret(arena, &metadata, metadata.secret, error_out))
        return false;
    *provider_out = metadata.provider;
    return true;
}

static bool has_name(const struct provider *providers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(providers[i].name, name))
            return true;
    }
    return false;
}

static const char *read_all(struct arena *arena, const struct settings *settings, const struct json *array,
                            struct provider *providers_out)
{
    const char *error;
    for (size_t i = 0; i < json_count(array); i++) {
        if (!read_provider(arena, settings, json_item(array, i), &providers_out[i], &error))
            return arena_printf(arena, "provider %zu: %s", i + 1, error);
        if (has_name(providers_out, i, providers_out[i].name))
            return arena_printf(arena, "provider %zu: the name %s is there already", i + 1,
                                providers_out[i].name);
    }
    return NULL;
}

const struct configured_providers *
configured_providers_load(struct arena *arena, const struct settings *settings, const char **error_out)
{
    const char *path = settings->providers, *error = NULL;
    if (text_empty(path))
        return &none;
    const struct json *array = read_file(arena, path, &error);
    struct provider *providers = arena_array(arena, json_count(array) + 1, sizeof(*providers));
    if (array && json_count(array) > MAX_PROVIDERS)
        error = "it has more than 100 providers";
    else if (array)
        error = read_all(arena, settings, array, providers);
    if (!array || error) {
        *error_out = arena_printf(arena, "providers = %s: %s", path, error);
        return NULL;
    }
    struct configured_providers *configured = arena_alloc(arena, sizeof(*configured));
    *configured = (struct configured_providers) { providers, json_count(array) };
    return configured;
}
