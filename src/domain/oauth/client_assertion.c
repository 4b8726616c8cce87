/* client_assertion.c: see client_assertion.h. */
#include "domain/oauth/client_assertion.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/oauth/client_failures.h"
#include "domain/oauth/client_keys.h"
#include "domain/sealed.h"

enum {
    MAX_BYTES = 16 * 1024,
    MAX_JTI_BYTES = 256,
    LIFE_S = 3600,       /* real clients sign for an hour */
    STRONG_LIFE_S = 300, /* enhanced security */
    SKEW_S = 60,         /* of clocks: for nbf and iat */
    LIFE_SKEW_S = 30     /* and for a lifetime that is used to the full */
};

/* --- reading --- */

/* RFC 8725 §3.11: what says that it is something else isn't taken for an assertion (T-72). */
static bool type_fits(const char *typ)
{
    return !typ || text_equal_ascii_case(typ, "JWT") ||
           text_equal_ascii_case(typ, "client-authentication+jwt");
}

const char *assertion_read(struct arena *arena, const char *text, struct assertion *assertion_out)
{
    const char *error = NULL;
    struct jws *jws = &assertion_out->jws;
    *assertion_out = (struct assertion) { .claims = NULL };
    if (strlen(text) > MAX_BYTES)
        return "the assertion is too large";
    if (!jws_parse(arena, text, strlen(text), jws, &error))
        return arena_printf(arena, "the assertion is malformed: %s", error);
    if (!type_fits(jws->typ))
        return "the assertion's typ is of something else";
    assertion_out->claims = json_parse(arena, (const char *)jws->payload.data, jws->payload.length, &error);
    if (json_kind(assertion_out->claims) != JSON_OBJECT)
        return "the assertion's claims are no object";
    assertion_out->sub = json_member_text(assertion_out->claims, "sub");
    if (!assertion_out->sub)
        return "the assertion's sub is missing";
    return NULL;
}

const char *assertion_signed(struct arena *arena, const struct assertion *assertion)
{
    const struct bytes *input = assertion ? &assertion->jws.signing_input : NULL;
    return input ? arena_strndup(arena, (const char *)input->data, input->length) : NULL;
}

/* --- claims: each is told by its name, and none may be missing (T-42) --- */

static const char *check_parties(const struct assertion *assertion, const struct client *client)
{
    if (!text_equal(json_member_text(assertion->claims, "iss"), client->client_id))
        return "iss is not the client";
    return text_equal(assertion->sub, client->client_id) ? NULL : "sub is not the client";
}

static bool is_audience(const struct context *context, const struct client_proof *proof, const char *text)
{
    if (text_equal(text, context->settings->issuer))
        return true;
    /* one that is meant for an endpoint alone could be from a mix-up: enough only where less is asked */
    const char *const *url = proof->client->enhanced_security ? NULL : proof->credentials->endpoint_urls;
    for (; url && *url; url++)
        if (text_equal(text, *url))
            return true;
    return false;
}

/* The issuer or the endpoint, as a string or among strings; under enhanced security the issuer as a string
 * alone (FAPI 2.0 §5.3.2.1). */
static const char *check_audience(const struct context *context, const struct client_proof *proof)
{
    const struct json *aud = json_member(proof->parsed->claims, "aud");
    size_t count = json_count(aud), fitting = 0;
    if (json_text(aud))
        return is_audience(context, proof, json_text(aud)) ? NULL : "aud is somebody else";
    if (json_kind(aud) != JSON_ARRAY)
        return "aud is missing";
    if (proof->client->enhanced_security)
        return "aud must be a string";
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json_item(aud, i));
        if (!text)
            return "aud holds something other than strings";
        fitting += is_audience(context, proof, text);
    }
    return fitting ? NULL : "aud is somebody else";
}

/* A claim that may be missing, but not be wrong. */
static bool not_in_the_future(const struct context *context, const struct json *claims, const char *name)
{
    int64_t at;
    return !json_has_member(claims, name) ||
           (json_seconds(json_member(claims, name), &at) && at <= context->now + SKEW_S);
}

static const char *check_times(const struct context *context, const struct client_proof *proof,
                               int64_t *exp_out)
{
    const struct json *claims = proof->parsed->claims;
    int64_t life = proof->client->enhanced_security ? STRONG_LIFE_S : LIFE_S;
    if (!json_seconds(json_member(claims, "exp"), exp_out))
        return "exp is missing, or no time";
    if (*exp_out <= context->now)
        return "the assertion has expired";
    if (*exp_out > context->now + life + LIFE_SKEW_S)
        return "exp is too far ahead";
    if (!not_in_the_future(context, claims, "nbf"))
        return "nbf is in the future";
    return not_in_the_future(context, claims, "iat") ? NULL : "iat is in the future";
}

