/*
 * directory.c: see directory.h. Clients and API keys hang from small hash tables in an arena of the
 * directory's own, which is reset at the start of a request when the version has moved or the bounds were
 * reached. What finds no room lives in the request's arena.
 */
#include "domain/directory.h"

#include "core/encode.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/stored_versions.h"
#include "store/api_keys.h"
#include "store/clients.h"
#include "store/services.h"

enum {
    BUCKETS = 256, /* a power of two */
    MAX_ENTRIES = 512,
    MAX_BYTES = 2 * 1024 * 1024,
    MAX_WORKSPACES = 1000,
    ARENA_LIMIT = 64 * 1024 * 1024, /* never reached: one request adds only a few clients */
    CLIENT_ID_MAX = 200             /* as the column */
};

struct entry {
    struct client client;
    struct service service;
    struct workspace_settings workspace;
    struct client_use use;
    struct service_providers providers;
    struct entry *next_by_id, *next_by_number;
};

struct key_entry {
    struct api_key_state state;
    struct key_entry *next;
};

struct directory {
    struct arena *arena;
    uint64_t version; /* of the shared page when the first entry was read */
    size_t count;
    struct entry *by_id[BUCKETS], *by_number[BUCKETS];
    const struct workspace_place *workspaces; /* NULL: not read yet */
    size_t workspace_count;
    struct key_entry *keys[BUCKETS];
    struct provider_shelf *providers; /* NULL: not read yet */
};

struct directory *directory_make(void)
{
    struct directory *directory = calloc(1, sizeof(*directory));
    if (!directory)
        fatal("out of memory");
    directory->arena = arena_make(ARENA_LIMIT);
    return directory;
}

void directory_free(struct directory *directory)
{
    if (!directory)
        return;
    arena_destroy(directory->arena);
    free(directory);
}

bool client_is_public(const struct client *client)
{
    return text_equal(client->token_endpoint_auth_method, "none");
}

bool client_secret_is_alive(const struct context *context, const struct client_secret *secret)
{
    return !secret->expires_at || secret->expires_at > context->now;
}

bool client_may_use_grant(const struct client *client, const char *grant_type)
{
    /* tokens of short life are the point of enhanced security */
    if (client->enhanced_security && text_equal(grant_type, "refresh_token"))
        return false;
    return text_has_word(client->grant_types, ' ', grant_type);
}

/* --- stored metadata --- */

/* An array of strings as one, separated by spaces; NULL when it's anything else. */
static const char *read_words(struct arena *arena, const struct json *array)
{
    if (json_kind(array) != JSON_ARRAY)
        return NULL;
    struct strbuf words = strbuf_start(arena);
    for (size_t i = 0; i < json_count(array); i++) {
        const char *word = json_text(json_item(array, i));
        if (!word)
            return NULL;
        if (i)
            strbuf_add_char(&words, ' ');
        strbuf_add_text(&words, word);
    }
    return words.data;
}

static const char *const *read_list(struct arena *arena, const struct json *array)
{
    size_t count = json_count(array);
    const char **list = arena_array(arena, count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++)
        if (!(list[i] = json_text(json_item(array, i))))
            return NULL;
    return list;
}

/* How each member is kept: by kind, at its place in struct client, with RFC 7591 §2's default. */
enum metadata_kind {
    METADATA_TEXT,
    METADATA_WORDS,
    METADATA_LIST,
    METADATA_BOOLEAN,
    METADATA_INTEGER,
    METADATA_OBJECT
};

