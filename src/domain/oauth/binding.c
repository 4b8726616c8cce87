/* binding.c: see binding.h. */
#include "domain/oauth/binding.h"

#include "core/text.h"
#include "crypto/certificate.h"
#include "domain/oauth/client_failures.h"

#define JKT "jkt"
#define X5T "x5t#S256"

/* The names of a key in cnf and in rows. */
static const struct {
    const char *name;
    const char *prefix; /* in a row */
    size_t offset;
} keys[] = {
    { JKT, JKT ":", offsetof(struct token_binding, jkt) },
    { X5T, X5T ":", offsetof(struct token_binding, x5t) },
};

static const char *key_of(const struct token_binding *binding, size_t index)
{
    return *(const char *const *)(const void *)((const char *)binding + keys[index].offset);
}

static void set_key(struct token_binding *binding, size_t index, const char *thumbprint)
{
    *(const char **)(void *)((char *)binding + keys[index].offset) = thumbprint;
}

/* Who shows none that is good is refused by that alone; under enhanced security it's written down as well.
 * Not towards the client's lock: anybody can make a key for a proof. */
static enum outcome check_proof(struct context *context, const struct client *client,
                                struct dpop_proof *proof_out)
{
    enum outcome outcome = dpop_check(context, NULL, proof_out);
    const struct client_failure failure = {
        .client = client, .client_id = client->client_id, .way = "dpop", .reason = context->reason
    };
    if (outcome == OUTCOME_INVALID_DPOP_PROOF && client->enhanced_security)
        client_failed(context, &failure);
    return outcome;
}

enum outcome binding_of_request(struct context *context, const struct client *client,
                                struct token_binding *binding_out)
{
    struct dpop_proof proof;
    const struct certificate *certificate = context->certificate;
    *binding_out = (struct token_binding) { 0 };
    if (client->tls_client_certificate_bound_access_tokens && !certificate)
        return refuse(context, OUTCOME_INVALID_REQUEST, "the client's tokens need its certificate");
    if (certificate && (client->tls_client_certificate_bound_access_tokens || client->enhanced_security))
        binding_out->x5t = certificate->thumbprint;
    bool must_prove = client->dpop_bound_access_tokens || (client->enhanced_security && !certificate);
    if (!context->dpop.proof && !must_prove)
        return OUTCOME_OK;
    enum outcome outcome = check_proof(context, client, &proof);
    if (outcome != OUTCOME_OK)
        return outcome;
    dpop_use(context, &proof, false);
    binding_out->jkt = proof.jkt;
    return OUTCOME_OK;
}

void binding_write(struct json_writer *writer, const struct token_binding *binding)
{
    if (!binding->jkt && !binding->x5t)
        return;
    json_open_object(writer, "cnf");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        json_write_text(writer, keys[i].name, key_of(binding, i));
    json_close_object(writer);
}

struct token_binding binding_read(const struct json *claims)
{
    struct token_binding binding;
    const struct json *cnf = json_member(claims, "cnf");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        set_key(&binding, i, json_member_text(cnf, keys[i].name));
    return binding;
}

const char *binding_print(struct arena *arena, const struct token_binding *binding)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (key_of(binding, i))
            return arena_printf(arena, "%s%s", keys[i].prefix, key_of(binding, i));
    }
    return "";
}

struct token_binding binding_parse(const char *bound_to)
{
    struct token_binding binding = { 0 };
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (text_starts(bound_to, keys[i].prefix))
            set_key(&binding, i, bound_to + strlen(keys[i].prefix));
    }
    return binding;
}

bool binding_fits(const struct token_binding *binding, const char *bound_to)
{
    struct token_binding wanted = binding_parse(bound_to);
    bool fits = !*bound_to;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        fits |= key_of(&wanted, i) && text_equal(key_of(&wanted, i), key_of(binding, i));
    return fits;
}

const char *binding_for_refresh(struct context *context, const struct client *client,
                                const struct token_binding *binding)
{
    bool proves_itself = !client_is_public(client) && !client->workspace;
    return proves_itself ? "" : binding_print(context->arena, binding);
}

static enum outcome bad_token(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_TOKEN, reason);
}

enum outcome binding_check(struct context *context, const char *token, const struct token_binding *binding,
                           bool by_dpop, struct dpop_proof *proof_out)
{
    *proof_out = (struct dpop_proof) { 0 };
    if (binding->x5t && !(context->certificate && text_equal(binding->x5t, context->certificate->thumbprint)))
        return bad_token(context, "the access token is bound to another certificate");
    if (by_dpop && !binding->jkt)
        return bad_token(context, "the access token is not bound to a DPoP key");
    if (!by_dpop)
        return binding->jkt ? bad_token(context, "the access token is bound to a DPoP key") : OUTCOME_OK;
    enum outcome outcome = dpop_check(context, token, proof_out);
    if (outcome == OUTCOME_OK && !text_equal(proof_out->jkt, binding->jkt))
        return bad_token(context, "the access token is bound to another DPoP key");
    return outcome;
}
