/* client_auth.c: see client_auth.h. The table of the ways is in the middle: above it how each is checked,
 * below it the rule. */
#include "domain/oauth/client_auth.h"

#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "domain/oauth/client_assertion.h"
#include "domain/oauth/client_certificate.h"
#include "domain/oauth/client_failures.h"
#include "domain/oauth/client_keys.h"
#include "domain/oauth/client_use.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* --- checks --- */

/* Each valid secret is compared, so that time does not tell which one it was. */
static const char *by_secret(struct context *context, struct client_proof *proof)
{
    const struct client *client = proof->client;
    unsigned char hash[32];
    bool right = false;
    if (text_empty(proof->secret))
        return "an empty secret";
    sha256_text(proof->secret, hash);
    for (size_t i = 0; i < client->secret_count; i++) {
        const struct client_secret *known = &client->secrets[i];
        bool fits = secret_equal_hash(hash, known->hash) && client_secret_is_alive(context, known);
        right |= fits;
        proof->secret_used = fits ? i : proof->secret_used;
    }
    return right ? NULL : "wrong secret";
}

static const char *by_chain(struct context *context, struct client_proof *proof)
{
    const char *wrong;
    return certificate_proves(context, proof->client, NULL, &proof->held, &wrong) ? NULL : wrong;
}

/* A certificate that isn't among the keys of a jwks_uri has them fetched anew, as an unknown kid has. */
static const char *by_own_certificate(struct context *context, struct client_proof *proof)
{
    const char *wrong, *error;
    const struct json *jwks =
        context->certificate ? client_keys_set(context, proof->client, false, &error) : NULL;
    if (context->certificate && !jwks)
        return error;
    if (certificate_proves(context, proof->client, jwks, &proof->held, &wrong))
        return NULL;
    if (proof->held)
        return wrong;
    jwks = context->certificate ? client_keys_set(context, proof->client, true, &error) : NULL;
    return jwks && certificate_proves(context, proof->client, jwks, &proof->held, &wrong) ? NULL : wrong;
}

/* A public client has nothing to prove; who it says it is, is bound by its redirect URIs and PKCE. */
static const char *by_nothing(struct context *context, struct client_proof *proof)
{
    (void)context;
    (void)proof;
    return NULL;
}

/* --- the ways --- */

#define SECRET_ALGS "HS256 HS384 HS512"
#define KEY_ALGS "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519"

static const struct client_way ways[] = {
    { .name = "client_secret_basic", .shown = SHOWN_BASIC, .needs = NEEDS_SECRET, .check = by_secret },
    { .name = "client_secret_post", .shown = SHOWN_BODY_SECRET, .needs = NEEDS_SECRET, .check = by_secret },
    { .name = "client_secret_jwt",
      .shown = SHOWN_ASSERTION,
      .needs = NEEDS_SECRET,
      .algs = SECRET_ALGS,
      .check = assertion_by_secret },
    { .name = "private_key_jwt",
      .shown = SHOWN_ASSERTION,
      .needs = NEEDS_KEYS,
      .algs = KEY_ALGS,
      .strong = true,
      .check = assertion_by_key },
    { .name = TLS_CLIENT_AUTH,
      .shown = SHOWN_ID_ALONE,
      .needs = NEEDS_SUBJECT,
      .strong = true,
      .check = by_chain },
    { .name = SELF_SIGNED_TLS_CLIENT_AUTH,
      .shown = SHOWN_ID_ALONE,
      .needs = NEEDS_KEYS,
      .strong = true,
      .check = by_own_certificate },
    { .name = "none", .shown = SHOWN_ID_ALONE, .needs = NEEDS_NOTHING, .check = by_nothing },
};

/* The same in words; test_client_ways holds them against the table. */
const char client_way_proving_names[] = "client_secret_basic client_secret_post client_secret_jwt "
                                        "private_key_jwt " TLS_CLIENT_AUTH " " SELF_SIGNED_TLS_CLIENT_AUTH;
const char client_way_names[] = "client_secret_basic client_secret_post client_secret_jwt "
                                "private_key_jwt " TLS_CLIENT_AUTH " " SELF_SIGNED_TLS_CLIENT_AUTH " none";
const char client_way_algs[] = KEY_ALGS " " SECRET_ALGS;
const char client_strong_algs[] = "PS256 ES256 EdDSA Ed25519";

const struct client_way *client_way_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
        if (text_equal(ways[i].name, name))
            return &ways[i];
    return NULL;
}

/* A client whose registration names no way may use either way of sending its secret. */
static const struct client_way *way_of(const struct client *client, enum way_shown shown)
{
    const char *name = client->token_endpoint_auth_method;
    if (!name && shown <= SHOWN_BODY_SECRET)
        name = shown == SHOWN_BASIC ? "client_secret_basic" : "client_secret_post";
    return client_way_find(name);
}

/* --- what a request shows --- */

static const char *const shown_names[WAYS_SHOWN] = {
    [SHOWN_BASIC] = "client_secret_basic",
    [SHOWN_BODY_SECRET] = "client_secret_post",
    [SHOWN_ASSERTION] = "assertion",
    [SHOWN_ID_ALONE] = "none",
};

