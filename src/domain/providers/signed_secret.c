/* signed_secret.c: see signed_secret.h. */
#include "domain/providers/signed_secret.h"

#include "core/json_writer.h"
#include "crypto/jws.h"
#include "crypto/pem.h"

enum { LIFETIME_S = 5 * 60 };

const char *signed_secret_check(struct arena *arena, const char *pem)
{
    struct jwk *key = pem_read_p256(arena, pem, NULL);
    bool fine = key != NULL;
    jwk_free(key);
    return fine ? NULL : "client_secret must be the private key (PEM, P-256) that signs the secret";
}

const char *signed_secret_make(struct context *context, const struct provider *provider)
{
    struct json_writer claims = json_writer_start(context->arena);
    json_open_object(&claims, NULL);
    json_write_text(&claims, "iss", provider->team_id);
    json_write_text(&claims, "sub", provider->client_id);
    json_write_text(&claims, "aud", provider->issuer);
    json_write_integer(&claims, "iat", context->now);
    json_write_integer(&claims, "exp", context->now + LIFETIME_S);
    json_close_object(&claims);
    struct jwk *key = pem_read_p256(context->arena, provider->client_secret, provider->key_id);
    const struct bytes payload = { (const unsigned char *)claims.text.data, claims.text.length };
    const char *secret = key ? jws_sign(context->arena, key, "ES256", NULL, payload) : NULL;
    jwk_free(key);
    return secret;
}
