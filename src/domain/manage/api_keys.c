/* api_keys.c: see api_keys.h. */
#include "domain/manage/api_keys.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "domain/manage/change.h"

enum { MAX_NAME_CHARACTERS = 200, MAX_PERMISSIONS_BYTES = 2000, NAME_BYTES = 6, SECRET_BYTES = 32 };

static const char *const permissions[] = {
    "read:users",           "write:users",    "delete:users", "read:subscriptions", "write:subscriptions",
    "delete:subscriptions", "read:analytics", "read:service", "write:service",      "read:provider_tokens",
};

/* "read:provider_tokens:google": the tokens of one provider only. */
static bool is_provider_permission(const char *word)
{
    static const char prefix[] = "read:provider_tokens:";
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *provider = word + sizeof(prefix) - 1;
    return text_starts(word, prefix) && *provider && strspn(provider, characters) == strlen(provider);
}

static bool is_permission(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(permissions); i++)
        if (text_equal(permissions[i], word))
            return true;
    return is_provider_permission(word);
}

/* The words, each once; NULL when there is none or one is unknown. */
static const char *read_permissions(struct arena *arena, const char *list)
{
    struct strbuf words = strbuf_start(arena);
    const char *word;
    size_t length;
    while (text_next_word(&list, ' ', &word, &length)) {
        const char *copy = arena_strndup(arena, word, length);
        if (!is_permission(copy))
            return NULL;
        if (text_has_word(words.data, ' ', copy))
            continue;
        if (words.length)
            strbuf_add_char(&words, ' ');
        strbuf_add_text(&words, copy);
    }
    return words.length && words.length <= MAX_PERMISSIONS_BYTES ? words.data : NULL;
}

static const char *random_hex(struct arena *arena, size_t length)
{
    unsigned char *data = arena_alloc(arena, length);
    random_bytes(data, length);
    return hex_encode(arena, data, length);
}

enum outcome api_key_add(struct context *context, const struct new_api_key *key, struct api_key_row *row_out,
                         const char **key_out)
{
    struct arena *arena = context->arena;
    *row_out = (struct api_key_row) { .name = key->name,
                                      .permissions = read_permissions(arena, key->permissions),
                                      .status = "active",
                                      .created_at = context->now,
                                      .expires_at = key->lifetime_s ? context->now + key->lifetime_s : 0 };
    if (!uuid_decode(key->service_id, row_out->service_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such service");
    if (!person_name_is_plain(key->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    if (!row_out->permissions)
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "permissions must be words like read:users, write:users, read:provider_tokens:NAME");
    row_out->prefix =
        arena_printf(arena, "sk_%s_%s", key->test ? "test" : "live", random_hex(arena, NAME_BYTES));
    *key_out = arena_printf(arena, "%s_%s", row_out->prefix, random_hex(arena, SECRET_BYTES));
    sha256_text(*key_out, row_out->key_hash);
    random_uuid_timed(context->now_ms, row_out->id);
    return store_outcome(context, api_keys_add(context->db, row_out), OUTCOME_NOT_FOUND, "no such service");
}

static enum store_result revoke(struct db *db, void *id)
{
    return api_keys_revoke(db, id);
}

enum outcome api_key_revoke(struct context *context, const char *id)
{
    static const char unknown[] = "no such API key that isn't revoked yet";
    unsigned char bytes[16];
    if (!uuid_decode(id, bytes))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    return store_outcome(context, change_directory(context, revoke, bytes), OUTCOME_NOT_FOUND, unknown);
}
