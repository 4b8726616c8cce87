/* application.c: see application.h. */
#include "cmd/application.h"

#include "core/clock.h"
#include "core/text.h"
#include "domain/keyring.h"
#include "domain/providers/configured.h"
#include "net/outgoing.h"

static void free_keyfile(void *keyfile)
{
    keyfile_free(keyfile);
}

static const struct route_family *find_family(const char *name, size_t length)
{
    for (size_t i = 0; route_families[i]; i++)
        if (strlen(route_families[i]->name) == length && memcmp(route_families[i]->name, name, length) == 0)
            return route_families[i];
    return NULL;
}

static size_t count_families(void)
{
    size_t count = 0;
    while (route_families[count])
        count++;
    return count;
}

const struct route_family *const *application_families(struct arena *arena, const struct pool_settings *pool,
                                                       const char **error_out)
{
    const struct route_family **families = arena_array(arena, count_families() + 1, sizeof(*families));
    const char *cursor = pool->families, *word;
    size_t length, count = 0;

    if (text_equal(pool->families, "all"))
        return route_families;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        const struct route_family *family = find_family(word, length);
        if (!family || count == count_families()) {
            *error_out = arena_printf(arena, "pool %s: %s %.*s", pool->name,
                                      family ? "repeats a family," : "there is no family", (int)length, word);
            return NULL;
        }
        families[count++] = family;
    }
    return families;
}

static bool check_pools(struct arena *arena, const struct settings *settings, const char **error_out)
{
    for (size_t i = 0; i < settings->pool_count; i++)
        if (!application_families(arena, &settings->pools[i], error_out))
            return false;
    return true;
}

bool application_prepare_with(struct arena *arena, const struct settings *settings,
                              struct application *application_out, const char **error_out)
{
    routes_check(route_families);
    if (!check_pools(arena, settings, error_out))
        return false;
    struct keyfile *keyfile = keyfile_load(settings->key_file, error_out);
    if (!keyfile) {
        *error_out = arena_strdup(arena, *error_out);
        return false;
    }
    arena_defer(arena, free_keyfile, keyfile);
    *application_out = (struct application) { .settings = settings, .keyfile = keyfile, .egress = -1 };
    application_out->configured_providers = configured_providers_load(arena, settings, error_out);
    return application_out->configured_providers != NULL;
}

bool application_prepare(struct arena *arena, const char *config_path, struct application *application_out,
                         const char **error_out)
{
    const struct settings *settings = settings_load(arena, config_path, error_out);

    return settings && application_prepare_with(arena, settings, application_out, error_out);
}

void application_open(struct application *application)
{
    application->db = db_make(application->settings);
    application->directory = directory_make();
    application->keyring = keyring_make();
    application->outgoing = outgoing_make_through(application->settings, application->egress);
}

void application_close(struct application *application)
{
    outgoing_free(application->outgoing);
    keyring_free(application->keyring);
    directory_free(application->directory);
    db_destroy(application->db);
}

struct context application_context(const struct application *application, struct arena *arena)
{
    int64_t now_ms = clock_now_ms();

    return (struct context) {
        .arena = arena,
        .now = now_ms / 1000,
        .now_ms = now_ms,
        .db = application->db,
        .settings = application->settings,
        .keyfile = application->keyfile,
        .shared = application->shared,
        .directory = application->directory,
        .keyring = application->keyring,
        .outgoing = application->outgoing,
        .configured_providers = application->configured_providers,
        .request_id = "",
        .address = "",
        .user_agent = "",
        .languages = "",
        .actor = "",
    };
}

struct application application_of(const struct context *context)
{
    return (struct application) {
        .settings = context->settings,
        .keyfile = context->keyfile,
        .shared = context->shared,
        .db = context->db,
        .directory = context->directory,
        .keyring = context->keyring,
        .outgoing = context->outgoing,
        .configured_providers = context->configured_providers,
        .egress = -1,
    };
}
