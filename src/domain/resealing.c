/* resealing.c: see resealing.h. */
#include "domain/resealing.h"

#include "core/json_writer.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/login/challenge.h"
#include "domain/sealed.h"
#include "store/file_keys.h"

enum {
    DAY = 24 * 3600,
    NOTED_EVERY_S = 2 * 3600, /* at the latest, while there are requests */
    MOST_KEYS = 64            /* of a file and, beside them, met in the tables */
};

/* --- who has which keys --- */

/* Of all that is signed and given out: a refresh token that nobody uses, or a link in a mail. */
static int64_t longest_life(const struct context *context)
{
    int64_t longest = context->settings->refresh_token_lifetime_s;
    for (enum challenge_kind kind = 0; kind < CHALLENGE_KINDS; kind++)
        if (challenge_lasts_s(kind) > longest)
            longest = challenge_lasts_s(kind);
    return longest;
}

enum store_result resealing_note_keys(struct context *context)
{
    struct json_writer names = json_writer_start(context->arena);
    json_open_array(&names, NULL);
    for (size_t i = 0; i < keyfile_count(context->keyfile); i++)
        json_write_text(&names, NULL, keyfile_name(context->keyfile, i));
    json_close_array(&names);
    return file_keys_note(context->db, shared_id(context->shared), names.text.data,
                          longest_life(context) + NOTED_EVERY_S + DAY);
}

static const struct file_key_row *find_noted(const struct file_key_row *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].name, name))
            return &rows[i];
    return NULL;
}

/* Rows are in the order in which the keys became the newest: whether another one did after this. */
static bool has_later(const struct file_key_row *rows, size_t count, const struct file_key_row *row)
{
    const struct file_key_row *last = &rows[count - 1];
    return row->first_ms > 0 && last != row;
}

/* Whether it is for this machine to seal anew, and time. */
static enum store_result may_run(struct context *context, bool *may_out)
{
    struct file_key_row *rows;
    size_t count;
    *may_out = false;
    enum store_result result = file_keys_list(context->db, context->arena, &rows, &count);
    const struct file_key_row *newest =
        result == STORE_OK ? find_noted(rows, count, keyfile_name(context->keyfile, 0)) : NULL;
    if (result != STORE_OK || !newest)
        return result;
    if (has_later(rows, count, newest))
        log_warn("keys.file_is_behind newest=%s: another machine has a newer key in its key file",
                 newest->name);
    else if (newest->machines < newest->machines_in_all)
        log_warn("keys.resealing_waits newest=%s machines_without=%lld", newest->name,
                 (long long)(newest->machines_in_all - newest->machines));
    else
        *may_out = true;
    return result;
}

/* --- sealing anew --- */

static enum store_result reseal(struct context *context, enum sealed_column column,
                                const struct sealed_row *row, int64_t *count)
{
    struct bytes plain;
    if (!sealed_open(context->keyfile, context->arena, column, row->key, row->sealed, &plain))
        return STORE_OK;
    enum store_result result = sealed_columns_replace(
        context->db, column, row, sealed_seal(context->keyfile, context->arena, column, row->key, plain));
    *count += result == STORE_OK;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static void keep_place(struct resealing *resealing, struct bytes key)
{
    if (key.length > sizeof(resealing->behind))
        bug("resealing: a key of %zu bytes", key.length);
    memcpy(resealing->behind, key.data, key.length);
    resealing->behind_length = key.length;
}

static void next_column(struct resealing *resealing)
{
    resealing->behind_length = 0;
    resealing->column++;
    resealing->more = resealing->column < SEALED_COLUMNS;
}

/* Some of the column where the pass stands; *left counts down. */
static enum store_result run_column(struct context *context, struct resealing *resealing, int64_t *left)
{
    enum sealed_column column = resealing->column;
    const struct bytes behind = { resealing->behind, resealing->behind_length };
    struct sealed_row *rows;
    size_t count;
    int64_t limit = *left;
    if (sealed_facts[column].life != SEALED_FOR_LONG) {
        next_column(resealing);
        return STORE_OK;
    }
    enum store_result result = sealed_columns_list(context->db, context->arena, column,
                                                   keyfile_beginning(context->keyfile, context->arena),
                                                   behind, limit, &rows, &count);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        result = reseal(context, column, &rows[i], &resealing->count);
        keep_place(resealing, rows[i].key);
    }
    *left -= (int64_t)count;
    if (result == STORE_OK && (int64_t)count < limit)
        next_column(resealing);
    return result;
}

