/* provider.c: see provider.h. */
#include "domain/providers/provider.h"

#include "core/log.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/directory.h"
#include "domain/providers/configured.h"
#include "domain/providers/issuer.h"
#include "domain/providers/provider_metadata.h"
#include "domain/providers/stored.h"

#include <strings.h>

enum { MAX_PROVIDERS = 500 };

/* What is kept until the directory's version moves: all of them, switched off or not. */
struct provider_shelf {
    const struct provider **all;
    size_t count;
    const struct provider **active; /* by display name */
    size_t active_count;
};

/* --- names and scopes --- */

const char *provider_name_canonical(struct arena *arena, const char *name)
{
    const char *lower = text_lower(arena, name);
    return provider_kind_find(lower) ? lower : name;
}

const char *provider_scopes_missing(struct arena *arena, const char *offered, const char *wanted)
{
    struct strbuf missing = strbuf_start(arena);
    const char *word;
    size_t length;
    while (text_next_word(&wanted, ' ', &word, &length)) {
        const char *scope = arena_strndup(arena, word, length);
        if (!text_has_word(offered, ' ', scope) && !text_has_word(missing.data, ' ', scope))
            strbuf_add_format(&missing, "%s%s", missing.length ? " " : "", scope);
    }
    return missing.data;
}

static bool has_word(const char *list, const char *word, size_t length)
{
    const char *other;
    size_t other_length;
    while (text_next_word(&list, ' ', &other, &other_length)) {
        if (other_length == length && memcmp(other, word, length) == 0)
            return true;
    }
    return false;
}

bool provider_scopes_cover(const char *offered, const char *wanted)
{
    const char *word;
    size_t length;
    while (text_next_word(&wanted, ' ', &word, &length)) {
        if (!has_word(offered, word, length))
            return false;
    }
    return true;
}

/* --- the shelf --- */

static int by_display_name(const void *a, const void *b)
{
    const struct provider *const *left = a, *const *right = b;
    int order = strcasecmp((*left)->display_name, (*right)->display_name);
    return order ? order : strcmp((*left)->name, (*right)->name);
}

static const struct provider *find_on(const struct provider_shelf *shelf, const char *name)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (text_equal(shelf->all[i]->name, name))
            return shelf->all[i];
    }
    return NULL;
}

static void add_configured(const struct configured_providers *configured, struct provider_shelf *shelf)
{
    for (size_t i = 0; configured && i < configured->count; i++)
        shelf->all[shelf->count++] = &configured->providers[i];
}

/* One whose row doesn't read is told in the log and left out: the others go on. */
static void add_stored(struct context *context, struct arena *arena, const struct provider_row *row,
                       struct provider_shelf *shelf)
{
    const char *error;
    struct provider *provider = arena_alloc(arena, sizeof(*provider));
    if (find_on(shelf, row->name))
        return;
    if (stored_provider_read(context, arena, row, provider, &error))
        shelf->all[shelf->count++] = provider;
    else
        log_error("provider %s can't be used: %s", row->name, error);
}

static void sort_active(struct arena *arena, struct provider_shelf *shelf)
{
    shelf->active = arena_array(arena, shelf->count + 1, sizeof(*shelf->active));
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->all[i]->active)
            shelf->active[shelf->active_count++] = shelf->all[i];
    qsort(shelf->active, shelf->active_count, sizeof(*shelf->active), by_display_name);
}

static enum outcome fill_shelf(struct context *context, struct arena *arena,
                               struct provider_shelf **shelf_out)
{
    struct provider_row *rows;
    size_t count;
    const struct configured_providers *configured = context->configured_providers;
    enum store_result result = providers_list(context->db, context->arena, MAX_PROVIDERS, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, "no providers were found");
    struct provider_shelf *shelf = arena_alloc(arena, sizeof(*shelf));
    shelf->all = arena_array(arena, count + (configured ? configured->count : 0) + 1, sizeof(*shelf->all));
    add_configured(configured, shelf);
    for (size_t i = 0; i < count; i++)
        add_stored(context, arena, &rows[i], shelf);
    sort_active(arena, shelf);
    *shelf_out = shelf;
    return OUTCOME_OK;
}

static enum outcome take_shelf(struct context *context, const struct provider_shelf **shelf_out)
{
    struct arena *arena;
    struct provider_shelf **kept = directory_providers(context->directory, &arena), *shelf = *kept;
    *shelf_out = shelf;
    if (shelf)
        return OUTCOME_OK;
    enum outcome outcome = fill_shelf(context, arena ? arena : context->arena, &shelf);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (arena)
        *kept = shelf;
    *shelf_out = shelf;
    return OUTCOME_OK;
}

/* --- finding --- */

/* Where nothing says how the secret is told, as RFC 6749 §2.3.1 has it. */
static void choose_method(struct provider *provider)
{
    if (!provider->token_auth_method)
        provider->token_auth_method = *provider->client_secret ? "client_secret_basic" : "none";
}

static enum outcome find(struct context *context, const char *name, bool even_off,
                         const struct provider **provider_out)
{
    const struct provider_shelf *shelf;
    enum outcome outcome = take_shelf(context, &shelf);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct provider *found = find_on(shelf, provider_name_canonical(context->arena, name));
    if (!found || !(found->active || even_off))
        return refuse(context, OUTCOME_NOT_FOUND, "no such provider");
    struct provider *provider = arena_alloc(context->arena, sizeof(*provider));
    *provider = *found;
    if (provider_needs_discovery(provider))
        outcome = issuer_discover(context, provider);
    choose_method(provider);
    *provider_out = provider;
    return outcome;
}

enum outcome provider_find(struct context *context, const char *name, const struct provider **provider_out)
{
    return find(context, name, false, provider_out);
}

enum outcome provider_find_even_off(struct context *context, const char *name,
                                    const struct provider **provider_out)
{
    return find(context, name, true, provider_out);
}

enum outcome provider_list(struct context *context, const struct provider *const **providers_out,
                           size_t *count_out)
{
    const struct provider_shelf *shelf;
    enum outcome outcome = take_shelf(context, &shelf);
    *providers_out = outcome == OUTCOME_OK ? (const struct provider *const *)shelf->active : NULL;
    *count_out = outcome == OUTCOME_OK ? shelf->active_count : 0;
    return outcome;
}
