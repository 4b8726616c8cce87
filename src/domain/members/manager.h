/*
 * manager.h: members of a service who manage it: by an application of that service, with their access token.
 * Which of a member's roles does, an administrator decides (doorward(8), user set-role).
 */
#ifndef DOORWARD_DOMAIN_MEMBERS_MANAGER_H
#define DOORWARD_DOMAIN_MEMBERS_MANAGER_H

#include "domain/oauth/access_token.h"
#include "store/services.h"

/*
 * The service that a checked token may manage: organization and service are words of a path, each its slug or
 * id, for a service is its own organization. FORBIDDEN for a token without a user, or of a member who isn't
 * owner or admin; INSUFFICIENT_SCOPE without manage_service; NOT_FOUND for a service of which the token's
 * user is no member or the token's client is none, as for one that isn't there.
 */
enum outcome manager_find_service(struct context *context, const struct access *access,
                                  const char *organization, const char *service, struct service_row *row_out);

/* "owner" and "admin" manage, "user" doesn't: from the next request on. INVALID_REQUEST for another word,
 * NOT_FOUND for who is no member. */
enum outcome manager_set_role(struct context *context, const unsigned char service_id[16],
                              const unsigned char user_id[16], const char *role);

#endif
