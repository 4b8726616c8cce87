/* dpop.c: see dpop.h. A nonce is a time and a MAC over it: nothing is stored, and all machines know it. */
#include "domain/oauth/dpop.h"

#include "core/encode.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/digest.h"
#include "crypto/jws.h"
#include "domain/directory.h"

/* Asymmetric ones alone (RFC 9449 §4.2), and no RS256 and its like, which are on their way out. */
const char dpop_algs[] = "ES256 ES384 ES512 PS256 PS384 PS512 EdDSA Ed25519";

enum {
    MAX_PROOF = 4096, /* holds an RSA key of 8192 bits; larger ones are slow to verify with */
    MAX_AGE_S = 120,
    SKEW_S = 60, /* of the client's clock; of other machines' */
    NONCE_TIME = 8,
    NONCE_MAC = 16,
    NONCE_STEPS = 4 /* in a nonce's life, at each of which there's a new one */
};

static const char nonce_purpose[] = "dpop-nonce";

struct reading {
    struct context *context;
    const char *access_token;
    struct jws jws;
    const struct json *claims;
    struct dpop_proof *proof;
};

static enum outcome bad_proof(struct reading *reading, const char *reason)
{
    return refuse(reading->context,
                  reading->access_token ? OUTCOME_INVALID_TOKEN_PROOF : OUTCOME_INVALID_DPOP_PROOF, reason);
}

/* --- nonces --- */

static int64_t nonce_time(const struct context *context)
{
    int64_t step = context->settings->dpop_nonce_lifetime_s / NONCE_STEPS;
    return step > 1 ? context->now - context->now % step : context->now;
}

static const char *make_nonce(const struct context *context)
{
    unsigned char nonce[NONCE_TIME + NONCE_MAC];
    uint64_t time = (uint64_t)nonce_time(context);
    for (size_t i = 0; i < NONCE_TIME; i++)
        nonce[i] = (unsigned char)(time >> (8 * (NONCE_TIME - 1 - i)));
    keyfile_sign(context->keyfile, nonce_purpose, nonce, NONCE_TIME, nonce + NONCE_TIME, NONCE_MAC);
    return base64url_encode(context->arena, nonce, sizeof(nonce));
}

/* When a nonce of ours was made; false for another's, and for one whose time is over. */
static bool read_nonce(const struct context *context, const char *text, int64_t *made_at_out)
{
    struct bytes nonce;
    uint64_t time = 0;
    if (!text || !base64url_decode(context->arena, text, strlen(text), &nonce) ||
        nonce.length != NONCE_TIME + NONCE_MAC ||
        !keyfile_verify(context->keyfile, nonce_purpose, nonce.data, NONCE_TIME, nonce.data + NONCE_TIME,
                        NONCE_MAC))
        return false;
    for (size_t i = 0; i < NONCE_TIME; i++)
        time = time << 8 | nonce.data[i];
    *made_at_out = (int64_t)time;
    return *made_at_out <= context->now + SKEW_S &&
           context->now < *made_at_out + context->settings->dpop_nonce_lifetime_s;
}

/* RFC 9449 §8: who has none, or an old one, is told the present one; who has last step's as well. */
static enum outcome check_nonce(struct reading *reading)
{
    struct context *context = reading->context;
    int64_t made_at = -1;
    bool fine = read_nonce(context, json_member_text(reading->claims, "nonce"), &made_at);
    if (made_at != nonce_time(context))
        context->dpop_nonce = make_nonce(context);
    if (!fine)
        return refuse(context, reading->access_token ? OUTCOME_USE_TOKEN_NONCE : OUTCOME_USE_DPOP_NONCE,
                      "the proof must hold the nonce of the header DPoP-Nonce");
    reading->proof->expires_at = made_at + context->settings->dpop_nonce_lifetime_s + SKEW_S;
    return OUTCOME_OK;
}

/* --- what a proof must be, in the order of RFC 9449 §4.3 --- */

