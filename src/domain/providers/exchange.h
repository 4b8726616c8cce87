/*
 * exchange.h: the talk with a provider: the address that people are sent to, the code for tokens, the
 * profile, refresh, revocation. All quirks of kinds end here. Nothing of it may be logged but outcomes and
 * error words.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_EXCHANGE_H
#define DOORWARD_DOMAIN_PROVIDERS_EXCHANGE_H

#include "domain/providers/provider.h"

struct provider_authorization {
    const char *redirect_uri; /* our callback */
    const char *state, *nonce;
    const char *code_verifier; /* its S256 challenge is sent where the kind has PKCE */
    const char *scopes;        /* space separated */
    const char *login_hint;    /* NULL: none */
    const char *prompt;        /* NULL: none */
    bool offline;              /* a refresh token is wanted */
    bool adding;               /* beside what was given before, where the kind can add */
};

const char *provider_authorization_url(struct context *context, const struct provider *provider,
                                       const struct provider_authorization *authorization);

struct provider_tokens {
    const char *access_token;
    const char *refresh_token; /* NULL: none came, the old one stays good */
    const char *scopes; /* space separated, whatever the provider's own separator; those that were asked for
                         * when it didn't say */
    int64_t expires_at; /* seconds UTC; 0: never, or it didn't say */
};

/* Who somebody is at the provider. */
struct provider_identity {
    const char *subject;
    const char *email;  /* NULL: it didn't say */
    bool email_vouched; /* it has proven that the address is this person's */
    const char *name;   /* "" for none */
    int64_t auth_time;  /* 0: it didn't say */
};

/*
 * The code for tokens, then the profile (ID Token, userinfo, address call). ID Tokens are checked as OpenID
 * Connect Core 3.1.3.7 has it: signature, iss, aud, azp, exp, iat, nonce. PROVIDER_REFUSED when the provider
 * says no (a code that was used), with its error word as the reason; PROVIDER_FAILED when it is slow, broken,
 * or says what can't be true.
 */
struct provider_code {
    const char *code, *redirect_uri, *code_verifier, *nonce;
    const char *scopes; /* that were asked for */
    const char *user;   /* what came beside the code about the person (apple), JSON; NULL: nothing */
    bool lasting; /* the token is to be kept: it is exchanged for one that lasts, where that is to be had */
};
enum outcome provider_redeem(struct context *context, const struct provider *provider,
                             const struct provider_code *code, struct provider_tokens *tokens_out,
                             struct provider_identity *identity_out);

/* PROVIDER_REFUSED: the refresh token is worth nothing any more, or what came for it is somebody else's.
 * PROVIDER_FAILED: try again later, by tokens_out->refresh_token if one came beside what can't be used. */
struct provider_refreshing {
    const char *token;
    const char *subject; /* whose it is; NULL: anybody's */
    const char *scopes;  /* that the account has */
};
enum outcome provider_refresh(struct context *context, const struct provider *provider,
                              const struct provider_refreshing *refreshing,
                              struct provider_tokens *tokens_out);

/* Where the provider can (RFC 7009, or its own way); OK also where it can't. */
enum outcome provider_revoke(struct context *context, const struct provider *provider, const char *token);

#endif
