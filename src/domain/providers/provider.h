/*
 * provider.h: upstream identity providers as rules see them: a row of facts of their kind (kinds.c), what the
 * installation says of each (configuration file, database), and, for an issuer, what it publishes of itself.
 * To add a kind: a row in kinds.c.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROVIDER_H
#define DOORWARD_DOMAIN_PROVIDERS_PROVIDER_H

#include "core/json.h"
#include "domain/context.h"

/* How a token is revoked. */
enum provider_revocation {
    REVOCATION_STANDARD,    /* RFC 7009 */
    REVOCATION_PERMISSIONS, /* the token itself asks to forget what the person permitted (facebook) */
    REVOCATION_APPLICATION  /* DELETE with the client's own credentials (github) */
};

/* What is known of a kind without asking. NULL: this kind has none, or each provider its own. */
struct provider_kind {
    const char *name;         /* "google" */
    const char *display_name; /* "Google" */
    const char *issuer;       /* its discovery says the endpoints; NULL: they're fixed below */
    const char *authorization_endpoint, *token_endpoint, *userinfo_endpoint, *emails_endpoint,
        *revocation_endpoint, *jwks_uri;
    const char *sign_in_scopes; /* space separated */
    /* Members of its profile: a dot leads into an object ("data.id"), of several words the first that there
     * is counts ("name login"). */
    const char *subject, *name_member, *email, *email_verified, *picture;
    const char *profile_query;                  /* of the userinfo address: "fields=id,name,email" */
    const char *parameters;                     /* for the authorization URL: "access_type=online&..." */
    const char *offline_parameters;             /* in their place where a refresh token is wanted */
    const char *adding_parameters;              /* so that what was given before stays; NULL: it can't */
    const char *offline_prompt, *offline_scope; /* beside what is asked for, then */
    const char *prompts;           /* that it takes, space separated; NULL: those of OpenID Connect */
    const char *hint_parameter;    /* what it calls login_hint; NULL: it has none */
    const char *cancel_word;       /* what it calls access_denied; NULL: that */
    const char *token_auth_method; /* NULL: client_secret_basic, or what its discovery says */
    const char *scope_aliases;     /* "theirs=ours", space separated: its own spellings in answers */
    const char *scope_prefix;      /* may stand before them in answers, whose letters' case is free then */
    const char *scope_implies;     /* "wide=narrow", space separated: what a wider scope holds too */
    const char *identity_scopes;   /* that only say who somebody is */
    char scope_separator;          /* in requests; 0: a space */
    char answer_separator;         /* in answers, beside the space */
    enum provider_revocation revocation;
    const char *exchange_grant; /* gives a token that lasts for one that doesn't (facebook); NULL: none */
    const char *permissions; /* member of the profile that lists what the token may; NULL: its answer says */
    const char *consumers_tenant; /* of a kind with tenants: the one that has all private accounts */
    bool is_oidc;                 /* ID Token, nonce, JWKS */
    bool has_pkce;
    bool vouches;       /* every address in its profile has been proven, though it doesn't say so */
    bool signs_secret;  /* the secret is a JWT that is signed with a key (apple) */
    bool proves_secret; /* appsecret_proof beside each token (facebook) */
    bool refreshes;     /* gives refresh tokens */
    bool has_tenants;   /* "{tenantid}" in the issuer stands for that of the token (microsoft) */
    bool accumulates;   /* each token can do all that was ever allowed (microsoft, facebook) */
};

const struct provider_kind *provider_kind_find(const char *name);
/* All of them, by index; NULL behind the last. */
const struct provider_kind *provider_kind_at(size_t index);

/* A provider of this installation. Endpoints are filled from its metadata, its kind, or its discovery. */
struct provider {
    const char *name; /* in addresses and rows: [A-Za-z0-9._-]{1,40} */
    const struct provider_kind *kind;
    const char *display_name;
    const char *issuer, *authorization_endpoint, *token_endpoint, *userinfo_endpoint, *emails_endpoint,
        *revocation_endpoint, *jwks_uri;
    const char *excluded_tenant; /* of which nobody may come, by its discovery; NULL: there's none */
    const char *client_id;
    const char *client_secret;     /* "" for a client without one; the key (PEM) of a kind that signs it */
    const char *token_auth_method; /* client_secret_basic, client_secret_post or none */
    const char *sign_in_scopes;
    const char *team_id, *key_id; /* of a signed secret */
    bool offers_sign_in;          /* else only its tokens are used */
    bool answers_iss;             /* RFC 9207: iss must come with the answer */
    bool active;
};

/* By name; google, github and the other names of kinds in any case. NOT_FOUND when there is none or it is
 * switched off; PROVIDER_FAILED when its discovery can't be had. Valid until the request ends. */
enum outcome provider_find(struct context *context, const char *name, const struct provider **provider_out);

/* The same of one that may be switched off: for what is our own wish, not a use of it. */
enum outcome provider_find_even_off(struct context *context, const char *name,
                                    const struct provider **provider_out);

/* The active ones, by display name, without asking any of them (endpoints of discovery stay NULL). Cached: no
 * statement on a hot request. */
enum outcome provider_list(struct context *context, const struct provider *const **providers_out,
                           size_t *count_out);

/* "Google", "GITHUB": the name in small letters when it is that of a kind; any other as it is. */
const char *provider_name_canonical(struct arena *arena, const char *name);

/* Whether each word of wanted is in offered. */
bool provider_scopes_cover(const char *offered, const char *wanted);
/* The words of wanted that aren't in offered, space separated; "". */
const char *provider_scopes_missing(struct arena *arena, const char *offered, const char *wanted);

#endif