static enum outcome bad_request(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

/* RFC 6749 §2.3: at most one. A field without a value has come as well (T-35). */
static enum outcome check_fields(struct context *context, const struct client_credentials *credentials)
{
    bool assertion = credentials->has_assertion;
    if ((credentials->basic_id != NULL) + credentials->has_secret + assertion > 1)
        return bad_request(context, "more than one way of client authentication");
    if (credentials->basic_id && credentials->body_id &&
        !text_equal(credentials->basic_id, credentials->body_id))
        return bad_request(context, "client_id differs from the Authorization header");
    if (assertion && (!credentials->assertion || !credentials->assertion_type))
        return bad_request(context, "client_assertion and client_assertion_type need each other");
    return OUTCOME_OK;
}

static enum way_shown shown_by(const struct client_credentials *credentials)
{
    if (credentials->basic_id)
        return SHOWN_BASIC;
    if (credentials->has_secret)
        return SHOWN_BODY_SECRET;
    return credentials->has_assertion ? SHOWN_ASSERTION : SHOWN_ID_ALONE;
}

/* Whose proof it is said to be. NULL reason, or why that can't be told. */
static const char *read_proof(struct context *context, enum way_shown shown, struct client_proof *proof)
{
    const struct client_credentials *credentials = proof->credentials;
    proof->client_id = shown == SHOWN_BASIC ? credentials->basic_id : credentials->body_id;
    proof->secret = shown == SHOWN_BASIC ? credentials->basic_secret : credentials->body_secret;
    if (shown != SHOWN_ASSERTION)
        return text_empty(proof->client_id) ? "client authentication is required" : NULL;
    if (!text_equal(credentials->assertion_type, ASSERTION_TYPE))
        return "client_assertion_type is not one that is taken here";
    struct assertion *parsed = arena_alloc(context->arena, sizeof(*parsed));
    const char *wrong = assertion_read(context->arena, credentials->assertion, parsed);
    if (wrong)
        return wrong;
    if (credentials->body_id && !text_equal(credentials->body_id, parsed->sub))
        return "client_id is not the assertion's sub";
    proof->client_id = parsed->sub;
    proof->parsed = parsed;
    return NULL;
}

/* --- the rule --- */

/* NULL, or why the client can't be taken for who it says it is. */
static const char *check_proof(struct context *context, enum way_shown shown, struct client_proof *proof)
{
    const struct client *client = proof->client;
    if (!client->active)
        return "disabled client";
    if (client->locked)
        return "locked client";
    const struct client_way *way = way_of(client, shown);
    if (!way || way->shown != shown)
        return "registered for another way";
    proof->way = way;
    if (client->enhanced_security && !proof->way->strong)
        return "the registered way is not enough for enhanced security";
    return proof->way->check(context, proof);
}

static enum outcome refused(struct context *context, enum way_shown shown, const struct client_proof *proof,
                            const char *reason)
{
    const struct client_failure failure = { .client = proof->client,
                                            .client_id = proof->client_id,
                                            .way = proof->way ? proof->way->name : shown_names[shown],
                                            .reason = reason,
                                            .held = proof->held,
                                            .shown = assertion_signed(context->arena, proof->parsed) };
    client_failed(context, &failure);
    return refuse(context, OUTCOME_INVALID_CLIENT, "client authentication failed");
}

/* An unknown client and a wrong proof are told apart in the log alone. */
static enum outcome find_client(struct context *context, enum way_shown shown, struct client_proof *proof)
{
    enum outcome found = directory_client(context, proof->client_id, &proof->client);
    if (found != OUTCOME_OK && found != OUTCOME_INVALID_CLIENT)
        return found;
    enum outcome outcome = client_failures_check(context, proof->client_id, proof->client);
    if (outcome != OUTCOME_OK || found == OUTCOME_OK)
        return outcome;
    return refused(context, shown, proof, "unknown client");
}

static enum outcome prove(struct context *context, enum way_shown shown, struct client_proof *proof)
{
    const char *wrong = check_proof(context, shown, proof);
    if (wrong)
        return refused(context, shown, proof, wrong);
    if (client_may_come_from_here(context, proof->client))
        return OUTCOME_OK;
    (void)refused(context, shown, proof, "an address that it may not come from");
    return refuse(context, OUTCOME_FORBIDDEN, "the client must not be used from this address");
}

enum outcome client_authenticate(struct context *context, const struct client_credentials *credentials,
                                 const struct client **client_out)
{
    struct client_proof proof = { .credentials = credentials };
    enum outcome outcome = check_fields(context, credentials);
    if (outcome != OUTCOME_OK)
        return outcome;
    enum way_shown shown = shown_by(credentials);
    const char *wrong = read_proof(context, shown, &proof);
    if (wrong && !proof.client_id)
        return refuse(context, OUTCOME_INVALID_CLIENT, wrong);
    outcome = find_client(context, shown, &proof);
    if (outcome == OUTCOME_OK)
        outcome = wrong ? refused(context, shown, &proof, wrong) : prove(context, shown, &proof);
    if (outcome != OUTCOME_OK)
        return outcome;
    client_note_use(context, &proof);
    *client_out = proof.client;
    return OUTCOME_OK;
}