static const char *check_jti(const struct client_proof *proof, const char **jti_out)
{
    *jti_out = json_member_text(proof->parsed->claims, "jti");
    if (text_empty(*jti_out))
        return "jti is missing";
    return strlen(*jti_out) <= MAX_JTI_BYTES ? NULL : "jti is too long";
}

/* --- algorithms and signatures --- */

/* What the client's registration and its security leave of the way's algorithms (T-38). */
static const char *check_alg(const struct client_proof *proof)
{
    const char *alg = proof->parsed->jws.alg;
    const char *registered = proof->client->token_endpoint_auth_signing_alg;
    if (!text_has_word(proof->way->algs, ' ', alg))
        return "the algorithm is not one of this way";
    if (registered && !text_equal(registered, alg))
        return "the algorithm is not the registered one";
    if (proof->client->enhanced_security && !text_has_word(client_strong_algs, ' ', alg))
        return "the algorithm is not strong enough";
    return NULL;
}

static bool secret_signed(struct context *context, const struct client_secret *secret, const struct jws *jws)
{
    struct bytes plain;
    const char *error;
    if (!sealed_open(context->keyfile, context->arena, SEALED_CLIENT_SECRET, sealed_by_id(secret->id),
                     secret->sealed, &plain))
        return false;
    struct json *object = json_new_object(context->arena);
    json_put_text(object, "kty", "oct");
    json_put_text(object, "k", base64url_encode(context->arena, plain.data, plain.length));
    struct jwk *key = jwk_parse(object, &error);
    bool good = key && jws_verify(jws, key, NULL);
    jwk_free(key);
    return good;
}

static const char *signed_by_secret(struct context *context, struct client_proof *proof)
{
    const struct client *client = proof->client;
    for (size_t i = 0; i < client->secret_count; i++) {
        if (!client_secret_is_alive(context, &client->secrets[i]))
            continue;
        if (secret_signed(context, &client->secrets[i], &proof->parsed->jws)) {
            proof->secret_used = i;
            return NULL;
        }
    }
    return "the signature is not by one of the client's secrets";
}

static const char *signed_by_key(struct context *context, struct client_proof *proof)
{
    return client_keys_verify(context, proof->client, &proof->parsed->jws);
}

/* --- both --- */

static void used_before(struct context *context, const void *about)
{
    client_failed(context, about);
}

/* Only what is signed well is noted, so that nobody can use up another's jti; for as long as the claims of
 * time could still pass somewhere (T-37). */
static void note(struct context *context, const struct client_proof *proof, const char *jti, int64_t exp)
{
    struct client_failure *failure = arena_alloc(context->arena, sizeof(*failure));
    *failure = (struct client_failure) { .client = proof->client,
                                         .client_id = proof->client_id,
                                         .way = proof->way->name,
                                         .reason = "the assertion has been used before",
                                         .held = proof->held,
                                         .shown = assertion_signed(context->arena, proof->parsed) };
    once_note(context, "assertion", proof->client_id, jti,
              (struct once_item) { .expires_at = exp + 2 * SKEW_S,
                                   .used = OUTCOME_INVALID_CLIENT,
                                   .reason = "client authentication failed",
                                   .on_used = used_before,
                                   .about = failure });
}

typedef const char *(*signature_fn)(struct context *context, struct client_proof *proof);

static const char *check_claims(const struct context *context, const struct client_proof *proof,
                                const char **jti_out, int64_t *exp_out)
{
    const char *wrong = check_parties(proof->parsed, proof->client);
    if (!wrong)
        wrong = check_audience(context, proof);
    if (!wrong)
        wrong = check_times(context, proof, exp_out);
    return wrong ? wrong : check_jti(proof, jti_out);
}

/* Claims first: they cost nothing. Under enhanced security wrong ones don't end it: whether they are signed
 * by the client tells whose failure it is. */
static const char *check(struct context *context, struct client_proof *proof, signature_fn check_signature)
{
    const char *jti = NULL;
    int64_t exp = 0;
    const char *wrong = check_alg(proof);
    if (wrong)
        return wrong;
    wrong = check_claims(context, proof, &jti, &exp);
    if (wrong && !proof->client->enhanced_security)
        return wrong;
    const char *forged = check_signature(context, proof);
    proof->held = !forged;
    if (wrong || forged)
        return wrong ? wrong : forged;
    note(context, proof, jti, exp);
    return NULL;
}

const char *assertion_by_key(struct context *context, struct client_proof *proof)
{
    return check(context, proof, signed_by_key);
}

const char *assertion_by_secret(struct context *context, struct client_proof *proof)
{
    return check(context, proof, signed_by_secret);
}