enum store_result resealing_run(struct context *context, int64_t limit, struct resealing *resealing)
{
    bool may;
    resealing->count = 0;
    enum store_result result = may_run(context, &may);
    if (result == STORE_OK && !may)
        *resealing = (struct resealing) { .more = false };
    while (result == STORE_OK && resealing->more && limit > 0)
        result = run_column(context, resealing, &limit);
    return result;
}

/* --- what still needs which key --- */

static struct file_key *key_named(struct file_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (text_equal(keys->keys[i].name, name))
            return &keys->keys[i];
    if (keys->count == MOST_KEYS)
        return NULL;
    keys->keys[keys->count].name = name;
    return &keys->keys[keys->count++];
}

static enum store_result count_column(struct context *context, enum sealed_column column,
                                      struct file_keys *keys)
{
    struct sealed_count *counts;
    size_t count;
    enum store_result result = sealed_columns_count(context->db, context->arena, column, &counts, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct file_key *key = key_named(keys, keyfile_is_name(counts[i].key) ? counts[i].key : "?");
        if (!key)
            continue;
        key->values[column] += counts[i].count;
        *(sealed_facts[column].life == SEALED_FOR_LONG ? &key->lasting : &key->passing) += counts[i].count;
    }
    return result;
}

static enum store_result read_noted(struct context *context, struct file_keys *keys)
{
    struct file_key_row *rows;
    size_t count;
    enum store_result result = file_keys_list(context->db, context->arena, &rows, &count);
    for (size_t i = 0; result == STORE_OK && i < count; i++) {
        struct file_key *key = key_named(keys, rows[i].name);
        int64_t until = rows[i].last_at + longest_life(context) + NOTED_EVERY_S;
        keys->machines = rows[i].machines_in_all;
        if (!key)
            continue;
        key->machines = rows[i].machines;
        key->was_newest = rows[i].last_at > 0;
        key->until = rows[i].last_at && until > rows[i].now ? until : 0;
    }
    const struct file_key_row *newest =
        result == STORE_OK ? find_noted(rows, count, keys->keys[0].name) : NULL;
    keys->is_behind = newest && has_later(rows, count, newest);
    return result;
}

static enum file_key_state state_of(const struct file_key *key, size_t place, size_t listed)
{
    bool has_values = key->lasting + key->passing > 0;
    if (place == 0)
        return FILE_KEY_NEWEST;
    if (place >= listed)
        return has_values ? FILE_KEY_MISSING : FILE_KEY_FREE;
    if (has_values)
        return FILE_KEY_NEEDED;
    if (key->until)
        return FILE_KEY_UNTIL;
    return key->was_newest ? FILE_KEY_FREE : FILE_KEY_UNUSED;
}

/* Keys that are met, but neither in the file nor needed, are nobody's business. */
static void set_states(struct file_keys *keys, size_t listed)
{
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++) {
        keys->keys[i].state = state_of(&keys->keys[i], i, listed);
        if (i < listed || keys->keys[i].state == FILE_KEY_MISSING)
            keys->keys[kept++] = keys->keys[i];
    }
    keys->count = kept;
}

enum outcome resealing_status(struct context *context, struct file_keys *keys_out)
{
    size_t listed = keyfile_count(context->keyfile);
    *keys_out =
        (struct file_keys) { .keys = arena_array(context->arena, MOST_KEYS, sizeof(*keys_out->keys)) };
    for (size_t i = 0; i < listed; i++)
        keys_out->keys[keys_out->count++].name = keyfile_name(context->keyfile, i);
    enum store_result result = read_noted(context, keys_out);
    for (enum sealed_column column = 0; result == STORE_OK && column < SEALED_COLUMNS; column++)
        if (sealed_facts[column].life != SEALED_FOR_SECONDS)
            result = count_column(context, column, keys_out);
    if (result == STORE_OK)
        set_states(keys_out, listed);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, NULL);
}