static const struct metadata_member {
    const char *name;
    enum metadata_kind kind;
    size_t offset;
    const char *text; /* default of a text or of words */
} metadata_members[] = {
    { "client_name", METADATA_TEXT, offsetof(struct client, client_name), NULL },
    { "client_uri", METADATA_TEXT, offsetof(struct client, client_uri), NULL },
    { "logo_uri", METADATA_TEXT, offsetof(struct client, logo_uri), NULL },
    { "policy_uri", METADATA_TEXT, offsetof(struct client, policy_uri), NULL },
    { "tos_uri", METADATA_TEXT, offsetof(struct client, tos_uri), NULL },
    { "redirect_uris", METADATA_LIST, offsetof(struct client, redirect_uris), NULL },
    { "post_logout_redirect_uris", METADATA_LIST, offsetof(struct client, post_logout_redirect_uris), NULL },
    { "grant_types", METADATA_WORDS, offsetof(struct client, grant_types), "authorization_code" },
    { "response_types", METADATA_WORDS, offsetof(struct client, response_types), "code" },
    { "scope", METADATA_TEXT, offsetof(struct client, scope), "" },
    { "application_type", METADATA_TEXT, offsetof(struct client, application_type), "web" },
    /* None named: the secret is taken either way, Basic (the default of RFC 7591 §2) or in the body. */
    { "token_endpoint_auth_method", METADATA_TEXT, offsetof(struct client, token_endpoint_auth_method),
      NULL },
    { "token_endpoint_auth_signing_alg", METADATA_TEXT,
      offsetof(struct client, token_endpoint_auth_signing_alg), NULL },
    { "jwks", METADATA_OBJECT, offsetof(struct client, jwks), NULL },
    { "jwks_uri", METADATA_TEXT, offsetof(struct client, jwks_uri), NULL },
    { "enhanced_security", METADATA_BOOLEAN, offsetof(struct client, enhanced_security), NULL },
    { "allowed_addresses", METADATA_WORDS, offsetof(struct client, allowed_addresses), "" },
    { "id_token_signed_response_alg", METADATA_TEXT, offsetof(struct client, id_token_signed_response_alg),
      "RS256" },
    { "tls_client_auth_subject_dn", METADATA_TEXT, offsetof(struct client, tls_client_auth_subject_dn),
      NULL },
    { "tls_client_auth_san_dns", METADATA_TEXT, offsetof(struct client, tls_client_auth_san_dns), NULL },
    { "tls_client_auth_san_uri", METADATA_TEXT, offsetof(struct client, tls_client_auth_san_uri), NULL },
    { "tls_client_auth_san_ip", METADATA_TEXT, offsetof(struct client, tls_client_auth_san_ip), NULL },
    { "tls_client_auth_san_email", METADATA_TEXT, offsetof(struct client, tls_client_auth_san_email), NULL },
    { "tls_client_certificate_bound_access_tokens", METADATA_BOOLEAN,
      offsetof(struct client, tls_client_certificate_bound_access_tokens), NULL },
    { "dpop_bound_access_tokens", METADATA_BOOLEAN, offsetof(struct client, dpop_bound_access_tokens), NULL },
    { "require_pkce", METADATA_BOOLEAN, offsetof(struct client, require_pkce), NULL },
    { "skip_consent", METADATA_BOOLEAN, offsetof(struct client, skip_consent), NULL },
    { "requires_permission", METADATA_BOOLEAN, offsetof(struct client, requires_permission), NULL },
    { "default_max_age", METADATA_INTEGER, offsetof(struct client, default_max_age), NULL },
};

static void default_member(struct arena *arena, const struct metadata_member *member, void *target)
{
    switch (member->kind) {
    case METADATA_TEXT:
    case METADATA_WORDS:
        *(const char **)target = member->text;
        break;
    case METADATA_LIST:
        *(const char *const **)target = read_list(arena, NULL);
        break;
    case METADATA_BOOLEAN:
        *(bool *)target = false;
        break;
    case METADATA_INTEGER:
        *(int64_t *)target = -1;
        break;
    case METADATA_OBJECT:
        *(const struct json **)target = NULL;
        break;
    }
}

static bool read_member(struct arena *arena, const struct metadata_member *member, const struct json *value,
                        void *target)
{
    switch (member->kind) {
    case METADATA_TEXT:
        return (*(const char **)target = json_text(value)) != NULL;
    case METADATA_WORDS:
        return (*(const char **)target = read_words(arena, value)) != NULL;
    case METADATA_LIST:
        return json_kind(value) == JSON_ARRAY &&
               (*(const char *const **)target = read_list(arena, value)) != NULL;
    case METADATA_BOOLEAN:
        return json_boolean(value, target);
    case METADATA_INTEGER:
        return json_integer(value, target);
    case METADATA_OBJECT:
        *(const struct json **)target = value;
        return json_kind(value) == JSON_OBJECT;
    }
    return false;
}

