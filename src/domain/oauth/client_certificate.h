/*
 * client_certificate.h: whether the certificate of the connection proves that a client is who it says (RFC
 * 8705 §2). The web server has checked that the client holds its key, and handed it over;
 * context->certificate is NULL where it didn't, or where the option client_certificates is off.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_CLIENT_CERTIFICATE_H
#define DOORWARD_DOMAIN_OAUTH_CLIENT_CERTIFICATE_H

#include "core/json.h"
#include "domain/directory.h"

/* The two ways, as clients register them. */
#define TLS_CLIENT_AUTH "tls_client_auth"
#define SELF_SIGNED_TLS_CLIENT_AUTH "self_signed_tls_client_auth"

/*
 * Whether context->certificate proves the client by the way that it's registered for:
 *
 * - tls_client_auth: the web server has verified its chain, and it bears the one name that is registered;
 * - self_signed_tls_client_auth: it is one of jwks, the client's key set ({"keys": […]}, its own or what
 *   jwks_uri gave): by x5c, else by x5t#S256, else by the public key.
 *
 * jwks is looked at for the second alone. False with a reason for the log: a constant. *held_out: it's the
 * client's certificate, though it may not prove it now.
 */
bool certificate_proves(const struct context *context, const struct client *client, const struct json *jwks,
                        bool *held_out, const char **reason_out) MUST_CHECK;

#endif
