/*
 * linked_accounts.h: a person's accounts at providers, and what services may do with them.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_LINKED_ACCOUNTS_H
#define DOORWARD_DOMAIN_PROVIDERS_LINKED_ACCOUNTS_H

#include "domain/login/session.h"
#include "domain/providers/exchange.h"
#include "domain/providers/service_settings.h"
#include "store/provider_grants.h"

struct linked_accounts {
    struct connection_row *accounts;
    size_t count;
    struct provider_grant_row *grants; /* of all of them, by service */
    size_t grant_count;
};

/* provider NULL: of all. */
enum outcome linked_accounts_find(struct context *context, const unsigned char user_id[16],
                                  const char *provider, struct linked_accounts *accounts_out);

/* A grant that the person gives without being asked. */
struct linked_grant {
    const unsigned char *user_id, *account_id;
    const unsigned char *service_id;
    const struct service_providers *settings; /* of that service */
    const char *scopes;                       /* "": all that it may ask for */
    const char *actor;
};

/* NOT_FOUND for an account of another's, or a service that the person is no member of; FORBIDDEN for scopes
 * that the service may not have; INVALID_REQUEST for those that the account lacks. */
enum outcome linked_account_grant(struct context *context, const struct linked_grant *wanted,
                                  struct provider_grant_row *row_out);

/* Puts tokens into an account that has just been connected, unless those that it has can do more. NOT_FOUND
 * when it isn't the person's. */
enum outcome linked_account_keep_tokens(struct context *context, const unsigned char user_id[16],
                                        const char *provider, const char *subject,
                                        const struct provider_tokens *tokens);

/*
 * Takes accounts off, with all that services may do with them; then the providers are told to forget the
 * tokens. NOT_FOUND; FORBIDDEN when it would be the last way to sign in; REAUTHENTICATION_REQUIRED for one by
 * which the person signs in.
 */
enum outcome linked_account_remove(struct context *context, const struct session *session,
                                   const unsigned char account_id[16]);

#endif