bool client_from_metadata(struct arena *arena, const char *metadata, struct client *client_out,
                          const char **error_out)
{
    const struct json *object = json_parse(arena, metadata, strlen(metadata), error_out);
    if (!object)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(metadata_members); i++) {
        const struct metadata_member *member = &metadata_members[i];
        const struct json *value = json_member(object, member->name);
        void *target = (char *)client_out + member->offset;
        if (!value) {
            default_member(arena, member, target);
        } else if (!read_member(arena, member, value, target)) {
            *error_out = member->name;
            return false;
        }
    }
    return true;
}

/* --- the cache --- */

static size_t bucket_of_id(const char *client_id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *client_id; client_id++)
        hash = (hash ^ (unsigned char)*client_id) * 16777619u;
    return hash % BUCKETS;
}

static size_t bucket_of_number(int64_t number)
{
    return (uint64_t)number % BUCKETS;
}

static void drop_all(struct directory *directory)
{
    arena_reset(directory->arena);
    directory->count = 0;
    directory->workspaces = NULL;
    directory->providers = NULL;
    memset(directory->by_id, 0, sizeof(directory->by_id));
    memset(directory->by_number, 0, sizeof(directory->by_number));
    memset(directory->keys, 0, sizeof(directory->keys));
}

static bool is_full(const struct directory *directory)
{
    return directory->count >= MAX_ENTRIES || arena_used(directory->arena) >= MAX_BYTES;
}

enum outcome directory_refresh(struct context *context)
{
    struct directory *directory = context->directory;
    enum outcome outcome = stored_versions_check(context);
    uint64_t version = shared_version(context->shared, VERSION_DIRECTORY);
    if (version != directory->version || is_full(directory))
        drop_all(directory);
    directory->version = version;
    return outcome;
}

static void remember(struct directory *directory, struct entry *entry)
{
    struct entry **by_id = &directory->by_id[bucket_of_id(entry->client.client_id)];
    struct entry **by_number = &directory->by_number[bucket_of_number(entry->client.number)];
    entry->next_by_id = *by_id;
    entry->next_by_number = *by_number;
    *by_id = *by_number = entry;
    directory->count++;
}

/* --- reading --- */

bool pin_gate_read(const char *word, enum pin_gate *gate_out)
{
    static const char *const words[] = {
        [PIN_OFF] = "off",
        [PIN_PERIODIC] = "periodic",
        [PIN_NEW_BROWSER] = "new_browser",
        [PIN_ALWAYS] = "always",
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (text_equal(word, words[i])) {
            *gate_out = (enum pin_gate)i;
            return true;
        }
    }
    return false;
}

/* A service's gate; one without a word of its own, or with one that isn't known, has the installation's. */
static enum pin_gate gate_of(const struct settings *settings, const char *word)
{
    enum pin_gate gate = PIN_OFF;
    if (!pin_gate_read(word, &gate) && !pin_gate_read(settings->pin_gate, &gate))
        bug("settings: pin_gate holds another word");
    return gate;
}

enum outcome directory_strictest_pin_gate(struct context *context, enum pin_gate *gate_out)
{
    struct service_gate *gates;
    size_t count;
    *gate_out = gate_of(context->settings, "");
    enum store_result result = services_pin_gates(context->db, context->arena, &gates, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        enum pin_gate gate = gate_of(context->settings, gates[i].pin_gate);
        if (gate > *gate_out)
            *gate_out = gate;
    }
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "no services were found");
}

static void copy_service(const struct settings *settings, struct arena *arena, const struct client_entry *row,
                         struct service *service_out)
{
    const char *form = row->service_sign_in_form;
    memcpy(service_out->id, row->client.service_id, sizeof(service_out->id));
    service_out->id_text = uuid_encode(arena, service_out->id);
    service_out->name = arena_strdup(arena, row->service_name);
    service_out->active = text_equal(row->service_status, "active");
    service_out->pin_gate = gate_of(settings, row->service_pin_gate);
    service_out->identifier_first =
        text_equal(text_empty(form) ? settings->sign_in_form : form, "identifier_first");
}

