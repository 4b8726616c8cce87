/* api_key_auth.c: see api_key_auth.h. The key's hash finds its row, so nothing secret is compared byte by
 * byte. */
#include "domain/manage/api_key_auth.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/network.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "domain/directory.h"
#include "store/api_keys.h"

enum { KEY_MAX_BYTES = 200, TOUCH_INTERVAL_S = 60 };

/* "sk_PART_REST" with both parts there, printable: everything else never reaches the database. */
static bool looks_like_a_key(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > KEY_MAX_BYTES || !text_starts(text, "sk_") || !text_is_printable(text))
        return false;
    const char *rest = strchr(text + 3, '_');
    return rest && rest > text + 3 && rest[1];
}

/* Whether it holds a permission that begins with these bytes. */
static bool holds_some(const struct api_key *key, const char *beginning, size_t size)
{
    const char *word, *cursor = key->permissions;
    size_t length;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        if (length > size && memcmp(word, beginning, size) == 0)
            return true;
    }
    return false;
}

bool api_key_holds(const struct api_key *key, const char *permission)
{
    static const char tokens[] = "read:provider_tokens";
    if (text_has_word(key->permissions, ' ', permission))
        return true;
    if (text_ends(permission, ":*") && holds_some(key, permission, strlen(permission) - 1))
        return true;
    return text_starts(permission, tokens) && text_has_word(key->permissions, ' ', tokens);
}

static bool is_alive(const struct context *context, const struct api_key_row *row)
{
    return text_equal(row->status, "active") && (row->expires_at == 0 || row->expires_at > context->now);
}

static const struct api_key *key_from_state(struct arena *arena, const struct api_key_state *state)
{
    const struct api_key_row *row = &state->key;
    struct api_key *key = arena_alloc(arena, sizeof(*key));
    *key = (struct api_key) {
        .id_text = uuid_encode(arena, row->id),
        .service_id_text = uuid_encode(arena, row->service_id),
        .service_name = state->service_name,
        .service_providers = state->service_providers,
        .name = row->name,
        .permissions = row->permissions,
        .test = text_starts(row->prefix, "sk_test_"),
    };
    memcpy(key->id, row->id, sizeof(key->id));
    memcpy(key->service_id, row->service_id, sizeof(key->service_id));
    return key;
}

/* A missed note costs a minute of knowing; its failure is nobody's problem. */
static void note_use(struct context *context, struct api_key_state *state)
{
    int64_t since = context->now - TOUCH_INTERVAL_S;
    if (state->key.last_used_at > since)
        return;
    state->key.last_used_at = context->now;
    if (api_keys_touch(context->db, state->key.id, context->now, since) != STORE_OK)
        log_warn("api_key.use_not_noted");
}

static bool is_used_from_its_place(const struct context *context, const struct api_key_state *state)
{
    struct ip_address address;
    return text_empty(state->key.addresses) ||
           (ip_parse(context->address, &address) && network_list_holds(state->key.addresses, &address));
}

/* What may be refused to somebody who has shown a living key. */
static enum outcome check_use(struct context *context, const struct api_key_state *state,
                              const struct api_key *key, const char *permission)
{
    if (!text_equal(state->service_status, "active"))
        return refuse(context, OUTCOME_NOT_ACTIVE, "the service is switched off");
    if (!is_used_from_its_place(context, state))
        return refuse(context, OUTCOME_FORBIDDEN, "the API key must not be used from this address");
    if (permission && !api_key_holds(key, permission))
        return refuse(context, OUTCOME_FORBIDDEN,
                      arena_printf(context->arena, "the API key lacks the permission %.*s",
                                   (int)(strlen(permission) - (text_ends(permission, ":*") ? 2 : 0)),
                                   permission));
    return OUTCOME_OK;
}

enum outcome api_key_authenticate(struct context *context, const char *header, const char *permission,
                                  const struct api_key **key_out)
{
    static const char refused[] = "a valid API key is required";
    unsigned char hash[32];
    struct api_key_state *state;
    if (!looks_like_a_key(header))
        return refuse(context, OUTCOME_UNAUTHENTICATED, refused);
    sha256_text(header, hash);
    enum outcome found = directory_api_key(context, hash, &state);
    if (found == OUTCOME_NOT_FOUND || (found == OUTCOME_OK && !is_alive(context, &state->key)))
        return refuse(context, OUTCOME_UNAUTHENTICATED, refused);
    if (found != OUTCOME_OK)
        return found;
    const struct api_key *key = key_from_state(context->arena, state);
    enum outcome outcome = check_use(context, state, key, permission);
    if (outcome != OUTCOME_OK)
        return outcome;
    note_use(context, state);
    *key_out = key;
    return OUTCOME_OK;
}
