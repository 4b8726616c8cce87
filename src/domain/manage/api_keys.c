/* api_keys.c: see api_keys.h. */
#include "domain/manage/api_keys.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/network.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "domain/manage/change.h"

enum {
    MAX_NAME_CHARACTERS = 200,
    MAX_PERMISSIONS_BYTES = 2000,
    MAX_ADDRESSES_BYTES = 2000,
    NAME_BYTES = 6,
    SECRET_BYTES = 32
};

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

/* The key itself and what is found by it. */
static const char *make_key(struct context *context, bool test, struct api_key_row *row)
{
    struct arena *arena = context->arena;
    row->prefix = arena_printf(arena, "sk_%s_%s", test ? "test" : "live", random_hex(arena, NAME_BYTES));
    const char *key = arena_printf(arena, "%s_%s", row->prefix, random_hex(arena, SECRET_BYTES));
    sha256_text(key, row->key_hash);
    random_uuid_timed(context->now_ms, row->id);
    return key;
}

static bool addresses_are_fine(const char *addresses)
{
    return !addresses || (strlen(addresses) <= MAX_ADDRESSES_BYTES && text_is_printable(addresses) &&
                          network_list_is_valid(addresses));
}

/* How storing a new key ended, of which nobody may know: the key is shown now or never. */
static enum store_result settled(struct context *context, enum store_result result,
                                 const struct api_key_row *row)
{
    struct api_key_row there;
    if (result != STORE_UNCERTAIN)
        return result;
    result = api_keys_find(context->db, context->arena, row->service_id, row->id, &there);
    return result == STORE_OK ? STORE_OK : STORE_FAILED;
}

/* What history tells of a key: all but itself. */
static struct record record_of(struct context *context, const char *type, const struct api_key_row *row,
                               const struct api_key_row *successor)
{
    struct arena *arena = context->arena;
    struct json_writer data = json_writer_start(arena);
    const char *id = uuid_encode(arena, row->id);
    json_open_object(&data, NULL);
    json_write_text(&data, "id", id);
    json_write_text(&data, "name", row->name);
    json_write_text(&data, "prefix", row->prefix);
    json_write_words(&data, "permissions", row->permissions, ' ');
    json_write_words(&data, "addresses", row->addresses, ' ');
    if (row->expires_at)
        json_write_time(&data, "expires_at", row->expires_at);
    if (successor)
        json_write_text(&data, "rotated_to", uuid_encode(arena, successor->id));
    json_close_object(&data);
    return (
        struct record) { .type = type, .service_id = row->service_id, .subject = id, .data = data.text.data };
}

static enum store_result add(struct db *db, void *argument)
{
    return api_keys_add(db, argument);
}

enum outcome api_key_add(struct context *context, const struct new_api_key *key, struct api_key_row *row_out,
                         const char **key_out)
{
    struct arena *arena = context->arena;
    *row_out = (struct api_key_row) { .name = key->name,
                                      .permissions = read_permissions(arena, key->permissions),
                                      .status = "active",
                                      .created_at = context->now,
                                      .addresses = key->addresses ? key->addresses : "",
                                      .created_by = key->created_by ? key->created_by : "",
                                      .expires_at = key->lifetime_s ? context->now + key->lifetime_s : 0 };
    if (!uuid_decode(key->service_id, row_out->service_id))
        return refuse(context, OUTCOME_NOT_FOUND, "no such service");
    if (!person_name_is_plain(key->name, 1, MAX_NAME_CHARACTERS))
        return refuse(context, OUTCOME_INVALID_REQUEST, "the name must have 1 to 200 visible characters");
    if (!row_out->permissions)
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "permissions must be words like read:users, write:users, read:provider_tokens:NAME");
    if (!addresses_are_fine(key->addresses))
        return refuse(context, OUTCOME_INVALID_REQUEST,
                      "addresses must be words like 192.0.2.7, 192.0.2.0/24, 2001:db8::/32");
    *key_out = make_key(context, key->test, row_out);
    const struct record record = record_of(context, "api_key.created", row_out, NULL);
    enum store_result added = settled(context, record_change(context, &record, add, row_out), row_out);
    return store_outcome(context, added, OUTCOME_NOT_FOUND, "no such service");
}

enum outcome api_key_find(struct context *context, const char *service_id, const char *id,
                          struct api_key_row *row_out)
{
    unsigned char bytes[16], service[16];
    static const char unknown[] = "no such API key";
    if (!id || !uuid_decode(id, bytes) || (service_id && !uuid_decode(service_id, service)))
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    enum store_result found =
        api_keys_find(context->db, context->arena, service_id ? service : NULL, bytes, row_out);
    return store_outcome(context, found, OUTCOME_NOT_FOUND, unknown);
}

static enum store_result revoke(struct db *db, void *argument)
{
    const struct api_key_row *row = argument;
    return api_keys_revoke(db, row->service_id, row->id);
}

enum outcome api_key_revoke(struct context *context, const char *service_id, const char *id)
{
    static const char unknown[] = "no such API key that isn't revoked yet";
    struct api_key_row row;
    enum outcome outcome = api_key_find(context, service_id, id, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct record record = record_of(context, "api_key.revoked", &row, NULL);
    return store_outcome(context, change_recorded(context, &record, revoke, &row), OUTCOME_NOT_FOUND,
                         unknown);
}

/* A key and its successor. */
struct succession {
    struct api_key_row old, successor;
};

static enum store_result succeed(struct db *db, void *argument)
{
    struct succession *pair = argument;
    enum store_result result = api_keys_follow(db, pair->old.id, pair->successor.id, pair->old.expires_at);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_CONFLICT : result;
    return api_keys_add(db, &pair->successor);
}

enum outcome api_key_rotate(struct context *context, const struct key_rotation *rotation,
                            struct api_key_row *row_out, const char **key_out)
{
    struct succession pair;
    int64_t now = context->now, ends = now + rotation->overlap_s;
    enum outcome outcome = api_key_find(context, rotation->service_id, rotation->id, &pair.old);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!text_equal(pair.old.status, "active") || (pair.old.expires_at && pair.old.expires_at <= now))
        return refuse(context, OUTCOME_NOT_FOUND, "the API key can't be used any more: add another");
    pair.successor = pair.old;
    pair.successor.created_at = now;
    pair.successor.last_used_at = 0;
    pair.successor.created_by = rotation->created_by ? rotation->created_by : "";
    if (pair.old.expires_at)
        pair.successor.expires_at = now + pair.old.expires_at - pair.old.created_at;
    if (!pair.old.expires_at || ends < pair.old.expires_at)
        pair.old.expires_at = ends;
    *key_out = make_key(context, text_starts(pair.old.prefix, "sk_test_"), &pair.successor);
    *row_out = pair.successor;
    const struct record record = record_of(context, "api_key.rotated", &pair.old, &pair.successor);
    enum store_result changed =
        settled(context, change_recorded(context, &record, succeed, &pair), &pair.successor);
    return store_outcome(context, changed, OUTCOME_ALREADY_EXISTS, "the API key has a successor already");
}
