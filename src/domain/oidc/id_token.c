/* id_token.c: see id_token.h. */
#include "domain/oidc/id_token.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "domain/keyring.h"

/* OpenID Connect Core §3.1.3.6: the left half of the hash that belongs to the signature algorithm;
 * for Ed25519 that is SHA-512. */
static const char *at_hash(struct context *context, const char *alg, const char *access_token)
{
    unsigned char hash[64];
    int bits = text_equal(alg, "EdDSA") ? 512 : 256;
    size_t length = sha2(bits, access_token, strlen(access_token), hash);
    return base64url_encode(context->arena, hash, length / 2);
}

enum outcome id_token_issue(struct context *context, const struct id_token_request *request,
                            const char **token_out)
{
    const char *alg = request->client->id_token_signed_response_alg;
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "iss", context->settings->issuer);
    json_write_text(&writer, "sub", uuid_encode(context->arena, request->user_id));
    json_write_text(&writer, "aud", request->client->client_id);
    json_write_integer(&writer, "exp", context->now + context->settings->id_token_lifetime_s);
    json_write_integer(&writer, "iat", context->now);
    json_write_integer(&writer, "auth_time", request->auth_time);
    json_write_text(&writer, "nonce", request->nonce);
    json_write_words(&writer, "amr", request->amr, ' ');
    json_write_text(&writer, "sid", uuid_encode(context->arena, request->sid));
    json_write_text(&writer, "at_hash", at_hash(context, alg, request->access_token));
    claims_write(context, &writer, request->subject, request->scope);
    json_close_object(&writer);
    return keyring_sign(context, alg, "JWT", &writer.text, token_out);
}

enum outcome id_token_read_hint(struct context *context, const char *text, struct id_token_hint *hint_out)
{
    const struct json *claims = keyring_verify(context, text, "JWT");
    /* An access token of a client alone has the same type; its token_type tells (RFC 8725 §3.12). */
    if (!claims || json_member(claims, "token_type") ||
        !text_equal(json_member_text(claims, "iss"), context->settings->issuer))
        return refuse(context, OUTCOME_INVALID_REQUEST, "id_token_hint is not one of ours");
    hint_out->sub = json_member_text(claims, "sub");
    hint_out->audience = json_member_text(claims, "aud");
    hint_out->sid = json_member_text(claims, "sid");
    if (!hint_out->sub || !hint_out->audience)
        return refuse(context, OUTCOME_INVALID_REQUEST, "id_token_hint is not one of ours");
    return OUTCOME_OK;
}
