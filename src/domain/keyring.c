/*
 * keyring.c: see keyring.h. Keys are read in one statement, opened and parsed once, and kept when the
 * database goes away. Making and rotating are transactions that a unique key decides: of several
 * processes that try at once, one wins and the others find its keys.
 */
#include "domain/keyring.h"

#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "core/encode.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/sealed.h"
#include "domain/stored_versions.h"
#include "domain/verified.h"
#include "store/signing_keys.h"

const char keyring_algs[] = "RS256 ES256 EdDSA";

enum {
    ARENA_LIMIT = 4 * 1024 * 1024,
    JWKS_MAX = 64 * 1024,
    PREPARE_TRIES = 3,
    RETIRED_SLACK_S = 300 /* for clocks that run apart */
};

struct key {
    const char *kid, *alg, *state;
    struct jwk *jwk;
    int64_t expires_at;
};

struct keyring {
    struct arena *arena;
    bool loaded;
    uint64_t version;
    int64_t reload_at; /* when the first retired key expires; 0: never */
    struct key *keys;
    size_t count;
    struct bytes jwks;
    const char *etag;
    struct verified *verified; /* by these keys */
};

struct keyring *keyring_make(void)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    if (!keyring)
        fatal("out of memory");
    keyring->arena = arena_make(ARENA_LIMIT);
    keyring->verified = verified_make();
    return keyring;
}

static void drop_all(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++)
        jwk_free(keyring->keys[i].jwk);
    arena_reset(keyring->arena);
    verified_forget(keyring->verified);
    *keyring = (struct keyring) { .arena = keyring->arena, .verified = keyring->verified };
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    drop_all(keyring);
    arena_destroy(keyring->arena);
    verified_free(keyring->verified);
    free(keyring);
}

/* --- reading --- */

static struct jwk *open_key(struct context *context, const struct signing_key_row *row)
{
    struct bytes plain;
    const char *error = "the key file has no key that opens it";
    struct jwk *jwk = NULL;
    if (sealed_open(context->keyfile, context->arena, SEALED_SIGNING_KEY, sealed_by_text(row->kid),
                    row->sealed, &plain)) {
        const struct json *object =
            json_parse(context->arena, (const char *)plain.data, plain.length, &error);
        jwk = object ? jwk_parse(object, &error) : NULL;
    }
    if (jwk && !jws_alg_fits(row->alg, jwk)) {
        jwk_free(jwk);
        jwk = NULL;
        error = "it doesn't fit its algorithm";
    }
    if (!jwk)
        log_error("signing key %s can't be used: %s", row->kid, error);
    return jwk;
}

static void keep_key(struct keyring *keyring, const struct signing_key_row *row, struct jwk *jwk)
{
    keyring->keys[keyring->count++] = (struct key) {
        .kid = arena_strdup(keyring->arena, row->kid),
        .alg = arena_strdup(keyring->arena, row->alg),
        .state = arena_strdup(keyring->arena, row->state),
        .jwk = jwk,
        .expires_at = row->expires_at,
    };
    if (row->expires_at && (!keyring->reload_at || row->expires_at < keyring->reload_at))
        keyring->reload_at = row->expires_at;
}

/* A strong ETag (RFC 9110 §8.8.3) of the bytes. */
static const char *make_etag(struct arena *arena, struct bytes data)
{
    unsigned char hash[32];
    sha256(data.data, data.length, hash);
    return arena_printf(arena, "\"%s\"", base64url_encode(arena, hash, 12));
}

static void write_jwks(struct keyring *keyring)
{
    struct json_writer writer = json_writer_start(keyring->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "keys");
    for (size_t i = 0; i < keyring->count; i++)
        jwk_write_public(keyring->keys[i].jwk, &writer, NULL);
    json_close_array(&writer);
    json_close_object(&writer);
    keyring->jwks = (struct bytes) { (const unsigned char *)writer.text.data, writer.text.length };
    keyring->etag = make_etag(keyring->arena, keyring->jwks);
}

static enum store_result load(struct context *context)
{
    struct keyring *keyring = context->keyring;
    uint64_t version = shared_version(context->shared, VERSION_KEYS);
    struct signing_key_row *rows;
    size_t count;
    enum store_result result = signing_keys_list(context->db, context->arena, context->now, &rows, &count);
    if (result != STORE_OK)
        return result;
    drop_all(keyring);
    keyring->loaded = true;
    keyring->version = version;
    keyring->keys = arena_array(keyring->arena, count ? count : 1, sizeof(*keyring->keys));
    for (size_t i = 0; i < count; i++) {
        struct jwk *jwk = open_key(context, &rows[i]);
        if (jwk)
            keep_key(keyring, &rows[i], jwk);
    }
    write_jwks(keyring);
    if (keyring->count)
        shared_jwks_store(context->shared, (const char *)keyring->jwks.data, keyring->jwks.length);
    return STORE_OK;
}

static bool is_stale(const struct context *context)
{
    const struct keyring *keyring = context->keyring;
    return !keyring->loaded || !keyring->count ||
           keyring->version != shared_version(context->shared, VERSION_KEYS) ||
           (keyring->reload_at && keyring->reload_at <= context->now);
}

