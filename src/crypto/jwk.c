/* jwk.c: reading, writing and making keys, for every family alike; see jwk.h and algs.h. */
#include "crypto/jwk.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/algs.h"
#include "crypto/digest.h"

#include <openssl/err.h>

/* The longest number, 16384 bits, is 2731 characters. */
enum { MAX_MEMBER_TEXT = 2732, SCRATCH = 256 * 1024 };

/* --- reading --- */

/* Members that must be strings when they are there; null is none (RFC 7517 §4, RFC 7518 §6). */
static const char text_members[] = "kty use kid alg crv n e d p q dp dq qi x y k";

static void check_member(const char *name, struct json *member, void *context)
{
    const char **error = context;
    if (text_has_word(text_members, ' ', name) && json_kind(member) != JSON_TEXT)
        *error = "a member of the key isn't a string";
    if (text_equal(name, "key_ops") && json_kind(member) != JSON_ARRAY)
        *error = "key_ops isn't an array";
    if (text_equal(name, "oth"))
        *error = "keys of more than two primes aren't taken";
}

/* RFC 7517 §4.3: strings, none twice. */
static bool read_operations(struct jwk *key, const struct json *operations)
{
    key->may_sign = key->may_verify = !operations;
    for (size_t i = 0; i < json_count(operations); i++) {
        const char *operation = json_text(json_item(operations, i));
        if (!operation)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (text_equal(operation, json_text(json_item(operations, j))))
                return false;
        }
        key->may_sign |= text_equal(operation, "sign");
        key->may_verify |= text_equal(operation, "verify");
    }
    return true;
}

static const char *read_curve(struct jwk *key, const struct json *object)
{
    const char *const *curve = key->family->curves;
    const char *crv = json_member_text(object, "crv");
    if (!curve)
        return NULL;
    while (*curve && !text_equal(*curve, crv))
        curve++;
    key->crv = *curve;
    return key->crv ? NULL : "the curve isn't known";
}

/* Every member of the family decoded: the public ones must be there, of the private ones all or none. */
static const char *read_values(struct jwk *key, const struct json *object, struct arena *arena,
                               struct bytes values[KEY_MAX_MEMBERS])
{
    size_t private_count = 0, private_found = 0;
    const struct key_member *member = key->family->members;
    for (size_t i = 0; member[i].name; i++) {
        const char *text = json_member_text(object, member[i].name);
        private_count += member[i].is_private;
        private_found += member[i].is_private && text;
        if (!text && !member[i].is_private)
            return "a member of the key is missing";
        if (!text)
            continue;
        if (strlen(text) > MAX_MEMBER_TEXT || !base64url_decode(arena, text, strlen(text), &values[i]))
            return "a member of the key isn't base64url, or too long";
    }
    key->is_private = private_found > 0;
    return private_found == 0 || private_found == private_count ? NULL
                                                                : "a private member of the key is missing";
}

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        fatal("out of memory");
    return copy;
}

static struct jwk *make(const struct key_family *family)
{
    struct jwk *key = calloc(1, sizeof(*key));
    if (!key || !(key->prepared = calloc(2, sizeof(*key->prepared))) ||
        !(key->digest_context = EVP_MD_CTX_new()))
        fatal("out of memory");
    key->family = family;
    key->may_sign = key->may_verify = true;
    return key;
}

static const char *read_key(struct jwk *key, const struct json *object, struct arena *arena)
{
    struct bytes values[KEY_MAX_MEMBERS] = { { NULL, 0 } };
    key->kid = copy_text(json_member_text(object, "kid"));
    key->alg = copy_text(json_member_text(object, "alg"));
    key->use = copy_text(json_member_text(object, "use"));
    if (!read_operations(key, json_member(object, "key_ops")))
        return "key_ops has something twice or no string";
    const char *wrong = read_curve(key, object);
    if (!wrong)
        wrong = read_values(key, object, arena, values);
    if (!wrong && key->family == &family_oct && !key->is_private)
        wrong = "a member of the key is missing";
    return wrong ? wrong : key->family->build(key, values);
}

