/*
 * token.h: the token endpoint's rules (RFC 6749 §4.1.3, §4.4, §6), one file per grant and one table of
 * them. The client has been authenticated before.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_TOKEN_H
#define DOORWARD_DOMAIN_OAUTH_TOKEN_H

#include "domain/directory.h"
#include "domain/oauth/binding.h"

/* Parameters as they arrived; NULL when absent or empty. */
struct token_parameters {
    const char *grant_type, *code, *redirect_uri, *code_verifier, *refresh_token, *scope;
    bool has_code_verifier;       /* also when it was empty (T-31) */
    struct token_binding binding; /* for the grants: of the key that the request showed */
};

/* Members of the answer (RFC 6749 §5.1); NULL ones stay out. */
struct token_answer {
    const char *access_token, *id_token, *refresh_token, *scope, *token_type;
    int64_t expires_in;
};

/* Names of the grants, space separated, for discovery and registration. */
extern const char token_grant_types[];

/* Finds the grant and runs it, with what the request shows of keys (binding.h). UNSUPPORTED_GRANT_TYPE,
 * UNAUTHORIZED_CLIENT, or what the grant says. */
enum outcome token_request(struct context *context, const struct client *client,
                           const struct token_parameters *parameters, struct token_answer *answer_out);

/* The grants, each in its file. */
enum outcome code_grant(struct context *context, const struct client *client,
                        const struct token_parameters *parameters, struct token_answer *answer_out);
enum outcome refresh_grant(struct context *context, const struct client *client,
                           const struct token_parameters *parameters, struct token_answer *answer_out);
enum outcome client_grant(struct context *context, const struct client *client,
                          const struct token_parameters *parameters, struct token_answer *answer_out);

#endif