static enum outcome read_proof(struct reading *reading)
{
    const struct dpop_request *request = &reading->context->dpop;
    const char *error;
    if (!request->proof)
        return bad_proof(reading, "a DPoP proof is required");
    if (request->repeated)
        return bad_proof(reading, "there is more than one DPoP proof");
    if (strlen(request->proof) > MAX_PROOF)
        return bad_proof(reading, "the proof is too long");
    if (!jws_parse(reading->context->arena, request->proof, strlen(request->proof), &reading->jws, &error))
        return bad_proof(reading, "the proof is no JWT that is taken here");
    if (!text_equal(reading->jws.typ, "dpop+jwt"))
        return bad_proof(reading, "the proof's typ must be dpop+jwt");
    if (!text_has_word(dpop_algs, ' ', reading->jws.alg))
        return bad_proof(reading, "the proof's alg is not taken here");
    reading->claims = json_parse(reading->context->arena, (const char *)reading->jws.payload.data,
                                 reading->jws.payload.length, &error);
    return reading->claims ? OUTCOME_OK : bad_proof(reading, "the proof holds no claims");
}

static enum outcome check_signature(struct reading *reading)
{
    const char *error;
    struct jwk *key = jwk_parse(json_member(reading->jws.header, "jwk"), &error);
    if (!key)
        return bad_proof(reading, "the proof's jwk is no key that is taken here");
    bool public = !jwk_is_private(key);
    bool signed_by_it = public && jws_verify(&reading->jws, key, dpop_algs);
    reading->proof->jkt = jwk_thumbprint(key, reading->context->arena);
    jwk_free(key);
    if (!public)
        return bad_proof(reading, "the proof's jwk must be a public key");
    return signed_by_it ? OUTCOME_OK : bad_proof(reading, "the proof's signature is wrong");
}

static enum outcome check_name_and_method(struct reading *reading)
{
    reading->proof->jti = json_member_text(reading->claims, "jti");
    if (text_empty(reading->proof->jti))
        return bad_proof(reading, "the proof has no jti");
    if (!text_equal(json_member_text(reading->claims, "htm"), reading->context->dpop.method))
        return bad_proof(reading, "the proof's htm is another method");
    return OUTCOME_OK;
}

/* Scheme and host have no case (RFC 3986 §6.2.2.1), and here alone they may be spelt so. */
static bool read_htu(struct arena *arena, const char *htu, struct uri *uri_out)
{
    const char *authority = htu ? strstr(htu, "://") : NULL;
    if (!authority)
        return false;
    size_t length = (size_t)(authority - htu) + 3 + strcspn(authority + 3, "/?#");
    const char *lower = text_lower(arena, arena_strndup(arena, htu, length));
    return uri_parse(arena, arena_printf(arena, "%s%s", lower, htu + length), uri_out) &&
           !uri_out->has_userinfo;
}

static bool is_origin_of(struct arena *arena, const char *url, const struct uri *uri)
{
    struct uri ours;
    return *url && uri_parse(arena, url, &ours) &&
           text_equal(uri_origin(arena, &ours), uri_origin(arena, uri));
}

/* The hosts that we know from our own settings, and never the one that the request names. */
static enum outcome is_our_origin(struct context *context, const struct uri *uri, bool *ours_out)
{
    const struct workspace_place *places;
    size_t count;
    *ours_out = is_origin_of(context->arena, context->settings->issuer, uri) ||
                is_origin_of(context->arena, context->settings->mtls_url, uri);
    if (*ours_out)
        return OUTCOME_OK;
    enum outcome outcome = directory_workspaces(context, &places, &count);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++)
        *ours_out |=
            places[i].host && text_equal(uri->scheme, "https") && text_equal(places[i].host, uri->host);
    return outcome;
}

