/* received_id_token.c: see received_id_token.h. */
#include "domain/providers/received_id_token.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/jws.h"
#include "crypto/secret.h"
#include "domain/providers/issuer.h"
#include "domain/providers/provider_call.h"

/*
 * An issuer with "{tenantid}" stands for one of each tenant: that of the token, which must be a UUID, so that
 * nothing else can be written into the issuer. NULL: it can't be told.
 */
static const char *expected_issuer(struct arena *arena, const struct provider *provider,
                                   const struct json *claims, const char *issuer)
{
    static const char hole[] = "{tenantid}";
    unsigned char id[16];
    const char *at = issuer && provider->kind->has_tenants ? strstr(issuer, hole) : NULL;
    const char *tenant = json_member_text(claims, "tid");
    if (!at)
        return issuer;
    if (!tenant || !uuid_decode(tenant, id))
        return NULL;
    return arena_printf(arena, "%.*s%s%s", (int)(at - issuer), issuer, tenant, at + strlen(hole));
}

/* A string, or an array of strings. */
static bool audience_holds(const struct json *audience, const char *client_id)
{
    if (json_kind(audience) == JSON_TEXT)
        return text_equal(json_text(audience), client_id);
    bool held = false;
    for (size_t i = 0; i < json_count(audience); i++) {
        const char *one = json_text(json_item(audience, i));
        if (!one)
            return false;
        held |= text_equal(one, client_id);
    }
    return held && json_kind(audience) == JSON_ARRAY;
}

static bool has_other_audience(const struct json *audience)
{
    return json_kind(audience) == JSON_ARRAY && json_count(audience) > 1;
}

static const char *check_parties(struct context *context, const struct provider *provider,
                                 const struct json *claims, const char *key_issuer)
{
    struct arena *arena = context->arena;
    const struct json *audience = json_member(claims, "aud");
    const char *issuer = expected_issuer(arena, provider, claims, provider->issuer);
    if (!issuer || !text_equal(json_member_text(claims, "iss"), issuer))
        return "iss is another's";
    if (provider->excluded_tenant &&
        text_equal_ascii_case(json_member_text(claims, "tid"), provider->excluded_tenant))
        return "tid is one of those that are left out";
    if (key_issuer && provider->kind->has_tenants &&
        !text_equal(expected_issuer(arena, provider, claims, key_issuer), issuer))
        return "the key is another issuer's";
    if (!audience_holds(audience, provider->client_id))
        return "aud is another's";
    /* Core §3.1.3.7, 3 to 5: of several audiences, azp says for whom it was made */
    if (json_has_member(claims, "azp") && !text_equal(json_member_text(claims, "azp"), provider->client_id))
        return "azp is another's";
    if (has_other_audience(audience) && !json_has_member(claims, "azp"))
        return "several aud without azp";
    return NULL;
}

static const char *check_times(const struct context *context, const struct json *claims)
{
    int64_t expires_at, issued_at, not_before;
    if (!json_seconds(json_member(claims, "exp"), &expires_at))
        return "exp is missing";
    if (!json_seconds(json_member(claims, "iat"), &issued_at))
        return "iat is missing";
    if (expires_at <= context->now - ID_TOKEN_SKEW_S)
        return "expired";
    if (issued_at > context->now + ID_TOKEN_SKEW_S)
        return "iat is in the future";
    if (json_has_member(claims, "nbf") && (!json_seconds(json_member(claims, "nbf"), &not_before) ||
                                           not_before > context->now + ID_TOKEN_SKEW_S))
        return "nbf is in the future";
    return NULL;
}

static struct bytes bytes_of(const char *text)
{
    return (struct bytes) { (const unsigned char *)text, strlen(text) };
}

const char *received_id_token_check(struct context *context, const struct provider *provider,
                                    const struct json *claims, const char *nonce, const char *key_issuer)
{
    if (json_kind(claims) != JSON_OBJECT)
        return "the claims aren't an object";
    const char *wrong = check_parties(context, provider, claims, key_issuer);
    if (!wrong)
        wrong = check_times(context, claims);
    if (wrong)
        return wrong;
    const char *theirs = json_member_text(claims, "nonce");
    if (text_empty(nonce) || !theirs || !secret_equal(bytes_of(theirs), bytes_of(nonce)))
        return "nonce is another's";
    return text_empty(json_member_text(claims, "sub")) ? "sub is missing" : NULL;
}

enum outcome received_id_token_read(struct context *context, const struct provider *provider,
                                    const char *token, const char *nonce, const struct json **claims_out)
{
    static const char what[] = "ID Token";
    struct jws jws;
    const char *wrong, *key_issuer = NULL;
    if (!jws_parse(context->arena, token, strlen(token), &jws, &wrong))
        return provider_fail(context, provider, what, wrong);
    enum outcome outcome = issuer_verify(context, provider, &jws, &key_issuer);
    if (outcome != OUTCOME_OK)
        return outcome;
    *claims_out = json_parse(context->arena, (const char *)jws.payload.data, jws.payload.length, &wrong);
    if (*claims_out)
        wrong = received_id_token_check(context, provider, *claims_out, nonce, key_issuer);
    return *claims_out && !wrong ? OUTCOME_OK : provider_fail(context, provider, what, wrong);
}
