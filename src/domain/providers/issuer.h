/*
 * issuer.h: what an issuer publishes of itself: its endpoints (OpenID Connect Discovery, RFC 8414) and its
 * keys. Both are kept by net/outgoing.h.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_ISSUER_H
#define DOORWARD_DOMAIN_PROVIDERS_ISSUER_H

#include "crypto/jws.h"
#include "domain/providers/provider.h"

/* Fills in what the provider doesn't say of itself. PROVIDER_FAILED when the document can't be had, isn't of
 * this issuer, or lacks what is needed. */
enum outcome issuer_discover(struct context *context, struct provider *provider);

/* The same from a document that is there; NULL, or what is wrong with it. */
const char *issuer_read(struct context *context, const struct json *document, struct provider *provider);

/*
 * Whether the token is signed by a key of the issuer: with an asymmetric algorithm that the key is for. A kid
 * that isn't known has the keys fetched once more, all within the talk's time (provider_talk_until()), so
 * that a slow provider costs its visitor this request, and not us the worker. *key_issuer_out: whose the key
 * says it is; NULL: it doesn't. PROVIDER_FAILED when not, or when the keys can't be had.
 */
enum outcome issuer_verify(struct context *context, const struct provider *provider, const struct jws *jws,
                           const char **key_issuer_out);

/* The same with keys that are there. *known_out: whether one of them has the token's kid. */
bool issuer_keys_verify(struct arena *arena, const struct json *keys, const struct jws *jws, bool *known_out,
                        const char **key_issuer_out) MUST_CHECK;

#endif
