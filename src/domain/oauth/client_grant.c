/* client_grant.c: client_credentials (RFC 6749 §4.4): a token for the client itself. Nothing is stored. */
#include "domain/oauth/access_token.h"
#include "domain/oauth/scope.h"
#include "domain/oauth/token.h"

enum outcome client_grant(struct context *context, const struct client *client,
                          const struct token_parameters *parameters, struct token_answer *answer_out)
{
    struct access_token_request request = { .client = client, .binding = parameters->binding };
    if (client_is_public(client))
        return refuse(context, OUTCOME_UNAUTHORIZED_CLIENT, "a public client can't act for itself");
    if (parameters->scope) {
        enum outcome outcome =
            scope_check(context, client, SCOPE_FOR_MACHINES, parameters->scope, &request.scope);
        if (outcome != OUTCOME_OK)
            return outcome;
    } else {
        request.scope = scope_machine_default(context, client);
    }
    enum outcome spent = once_spend(context);
    if (spent != OUTCOME_OK)
        return spent;
    answer_out->scope = *request.scope ? request.scope : NULL;
    return access_token_issue(context, &request, &answer_out->access_token, &answer_out->expires_in);
}
