/* client_certificate.c: see client_certificate.h. */
#include "domain/oauth/client_certificate.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/certificate.h"

/* Whether it bears the name that the client is registered by; a registration has exactly one. */
static bool bears_the_name(const struct context *context, const struct client *client)
{
    const struct certificate *certificate = context->certificate;
    const struct {
        const char *name;
        enum certificate_name kind;
    } names[] = {
        { client->tls_client_auth_san_dns, CERTIFICATE_DNS },
        { client->tls_client_auth_san_uri, CERTIFICATE_URI },
        { client->tls_client_auth_san_ip, CERTIFICATE_IP },
        { client->tls_client_auth_san_email, CERTIFICATE_EMAIL },
    };
    if (client->tls_client_auth_subject_dn)
        return certificate_has_subject(certificate, context->arena, client->tls_client_auth_subject_dn);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].name)
            return certificate_has_name(certificate, names[i].kind, names[i].name);
    }
    return false;
}

static bool is_first_of_chain(const struct context *context, const struct json *chain)
{
    struct bytes der;
    const char *text = json_text(json_item(chain, 0));
    const struct bytes *ours = &context->certificate->der;
    return text && base64_decode(context->arena, text, strlen(text), &der) && der.length == ours->length &&
           memcmp(der.data, ours->data, der.length) == 0;
}

/* What is published with its private part is nobody's. */
static bool is_key(const struct context *context, const struct json *key)
{
    const struct json *chain = json_member(key, "x5c");
    const char *thumbprint = json_member_text(key, "x5t#S256");
    if (json_has_member(key, "d"))
        return false;
    if (chain)
        return is_first_of_chain(context, chain);
    if (thumbprint)
        return text_equal(thumbprint, context->certificate->thumbprint);
    return certificate_has_key(context->certificate, key);
}

static bool is_one_of(const struct context *context, const struct json *jwks)
{
    const struct json *keys = json_member(jwks, "keys");
    for (size_t i = 0; i < json_count(keys); i++) {
        if (is_key(context, json_item(keys, i)))
            return true;
    }
    return false;
}

static const char *is_another(const struct context *context, const struct client *client,
                              const struct json *jwks)
{
    if (!text_equal(client->token_endpoint_auth_method, TLS_CLIENT_AUTH))
        return is_one_of(context, jwks) ? NULL : "the certificate isn't one of the client's";
    if (!context->certificate_verified)
        return "the web server doesn't know who signed the certificate";
    return bears_the_name(context, client) ? NULL : "the certificate is another's";
}

bool certificate_proves(const struct context *context, const struct client *client, const struct json *jwks,
                        bool *held_out, const char **reason_out)
{
    const struct certificate *certificate = context->certificate;
    *reason_out = certificate ? is_another(context, client, jwks) : "no certificate";
    *held_out = *reason_out == NULL;
    /* said first: a web server doesn't vouch for what is out of its time either */
    if (certificate && (context->now < certificate->not_before || context->now > certificate->not_after))
        *reason_out = "the certificate isn't valid at this time";
    return *reason_out == NULL;
}
