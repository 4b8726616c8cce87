/*
 * provider_token.h: a service's backend asks for a provider's token of one of its members: it gets the token,
 * or what has to be done first, and where.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROVIDER_TOKEN_H
#define DOORWARD_DOMAIN_PROVIDERS_PROVIDER_TOKEN_H

#include "domain/context.h"
#include "domain/providers/service_settings.h"
#include "store/provider_grants.h"

struct provider_token_request {
    const unsigned char *service_id, *user_id;
    const struct service_providers *settings; /* of the service */
    const char *provider;                     /* as provider_name_canonical() has it */
    const char *scopes;                       /* "": all that are allowed */
    const char *redirect_uri;                 /* NULL: the first one that is registered */
    const char *client_state;                 /* NULL: none */
    const char *actor;                        /* as in events */
    bool only_asks;                           /* what there is to do is told, and no request is made */
};

struct provider_token_answer {
    const char *code; /* PROVIDER_LINK_REQUIRED and the like; NULL: here is the token */
    const char *reauth_url, *missing_scopes;
    const char *access_token;
    struct connection_row account; /* with token_expires_at */
    const char *scopes;            /* of the grant */
};

/*
 * The checks of the contract in its order: NOT_FOUND for who is no member; FORBIDDEN for a provider or a
 * scope that the service may not ask for; INVALID_REQUEST for an address that isn't registered. OK for both
 * kinds of answer.
 */
enum outcome provider_token_get(struct context *context, const struct provider_token_request *request,
                                struct provider_token_answer *answer_out);

#endif
