/* jws.c: see jws.h. */
#include "crypto/jws.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/algs.h"

#include <openssl/err.h>

/* --- algorithms --- */

static bool fits(const struct alg *alg, const struct jwk *key)
{
    if (alg->family != key->family || (alg->crv && !text_equal(alg->crv, key->crv)))
        return false;
    if (key->alg && !text_equal(key->alg, alg->name))
        return false;
    if (key->use && !text_equal(key->use, "sig"))
        return false;
    /* RFC 7518 §3.2: an HMAC key as long as the hash, or longer. */
    return !key->secret || key->secret_length >= (size_t)alg->bits / 8;
}

bool jws_alg_fits(const char *alg, const struct jwk *key)
{
    const struct alg *found = alg_find(alg);
    return found && fits(found, key);
}

static void list_algs(char *list, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < algs_count; i++) {
        size_t name = strlen(algs[i].name);
        if (length + name + 2 > size)
            bug("the list of algorithms has outgrown its place");
        if (length)
            list[length++] = ' ';
        memcpy(list + length, algs[i].name, name + 1);
        length += name;
    }
}

const char *jws_algs(void)
{
    static char list[128];
    if (!list[0])
        list_algs(list, sizeof(list));
    return list;
}

/* --- signing --- */

/* base64url(header) "." base64url(payload) */
static struct strbuf signing_input(struct arena *arena, const struct jwk *key, const struct alg *alg,
                                   const char *typ, struct bytes payload)
{
    struct json_writer header = json_writer_start(arena);
    json_open_object(&header, NULL);
    json_write_text(&header, "alg", alg->name);
    json_write_text(&header, "typ", typ);
    json_write_text(&header, "kid", key->kid);
    json_close_object(&header);
    struct strbuf input = strbuf_start(arena);
    strbuf_reserve(&input, (header.text.length + payload.length) / 3 * 4 + 800);
    strbuf_add_text(&input, base64url_encode(arena, header.text.data, header.text.length));
    strbuf_add_char(&input, '.');
    strbuf_add_text(&input, base64url_encode(arena, payload.data, payload.length));
    return input;
}

const char *jws_sign(struct arena *arena, const struct jwk *key, const char *alg_name, const char *typ,
                     struct bytes payload)
{
    const struct alg *alg = alg_find(alg_name);
    struct bytes signature;
    if (!alg || !fits(alg, key) || !key->is_private || !key->may_sign)
        return NULL;
    struct strbuf text = signing_input(arena, key, alg, typ, payload);
    struct bytes input = { (const unsigned char *)text.data, text.length };
    if (!alg->sign(alg, key, arena, input, &signature)) {
        ERR_clear_error();
        return NULL;
    }
    strbuf_add_char(&text, '.');
    strbuf_add_text(&text, base64url_encode(arena, signature.data, signature.length));
    return text.data;
}

/* --- reading --- */

/* Larger than any token of ours or of a client's, and small enough for every arena. */
enum { MAX_TEXT = 64 * 1024 };

/*
 * Header parameters that we look at. Nothing that changes how the rest is to be read is taken: "crit"
 * (RFC 7515 §4.1.11), "b64" (RFC 7797), and "zip" (T-43).
 */
static const struct {
    const char *name;
    bool refused;
} parameters[] = {
    { .name = "alg" },
    { .name = "kid" },
    { .name = "typ" },
    { .name = "crit", .refused = true },
    { .name = "b64", .refused = true },
    { .name = "zip", .refused = true },
};

static void check_parameter(const char *name, struct json *member, void *context)
{
    const char **error = context;
    for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
        if (!text_equal(parameters[i].name, name))
            continue;
        if (parameters[i].refused)
            *error = "the header asks for something that isn't supported";
        else if (json_kind(member) != JSON_TEXT)
            *error = "a header parameter isn't a string";
    }
}

static const char *read_header(struct arena *arena, struct bytes header, struct jws *jws)
{
    const char *error = NULL;
    jws->header = json_parse(arena, (const char *)header.data, header.length, &error);
    if (!jws->header)
        return error;
    if (json_kind(jws->header) != JSON_OBJECT)
        return "the header isn't an object";
    json_each(jws->header, check_parameter, &error);
    jws->alg = json_member_text(jws->header, "alg");
    jws->kid = json_member_text(jws->header, "kid");
    jws->typ = json_member_text(jws->header, "typ");
    if (!error && !alg_find(jws->alg))
        error = "the algorithm isn't known";
    return error;
}

bool jws_parse(struct arena *arena, const char *text, size_t length, struct jws *jws_out,
               const char **error_out)
{
    struct bytes header;
    *jws_out = (struct jws) { .header = NULL };
    *error_out = "not three parts of base64url";
    if (length > MAX_TEXT || length < 2)
        return false;
    const char *end = text + length, *first = memchr(text, '.', length);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || !base64url_decode(arena, text, (size_t)(first - text), &header) ||
        !base64url_decode(arena, first + 1, (size_t)(second - first - 1), &jws_out->payload) ||
        !base64url_decode(arena, second + 1, (size_t)(end - second - 1), &jws_out->signature))
        return false;
    jws_out->signing_input = (struct bytes) { (const unsigned char *)text, (size_t)(second - text) };
    *error_out = read_header(arena, header, jws_out);
    return *error_out == NULL;
}

bool jws_verify(const struct jws *jws, const struct jwk *key, const char *allowed_algs)
{
    const struct alg *alg = alg_find(jws->alg);
    if (!alg || !fits(alg, key) || !key->may_verify)
        return false;
    if (allowed_algs && !text_has_word(allowed_algs, ' ', alg->name))
        return false;
    bool good = alg->verify(alg, key, jws->signing_input, jws->signature);
    if (!good)
        ERR_clear_error();
    return good;
}