/* What can't be read is none: it was checked when it was set. */
static void read_workspace(struct arena *arena, const struct client_entry *row, struct entry *entry)
{
    const char *error;
    if (!row->service_workspace)
        return;
    if (!workspace_settings_read(arena, row->service_workspace, &entry->workspace, &error)) {
        log_error("service %s: its workspace is broken: %s", entry->service.id_text, error);
        return;
    }
    entry->service.workspace = &entry->workspace;
    if (text_equal(entry->workspace.client_id, row->client.client_id))
        entry->client.workspace = &entry->workspace;
}

/* Likewise: a service with broken settings has none. */
static void read_providers(struct arena *arena, const struct client_entry *row, struct entry *entry)
{
    const char *error, *text = arena_strdup(arena, row->service_providers);
    entry->service.providers = &entry->providers;
    if (service_providers_read(arena, text, &entry->providers, &error))
        return;
    log_error("service %s: its settings of providers are broken: %s", entry->service.id_text, error);
    if (!service_providers_read(arena, NULL, &entry->providers, &error))
        bug("no settings of providers can't be read");
}

static void copy_secrets(struct arena *arena, const struct client_entry *rows, size_t count,
                         struct client *client_out)
{
    for (size_t i = 0; i < count && client_out->secret_count < CLIENT_MAX_SECRETS; i++) {
        if (!rows[i].has_secret)
            continue;
        client_out->use->secrets[client_out->secret_count] = rows[i].secret_last_used_at;
        struct client_secret *secret = &client_out->secrets[client_out->secret_count++];
        memcpy(secret->id, rows[i].secret_id, sizeof(secret->id));
        memcpy(secret->hash, rows[i].secret_hash, sizeof(secret->hash));
        secret->sealed = arena_copy(arena, rows[i].secret_sealed.data, rows[i].secret_sealed.length);
        secret->expires_at = rows[i].secret_expires_at;
    }
}

/* Makes an entry of the rows of one client, in the directory when there's room. */
static enum outcome take_rows(struct context *context, const struct client_entry *rows, size_t count,
                              const struct client **client_out)
{
    struct directory *directory = context->directory;
    bool cached = !is_full(directory);
    struct arena *arena = cached ? directory->arena : context->arena;
    struct entry *entry = arena_alloc(arena, sizeof(*entry));
    struct client *client = &entry->client;
    const char *error;
    if (!client_from_metadata(arena, rows->client.metadata, client, &error)) {
        log_error("client %s: stored metadata is broken: %s", rows->client.client_id, error);
        return refuse(context, OUTCOME_SERVER_ERROR, "the client's metadata is broken");
    }
    copy_service(context->settings, arena, rows, &entry->service);
    read_workspace(arena, rows, entry);
    read_providers(arena, rows, entry);
    client->use = &entry->use;
    client->use->keys = rows->client.last_used_at;
    copy_secrets(arena, rows, count, client);
    client->locked = rows->client.locked_at != 0;
    client->failures_since = rows->client.failures_since;
    client->number = rows->client.number;
    client->client_id = arena_strdup(arena, rows->client.client_id);
    client->service = &entry->service;
    client->active = entry->service.active && text_equal(rows->client.status, "active");
    if (cached)
        remember(directory, entry);
    *client_out = client;
    return OUTCOME_OK;
}

enum outcome directory_client(struct context *context, const char *client_id,
                              const struct client **client_out)
{
    if (text_empty(client_id) || strlen(client_id) > CLIENT_ID_MAX || !text_is_printable(client_id))
        return refuse(context, OUTCOME_INVALID_CLIENT, "unknown client");
    struct entry *entry = context->directory->by_id[bucket_of_id(client_id)];
    for (; entry; entry = entry->next_by_id) {
        if (text_equal(entry->client.client_id, client_id)) {
            *client_out = &entry->client;
            return OUTCOME_OK;
        }
    }
    const struct secrets_wanted wanted = { context->now, CLIENT_MAX_SECRETS };
    struct client_entry *rows;
    size_t count;
    enum store_result result = clients_load(context->db, context->arena, client_id, &wanted, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_INVALID_CLIENT, "unknown client");
    if (!count || !text_equal(rows->client.client_id, client_id))
        return refuse(context, OUTCOME_INVALID_CLIENT, "unknown client");
    return take_rows(context, rows, count, client_out);
}