struct jwk *jwk_parse(const struct json *object, const char **error_out)
{
    const char *wrong = json_kind(object) == JSON_OBJECT ? NULL : "a key must be an object";
    json_each(object, check_member, &wrong);
    const struct key_family *family = key_family_find(json_member_text(object, "kty"));
    if (!wrong && !family)
        wrong = "the key's type isn't known";
    *error_out = wrong;
    if (wrong)
        return NULL;
    struct jwk *key = make(family);
    struct arena *arena = arena_make(SCRATCH);
    *error_out = read_key(key, object, arena);
    arena_destroy(arena);
    if (!*error_out)
        return key;
    ERR_clear_error();
    jwk_free(key);
    return NULL;
}

struct jwk *jwk_generate(const char *alg_name, const char *kid)
{
    const struct alg *alg = alg_find(alg_name);
    if (!alg)
        bug("no algorithm %s", alg_name);
    struct jwk *key = make(alg->family);
    key->kid = copy_text(kid);
    key->alg = copy_text(alg->name);
    key->use = copy_text("sig");
    key->is_private = true;
    if (!alg->family->generate(key, alg))
        bug("no key for %s could be made", alg_name);
    return key;
}

void jwk_free(struct jwk *key)
{
    if (!key)
        return;
    for (size_t i = 0; i < 2; i++)
        EVP_PKEY_CTX_free(key->prepared[i].context);
    EVP_MD_CTX_free(key->digest_context);
    EVP_PKEY_free(key->pkey);
    if (key->secret)
        OPENSSL_cleanse(key->secret, key->secret_length);
    free(key->secret);
    free(key->prepared);
    free(key->kid);
    free(key->alg);
    free(key->use);
    free(key);
}

/* --- what it is --- */

const char *jwk_kty(const struct jwk *key)
{
    return key->family->kty;
}

const char *jwk_crv(const struct jwk *key)
{
    return key->crv;
}

const char *jwk_kid(const struct jwk *key)
{
    return key->kid;
}

const char *jwk_alg(const struct jwk *key)
{
    return key->alg;
}

const char *jwk_use(const struct jwk *key)
{
    return key->use;
}

bool jwk_is_private(const struct jwk *key)
{
    return key->is_private;
}

/* --- writing --- */

static const char *member_text(const struct jwk *key, const struct key_member *member, struct arena *arena)
{
    struct bytes value = key->family->value(key, member, arena);
    return base64url_encode(arena, value.data, value.length);
}

static void write_key(const struct jwk *key, struct json_writer *writer, const char *name, bool with_private)
{
    struct arena *arena = writer->text.arena;
    json_open_object(writer, name);
    json_write_text(writer, "kty", key->family->kty);
    json_write_text(writer, "use", key->use);
    json_write_text(writer, "kid", key->kid);
    json_write_text(writer, "alg", key->alg);
    json_write_text(writer, "crv", key->crv);
    for (const struct key_member *member = key->family->members; member->name; member++) {
        if (!member->is_private || with_private)
            json_write_text(writer, member->name, member_text(key, member, arena));
    }
    json_close_object(writer);
}

void jwk_write_public(const struct jwk *key, struct json_writer *writer, const char *name)
{
    write_key(key, writer, name, false);
}

const char *jwk_print_private(const struct jwk *key, struct arena *arena)
{
    struct json_writer writer = json_writer_start(arena);
    if (!key->is_private)
        bug("a public key printed as a private one");
    write_key(key, &writer, NULL, true);
    return writer.text.data;
}

static const struct key_member *find_member(const struct jwk *key, const char *name)
{
    const struct key_member *member = key->family->members;
    while (member->name && !text_equal(member->name, name))
        member++;
    if (!member->name)
        bug("%s keys have no %s", key->family->kty, name);
    return member;
}

const char *jwk_thumbprint(const struct jwk *key, struct arena *arena)
{
    unsigned char hash[32];
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    for (const char *const *name = key->family->thumbprint; *name; name++) {
        if (text_equal(*name, "kty"))
            json_write_text(&writer, "kty", key->family->kty);
        else if (text_equal(*name, "crv"))
            json_write_text(&writer, "crv", key->crv);
        else
            json_write_text(&writer, *name, member_text(key, find_member(key, *name), arena));
    }
    json_close_object(&writer);
    sha256(writer.text.data, writer.text.length, hash);
    return base64url_encode(arena, hash, sizeof(hash));
}
