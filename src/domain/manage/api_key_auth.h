/*
 * api_key_auth.h: who calls the service API: one service, by one of its keys.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_API_KEY_AUTH_H
#define DOORWARD_DOMAIN_MANAGE_API_KEY_AUTH_H

#include "domain/context.h"

struct api_key {
    unsigned char id[16], service_id[16];
    const char *id_text, *service_id_text; /* UUIDs */
    const char *service_name;
    const char *service_providers;  /* JSON of providers/service_settings.h; NULL */
    const char *name, *permissions; /* permissions: space separated */
    bool test;                      /* sk_test_ */
};

/* Whether the key holds a permission; "read:provider_tokens" holds it for every provider. Of one that ends in
 * ":*" it is enough to hold it for some: which, the handler looks at. */
bool api_key_holds(const struct api_key *key, const char *permission);

/*
 * Finds the key of a header (NULL: none). UNAUTHENTICATED without one, for a malformed, unknown, revoked or
 * expired one; FORBIDDEN from an address that it isn't for and, naming it, when it lacks the permission
 * (NULL: none is needed); NOT_ACTIVE when its service is switched off; UNAVAILABLE. The key is cached, so
 * that whoever changes or ends one does so by change_recorded(). Notes its use at most once a minute.
 */
enum outcome api_key_authenticate(struct context *context, const char *header, const char *permission,
                                  const struct api_key **key_out);

#endif
