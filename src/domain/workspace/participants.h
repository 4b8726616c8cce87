/* participants.h: members as their service's workspace knows them. */
#ifndef DOORWARD_DOMAIN_WORKSPACE_PARTICIPANTS_H
#define DOORWARD_DOMAIN_WORKSPACE_PARTICIPANTS_H

#include "domain/oauth/access_token.h"
#include "store/participants.h"

/*
 * The participant of a checked token's user in its service, made by the first call and the same one ever
 * after, also when first calls come at once. Name and address follow the account, as far as the token's scope
 * tells them. INSUFFICIENT_SCOPE for a token without a user, FORBIDDEN for one who is no member (any more),
 * LIMIT_REACHED when the workspace is full.
 */
enum outcome participant_register(struct context *context, const struct access *access,
                                  const struct service *service, struct participant_row *row_out);

#endif