/* htu is the address of this request, whatever its query and fragment. */
static bool is_our_path(struct context *context, const struct uri *uri)
{
    struct uri issuer;
    char *path;
    return uri_parse(context->arena, context->settings->issuer, &issuer) &&
           percent_decode(context->arena, uri->path, strlen(uri->path), false, &path) &&
           text_equal(path, arena_printf(context->arena, "%s%s", issuer.path, context->dpop.path));
}

static enum outcome check_address(struct reading *reading)
{
    struct context *context = reading->context;
    struct uri uri;
    bool ours = false;
    if (!read_htu(context->arena, json_member_text(reading->claims, "htu"), &uri))
        return bad_proof(reading, "the proof's htu is no address");
    enum outcome outcome = is_our_path(context, &uri) ? is_our_origin(context, &uri, &ours) : OUTCOME_OK;
    if (outcome != OUTCOME_OK)
        return outcome;
    return ours ? OUTCOME_OK : bad_proof(reading, "the proof's htu is another address");
}

/* A time that may be left out, and then holds. */
static bool read_time(const struct json *claims, const char *name, int64_t otherwise, int64_t *time_out)
{
    *time_out = otherwise;
    return !json_has_member(claims, name) || json_seconds(json_member(claims, name), time_out);
}

/* With a nonce our own clock says when the proof was made, and the client's doesn't matter (§11.1). */
static enum outcome check_time(struct reading *reading)
{
    int64_t now = reading->context->now, made_at, not_before, expires_at;
    if (!json_seconds(json_member(reading->claims, "iat"), &made_at))
        return bad_proof(reading, "the proof has no iat");
    if (!read_time(reading->claims, "nbf", now, &not_before) ||
        !read_time(reading->claims, "exp", INT64_MAX, &expires_at) || not_before > now + SKEW_S ||
        expires_at < now - SKEW_S)
        return bad_proof(reading, "the proof's time is over, or hasn't come");
    if (reading->context->settings->dpop_nonce_lifetime_s)
        return check_nonce(reading);
    if (made_at > now + SKEW_S || made_at < now - MAX_AGE_S)
        return bad_proof(reading, "the proof was not made just now");
    reading->proof->expires_at = made_at + MAX_AGE_S + SKEW_S;
    return OUTCOME_OK;
}

static enum outcome check_token(struct reading *reading)
{
    unsigned char hash[32];
    if (!reading->access_token)
        return OUTCOME_OK;
    sha256_text(reading->access_token, hash);
    const char *wanted = base64url_encode(reading->context->arena, hash, sizeof(hash));
    if (!text_equal(json_member_text(reading->claims, "ath"), wanted))
        return bad_proof(reading, "the proof's ath is not of this token");
    return OUTCOME_OK;
}

/* The signature, which costs the most, behind what is cheap; times and nonce behind it, so that nobody
 * learns of those by a proof that is none. */
static enum outcome (*const checks[])(struct reading *reading) = {
    read_proof, check_name_and_method, check_address, check_token, check_signature, check_time,
};

enum outcome dpop_check(struct context *context, const char *access_token, struct dpop_proof *proof_out)
{
    struct reading reading = { .context = context, .access_token = access_token, .proof = proof_out };
    enum outcome outcome = OUTCOME_OK;
    *proof_out = (struct dpop_proof) { 0 };
    for (size_t i = 0; outcome == OUTCOME_OK && i < ARRAY_SIZE(checks); i++)
        outcome = checks[i](&reading);
    return outcome;
}

void dpop_use(struct context *context, const struct dpop_proof *proof, bool at_resource)
{
    once_note(context, "proof", proof->jkt, proof->jti,
              (struct once_item) {
                  .expires_at = proof->expires_at,
                  .used = at_resource ? OUTCOME_INVALID_TOKEN_PROOF : OUTCOME_INVALID_DPOP_PROOF,
                  .reason = "the proof has been used before",
              });
}

bool dpop_is_thumbprint(struct arena *arena, const char *text)
{
    struct bytes hash;
    return base64url_decode(arena, text, strlen(text), &hash) && hash.length == 32;
}
