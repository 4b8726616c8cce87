/*
 * binding.h: tokens that are good only with proof of a key: a DPoP key (RFC 9449) or that of the connection's
 * certificate (RFC 8705 §3). What a token is bound to is its cnf claim; what an authorization's code or
 * refresh tokens are bound to stands in its row.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_BINDING_H
#define DOORWARD_DOMAIN_OAUTH_BINDING_H

#include "core/json_writer.h"
#include "domain/directory.h"
#include "domain/oauth/dpop.h"

/* Thumbprints; NULL: not bound so. */
struct token_binding {
    const char *jkt; /* of a DPoP key */
    const char *x5t; /* of a certificate */
};

/*
 * What the tokens that this request asks for will be bound to: the key of its DPoP proof, whoever sends one,
 * and the certificate where the client is registered for that; under enhanced security one of the two.
 * INVALID_DPOP_PROOF, USE_DPOP_NONCE, or INVALID_REQUEST when the client's tokens must be bound and there's
 * no certificate. A good proof is used.
 */
enum outcome binding_of_request(struct context *context, const struct client *client,
                                struct token_binding *binding_out);

/* The cnf member (RFC 7800 §3); nothing for a token that isn't bound. */
void binding_write(struct json_writer *writer, const struct token_binding *binding);

/* cnf of a token's claims. */
struct token_binding binding_read(const struct json *claims);

/* A row's words for a binding ("jkt:…", "x5t#S256:…", "" for none), and back. */
const char *binding_print(struct arena *arena, const struct token_binding *binding);
struct token_binding binding_parse(const char *bound_to);

/* Whether this request shows the key that a row is bound to; true of a row that is bound to none. */
bool binding_fits(const struct token_binding *binding, const char *bound_to);

/* What the client's refresh tokens are bound to: nothing, where it proves who it is with each anyway
 * (RFC 9449 §5, RFC 8705 §4); a workspace takes them from whoever brings them. */
const char *binding_for_refresh(struct context *context, const struct client *client,
                                const struct token_binding *binding);

/*
 * Whether this request may use a token that is bound so: by the scheme DPoP with a proof of its key, made for
 * it, or over a connection with its certificate. INVALID_TOKEN, or what the proof is refused with. *proof_out
 * is checked and not yet used; its jkt is NULL when the token needs none.
 */
enum outcome binding_check(struct context *context, const char *token, const struct token_binding *binding,
                           bool by_dpop, struct dpop_proof *proof_out);

#endif
