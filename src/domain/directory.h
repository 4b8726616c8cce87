/*
 * directory.h: services, clients and API keys as rules see them, cached in each process. An entry is read
 * with one statement on first use and dropped when the stored version moves: at once on the machine where the
 * change was made, within a second on the others. Bounded; what is handed out stays valid until the request
 * ends.
 */
#ifndef DOORWARD_DOMAIN_DIRECTORY_H
#define DOORWARD_DOMAIN_DIRECTORY_H

#include "domain/context.h"
#include "domain/providers/service_settings.h"
#include "domain/workspace/settings.h"

/* When a PIN is asked for behind the password, from the least strict on. */
enum pin_gate { PIN_OFF, PIN_PERIODIC, PIN_NEW_BROWSER, PIN_ALWAYS };

struct service {
    unsigned char id[16];
    const char *id_text; /* UUID */
    const char *name;
    bool active;
    enum pin_gate pin_gate;                     /* the installation's, when the service has none of its own */
    bool identifier_first;                      /* the sign-in page asks for the address first; likewise */
    const struct workspace_settings *workspace; /* NULL: it has none */
    const struct service_providers *providers;  /* how it uses providers */
};

enum { CLIENT_MAX_SECRETS = 2 }; /* valid at once: one is replaced without an outage */

struct client_secret {
    unsigned char id[16], hash[32];
    struct bytes sealed; /* SEALED_CLIENT_SECRET */
    int64_t expires_at;  /* 0: never */
};

/* When a use was last noted, as far as this process knows. */
struct client_use {
    int64_t secrets[CLIENT_MAX_SECRETS], keys;
};

/* A client in the words of RFC 7591 §2; lists are space separated. */
struct client {
    int64_t number;
    const char *client_id;
    const struct service *service;
    bool active; /* and its service is */
    const char *client_name, *client_uri, *logo_uri, *policy_uri, *tos_uri;
    const char *const *redirect_uris; /* NULL at the end, as are the other arrays */
    const char *const *post_logout_redirect_uris;
    const char *grant_types;
    const char *response_types;
    const char *scope;            /* what it may ask for */
    const char *application_type; /* "web" or "native" */
    const char *token_endpoint_auth_method;
    const char *token_endpoint_auth_signing_alg; /* NULL: any that its way has */
    const struct json *jwks;                     /* its public keys, here or */
    const char *jwks_uri;                        /* there; never both */
    const char *id_token_signed_response_alg;
    /* the one name of its certificate, for tls_client_auth (RFC 8705 §2.1.2); the others are NULL */
    const char *tls_client_auth_subject_dn, *tls_client_auth_san_dns, *tls_client_auth_san_uri,
        *tls_client_auth_san_ip, *tls_client_auth_san_email;
    bool tls_client_certificate_bound_access_tokens; /* RFC 8705 §3.4 */
    bool dpop_bound_access_tokens;                   /* RFC 9449 §5.2 */
    bool require_pkce;                               /* confidential clients too; public ones always must */
    bool skip_consent;                               /* first-party: its own service's application */
    bool requires_permission;                        /* no tokens of a user without an approved permission */
    int64_t default_max_age;                         /* -1: none */
    struct client_secret secrets[CLIENT_MAX_SECRETS];
    size_t secret_count;
    bool enhanced_security;        /* no shared secrets, bound tokens of short life, a lock after failures */
    const char *allowed_addresses; /* it may come from these alone; "": from everywhere */
    bool locked;                   /* it has failed to prove who it is too often */
    int64_t failures_since;        /* those before don't count any more */
    struct client_use *use;
    const struct workspace_settings *workspace; /* of which it is the client; NULL: of none */
};

/* Where a service's workspace is found. */
struct workspace_place {
    const char *host; /* NULL: none of its own */
    const char *client_id;
};

bool client_is_public(const struct client *client);
bool client_secret_is_alive(const struct context *context, const struct client_secret *secret);
/* By its registration; never refresh_token under enhanced security. */
bool client_may_use_grant(const struct client *client, const char *grant_type);

/* One per process; NULL arena of its own inside. */
struct directory *directory_make(void);
void directory_free(struct directory *directory);

/* At the start of a request: drops everything when the version has moved, and once a second asks the
 * database whether it has (one statement for the whole machine). UNAVAILABLE when it must ask and
 * can't. */
enum outcome directory_refresh(struct context *context);

/* By client_id. OUTCOME_OK, INVALID_CLIENT when unknown, or UNAVAILABLE. Disabled clients are found:
 * client->active tells. */
enum outcome directory_client(struct context *context, const char *client_id,
                              const struct client **client_out);

/* By the number that rows carry; NOT_FOUND when it has been removed. */
enum outcome directory_client_by_number(struct context *context, int64_t number,
                                        const struct client **client_out);

/* An API key by its hash, whatever its state: NOT_FOUND or UNAVAILABLE. The caller may note in the state that
 * it has been used. */
struct api_key_state; /* store/api_keys.h */
enum outcome directory_api_key(struct context *context, const unsigned char hash[32],
                               struct api_key_state **state_out);

/* The workspaces of the active services, the oldest first. One statement on first use, then none. */
enum outcome directory_workspaces(struct context *context, const struct workspace_place **places_out,
                                  size_t *count_out);

/* Where the list of providers is kept (providers/provider.c), and the arena that it lives in: both are
 * emptied with all else. The arena is NULL when there's no room. */
struct provider_shelf;
struct provider_shelf **directory_providers(struct directory *directory, struct arena **arena_out);

/* The strictest gate of all active services and the installation: for a sign-in without a flow, whose
 * session is good for each of them. One statement. */
enum outcome directory_strictest_pin_gate(struct context *context, enum pin_gate *gate_out);

/* The words of the configuration and the database ("new_browser"); false for another word. */
bool pin_gate_read(const char *word, enum pin_gate *gate_out);

/* Parses stored metadata JSON into a client (also used to answer registrations). */
bool client_from_metadata(struct arena *arena, const char *metadata, struct client *client_out,
                          const char **error_out);

#endif
