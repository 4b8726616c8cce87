/*
 * settings.h: how a service uses the workspace API. A service with such settings is a tenant of that API; the
 * client that they name is the one that the server acts as.
 */
#ifndef DOORWARD_DOMAIN_WORKSPACE_SETTINGS_H
#define DOORWARD_DOMAIN_WORKSPACE_SETTINGS_H

#include "domain/context.h"

/* Where a browser comes back to, unless the service says otherwise. */
#define WORKSPACE_LOGIN_PATH "/v1/auth/login"

struct workspace_settings {
    const char *client_id;
    const char *redirect_uri;    /* NULL: the issuer's WORKSPACE_LOGIN_PATH, see workspace_redirect_uri() */
    const char *host;            /* by which calls are known to be for this service; NULL: by none */
    bool password_grant_enabled; /* false unless said */
    bool refresh_rotation;       /* true unless said */
    int64_t participants_max;    /* 0: as many as come */
};

/* Reads settings (JSON). False for what is malformed, with what is wrong in *error_out. */
bool workspace_settings_read(struct arena *arena, const char *text, struct workspace_settings *settings_out,
                             const char **error_out) MUST_CHECK;

/* The one address that the workspace's codes are sent to. */
const char *workspace_redirect_uri(struct context *context, const struct workspace_settings *settings);

/*
 * Whether a service (UUID) may have these settings: that the client is the service's own, may do what is
 * wanted of it and has the redirect URI registered, and that no other service has the host. INVALID_REQUEST
 * else.
 */
enum outcome workspace_settings_check(struct context *context, const unsigned char service_id[16],
                                      const char *text);

#endif