enum outcome keyring_refresh(struct context *context)
{
    /* a failed check leaves the keys as they are: they are good without the database */
    bool checked = stored_versions_check(context) == OUTCOME_OK;
    if (checked && is_stale(context) && load(context) != STORE_OK && context->keyring->count)
        log_warn("the signing keys in memory are used on: the database is away");
    context->reason = NULL;
    if (!context->keyring->count)
        return store_outcome(context, STORE_FAILED, OUTCOME_UNAVAILABLE, NULL);
    return OUTCOME_OK;
}

/* --- using --- */

static const struct key *find_current(const struct keyring *keyring, const char *alg)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (text_equal(keyring->keys[i].alg, alg) && text_equal(keyring->keys[i].state, "current"))
            return &keyring->keys[i];
    return NULL;
}

static const struct key *find_kid(const struct keyring *keyring, const char *kid)
{
    for (size_t i = 0; kid && i < keyring->count; i++)
        if (text_equal(keyring->keys[i].kid, kid))
            return &keyring->keys[i];
    return NULL;
}

enum outcome keyring_sign(struct context *context, const char *alg, const char *typ,
                          const struct strbuf *payload, const char **jws_out)
{
    const struct key *key = find_current(context->keyring, alg);
    if (!key)
        return store_outcome(context, STORE_FAILED, OUTCOME_UNAVAILABLE, NULL);
    struct bytes bytes = { (const unsigned char *)payload->data, payload->length };
    *jws_out = jws_sign(context->arena, key->jwk, alg, typ, bytes);
    if (!*jws_out)
        return refuse(context, OUTCOME_SERVER_ERROR, "signing failed");
    return OUTCOME_OK;
}

/* RFC 7515 §4.1.9: typ names a media type, so its case doesn't matter; "application/" is left out. */
static bool is_typ(const char *typ, const char *wanted)
{
    if (!wanted)
        return !typ || text_equal_ascii_case(typ, "JWT");
    return typ && text_equal_ascii_case(typ, wanted);
}

static bool check_token(struct context *context, const char *text, const char *typ)
{
    struct jws jws;
    const char *error;
    if (!jws_parse(context->arena, text, strlen(text), &jws, &error) || !is_typ(jws.typ, typ))
        return false;
    const struct key *key = find_kid(context->keyring, jws.kid);
    return key && jws_verify(&jws, key->jwk, key->alg);
}

/* The same text, asked for by the same type, is as good as when it came before by the same keys. */
static bool is_good_token(struct context *context, const char *text, const char *typ)
{
    struct verified *verified = context->keyring->verified;
    struct strbuf asked = strbuf_start(context->arena);
    unsigned char hash[32];
    strbuf_add_text(&asked, typ ? typ : "");
    strbuf_add_char(&asked, ' ');
    strbuf_add_text(&asked, text);
    sha256(asked.data, asked.length, hash);
    if (verified_has(verified, hash))
        return true;
    bool good = check_token(context, text, typ);
    if (good)
        verified_add(verified, hash);
    return good;
}

const struct json *keyring_verify(struct context *context, const char *text, const char *typ)
{
    struct bytes payload;
    const char *error;
    if (!is_good_token(context, text, typ))
        return NULL;
    const char *encoded = strchr(text, '.') + 1; /* the middle one of three parts */
    if (!base64url_decode(context->arena, encoded, strcspn(encoded, "."), &payload))
        return NULL;
    const struct json *claims =
        json_parse(context->arena, (const char *)payload.data, payload.length, &error);
    return json_kind(claims) == JSON_OBJECT ? claims : NULL;
}

enum outcome keyring_jwks(struct context *context, struct bytes *json_out, const char **etag_out)
{
    const struct keyring *keyring = context->keyring;
    if (keyring->count) {
        *json_out = keyring->jwks;
        *etag_out = keyring->etag;
        return OUTCOME_OK;
    }
    char *buffer = arena_alloc(context->arena, JWKS_MAX);
    size_t length = shared_jwks_load(context->shared, buffer, JWKS_MAX);
    if (!length)
        return store_outcome(context, STORE_FAILED, OUTCOME_UNAVAILABLE, NULL);
    *json_out = (struct bytes) { (const unsigned char *)buffer, length };
    *etag_out = make_etag(context->arena, *json_out);
    return OUTCOME_OK;
}

/* --- making and rotating --- */

/* New keys to be written, and old ones to be moved on, in one transaction. */
struct key_change {
    struct arena *arena;
    int64_t now, now_ms, retired_until;
    const char *retire, *activate; /* kids; NULL: none */
    struct signing_key_row *added;
    size_t added_count;
    struct versions versions;
};