enum outcome directory_client_by_number(struct context *context, int64_t number,
                                        const struct client **client_out)
{
    struct entry *entry = context->directory->by_number[bucket_of_number(number)];
    for (; entry; entry = entry->next_by_number) {
        if (entry->client.number == number) {
            *client_out = &entry->client;
            return OUTCOME_OK;
        }
    }
    const struct secrets_wanted wanted = { context->now, CLIENT_MAX_SECRETS };
    struct client_entry *rows;
    size_t count;
    enum store_result result =
        clients_load_by_number(context->db, context->arena, number, &wanted, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "the client has been removed");
    if (!count)
        return refuse(context, OUTCOME_NOT_FOUND, "the client has been removed");
    return take_rows(context, rows, count, client_out);
}

/* --- API keys --- */

/* What is found by hash is as evenly spread as that is. */
static struct key_entry **bucket_of_hash(struct directory *directory, const unsigned char hash[32])
{
    return &directory->keys[hash[0] % BUCKETS];
}

/* Texts that outlive the request: all those that a state points to. */
static void keep_texts(struct arena *arena, struct api_key_state *state)
{
    const char **const texts[] = { &state->key.name,     &state->key.prefix,       &state->key.permissions,
                                   &state->key.status,   &state->key.addresses,    &state->service_status,
                                   &state->service_name, &state->service_providers };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *texts[i] = arena_strdup(arena, *texts[i]);
}

static struct api_key_state *remember_key(struct directory *directory, const struct api_key_state *state)
{
    struct key_entry **bucket = bucket_of_hash(directory, state->key.key_hash);
    struct key_entry *entry = arena_alloc(directory->arena, sizeof(*entry));
    entry->state = *state;
    keep_texts(directory->arena, &entry->state);
    entry->next = *bucket;
    *bucket = entry;
    directory->count++;
    return &entry->state;
}

enum outcome directory_api_key(struct context *context, const unsigned char hash[32],
                               struct api_key_state **state_out)
{
    struct directory *directory = context->directory;
    struct api_key_state *state = arena_alloc(context->arena, sizeof(*state));
    for (struct key_entry *entry = *bucket_of_hash(directory, hash); entry; entry = entry->next) {
        if (memcmp(entry->state.key.key_hash, hash, sizeof(entry->state.key.key_hash)) == 0) {
            *state_out = &entry->state;
            return OUTCOME_OK;
        }
    }
    enum store_result result = api_keys_find_by_hash(context->db, context->arena, hash, state);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_NOT_FOUND, "no such API key");
    *state_out = is_full(directory) ? state : remember_key(directory, state);
    return OUTCOME_OK;
}

/* --- workspaces --- */

static void copy_places(struct arena *arena, const struct service_workspace *rows, size_t count,
                        struct workspace_place *places, size_t *count_out)
{
    *count_out = 0;
    for (size_t i = 0; i < count; i++) {
        struct workspace_settings workspace;
        const char *error;
        if (workspace_settings_read(arena, rows[i].workspace, &workspace, &error))
            places[(*count_out)++] = (struct workspace_place) { workspace.host, workspace.client_id };
    }
}

enum outcome directory_workspaces(struct context *context, const struct workspace_place **places_out,
                                  size_t *count_out)
{
    struct directory *directory = context->directory;
    struct service_workspace *rows;
    size_t count;
    *places_out = directory->workspaces;
    *count_out = directory->workspace_count;
    if (directory->workspaces)
        return OUTCOME_OK;
    enum store_result result =
        services_with_workspace(context->db, context->arena, MAX_WORKSPACES, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, "no services were found");
    struct arena *arena = is_full(directory) ? context->arena : directory->arena;
    struct workspace_place *places = arena_array(arena, count + 1, sizeof(*places));
    copy_places(arena, rows, count, places, count_out);
    *places_out = places;
    if (arena == directory->arena) {
        directory->workspaces = places;
        directory->workspace_count = *count_out;
    }
    return OUTCOME_OK;
}

/* --- providers --- */

struct provider_shelf **directory_providers(struct directory *directory, struct arena **arena_out)
{
    *arena_out = is_full(directory) ? NULL : directory->arena;
    return &directory->providers;
}