static enum store_result write_keys(struct db *db, void *argument)
{
    struct key_change *change = argument;
    enum store_result result = STORE_OK;
    if (change->retire)
        result = signing_keys_retire(db, change->retire, change->now, change->retired_until);
    if (result == STORE_OK && change->activate)
        result = signing_keys_activate(db, change->activate, change->now);
    for (size_t i = 0; result == STORE_OK && i < change->added_count; i++)
        result = signing_keys_add(db, &change->added[i]);
    return result == STORE_OK ? versions_bump_keys(db, change->arena, change->now_ms, &change->versions)
                              : result;
}

static void make_key(struct context *context, const char *alg, const char *state,
                     struct signing_key_row *row_out)
{
    struct arena *arena = context->arena;
    const char *kid = random_text(arena, 16);
    struct jwk *jwk = jwk_generate(alg, kid);
    const char *plain = jwk_print_private(jwk, arena);
    *row_out = (struct signing_key_row) {
        .kid = kid,
        .alg = alg,
        .state = state,
        .sealed = sealed_seal_text(context->keyfile, arena, SEALED_SIGNING_KEY, sealed_by_text(kid), plain),
        .created_at = context->now,
        .activated_at = text_equal(state, "current") ? context->now : 0,
    };
    jwk_free(jwk);
    log_info("signing key %s made for %s", kid, alg);
}

static const char *kid_of(const struct signing_key_row *rows, size_t count, const char *alg,
                          const char *state)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].alg, alg) && text_equal(rows[i].state, state))
            return rows[i].kid;
    return NULL;
}

/* Makes the current and next keys that rows lack. */
static void make_missing(struct context *context, const struct signing_key_row *rows, size_t count,
                         struct key_change *change)
{
    static const char *const states[] = { "current", "next" };
    const char *cursor = keyring_algs;
    const char *word;
    size_t length;
    change->added = arena_array(context->arena, 16, sizeof(*change->added));
    while (text_next_word(&cursor, ' ', &word, &length)) {
        const char *alg = arena_strndup(context->arena, word, length);
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
            if (!kid_of(rows, count, alg, states[i]))
                make_key(context, alg, states[i], &change->added[change->added_count++]);
    }
}

/* A conflict means that another process was quicker, and an uncertain commit that ours may stand:
 * both are settled by looking again. */
enum outcome keyring_prepare(struct context *context)
{
    enum store_result result = STORE_OK;
    for (int tries = 0; tries < PREPARE_TRIES; tries++) {
        struct key_change change = { .arena = context->arena,
                                     .now = context->now,
                                     .now_ms = context->now_ms };
        struct signing_key_row *rows;
        size_t count;
        result = signing_keys_list(context->db, context->arena, context->now, &rows, &count);
        if (result != STORE_OK)
            break;
        make_missing(context, rows, count, &change);
        if (!change.added_count)
            return OUTCOME_OK;
        result = db_transact(context->db, write_keys, &change);
        if (result == STORE_OK)
            stored_versions_publish(context, &change.versions);
        else if (result != STORE_CONFLICT && result != STORE_UNCERTAIN)
            break;
    }
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, "the signing keys could not be made");
}

/* As long as a token signed by it may be shown to us or a client: an id token also comes back as a hint
 * for as long as its session lives. */
static int64_t retired_until(const struct context *context)
{
    const struct settings *settings = context->settings;
    const int64_t lifetimes[] = { settings->access_token_lifetime_s, settings->id_token_lifetime_s,
                                  settings->session_lifetime_s };
    int64_t longest = 0;
    for (size_t i = 0; i < ARRAY_SIZE(lifetimes); i++)
        if (lifetimes[i] > longest)
            longest = lifetimes[i];
    return context->now + longest + RETIRED_SLACK_S;
}

static bool is_stored(struct context *context, const char *kid)
{
    struct signing_key_row *rows;
    size_t count;
    if (signing_keys_list(context->db, context->arena, context->now, &rows, &count) != STORE_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].kid, kid))
            return true;
    return false;
}

enum outcome keyring_rotate(struct context *context, const char *alg)
{
    if (!text_has_word(keyring_algs, ' ', alg))
        return refuse(context, OUTCOME_NOT_FOUND, "no such algorithm");
    enum outcome outcome = keyring_prepare(context);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct signing_key_row *rows;
    size_t count;
    enum store_result result = signing_keys_list(context->db, context->arena, context->now, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, NULL);
    struct signing_key_row added;
    make_key(context, alg, "next", &added);
    struct key_change change = { .arena = context->arena,
                                 .now = context->now,
                                 .now_ms = context->now_ms,
                                 .retired_until = retired_until(context),
                                 .retire = kid_of(rows, count, alg, "current"),
                                 .activate = kid_of(rows, count, alg, "next"),
                                 .added = &added,
                                 .added_count = 1 };
    result = db_transact(context->db, write_keys, &change);
    if (result == STORE_UNCERTAIN && is_stored(context, added.kid))
        result = versions_find(context->db, context->arena, &change.versions);
    if (result == STORE_OK)
        stored_versions_publish(context, &change.versions);
    return store_outcome(context, result == STORE_NOT_FOUND ? STORE_CONFLICT : result, OUTCOME_ALREADY_EXISTS,
                         "another rotation was at work");
}
